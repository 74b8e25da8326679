"""The wheels that pip skips, whatever it prints."""

from __future__ import annotations

import time

import pytest

from hot_deploy.skipped_wheels import SkippedWheels

MARK = "  Skipping link: none of the wheel's tags (cp39) are compatible: "
NOT_FOUND = "ERROR: No matching distribution found for ocr==2.0"


def cost(text: str) -> float:
    """The least processor time of some readings, in seconds."""
    least = 1e9
    for _ in range(9):
        start = time.process_time()
        SkippedWheels(text + NOT_FOUND).feed((text + "\n").encode("utf-8"))
        least = min(least, time.process_time() - start)
    return least


def test_a_wheel_is_named_by_the_last_part_of_its_address() -> None:
    seen = SkippedWheels(NOT_FOUND)
    seen.feed((MARK + "https://x.example/p/ocr-2.0-cp39-none-any.whl#sha256=0 (from y)\n").encode())
    assert seen.wheels == ["ocr-2.0-cp39-none-any.whl"]


@pytest.mark.parametrize("unit", ["a", " ", "/", ".whl", "a.whl", MARK, "No matching distribution found for a["])
def test_twice_the_output_takes_at_most_three_times_as_long(unit: str) -> None:
    short, long = ((MARK + unit * length)[:length] for length in (1 << 15, 1 << 16))
    assert cost(long) <= 3 * max(cost(short), 0.005)
