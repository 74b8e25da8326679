"""The parts of a run's supervisor: what is kept of an output, who waits, and the engine's slots."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import kept_output, slots, verbs_running
from hot_deploy.caller import CANCEL, Caller
from hot_deploy.kept_output import Kept

# -- what is kept ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [(10, 20), kept_output.STDERR], ids=["small", "errors"])
def test_the_beginning_and_the_end_are_kept_and_no_more_is_held(most: tuple[int, int]) -> None:
    kept = Kept(most, [])
    first, last = most
    written = bytearray()
    for number in range(3 * sum(most) // 7 + 10):
        piece = b"%07d" % number
        written += piece
        assert kept.add(piece) == piece
        assert len(kept._tail) <= 2 * last + 7
    content, head, left = kept.content()
    assert content == bytes(written[:first] + written[-last:])
    assert (head, left) == (first, len(written) - first - last)


def test_what_is_short_is_kept_whole() -> None:
    kept = Kept((4, 4), [])
    kept.add(b"123456")
    assert kept.content() == (b"123456", 4, 0)


def test_what_is_kept_of_errors_comes_with_the_result() -> None:
    """Nobody asks for more of them."""
    assert sum(kept_output.STDERR) <= verbs_running.SHORT_BYTES


def test_a_secret_that_comes_in_two_pieces_is_in_neither() -> None:
    kept = Kept((100, 100), ["s3cret-word"])
    shown = kept.add(b"a s3cr") + kept.add(b"et-word b") + kept.end()
    assert b"s3cr" not in shown
    assert kept.content()[0] == shown


# -- who waits ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_one_that_does_not_read_keeps_nobody_waiting_and_gets_whole_frames(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    caller = Caller(writing, keyed=False)
    started = time.monotonic()
    for _ in range(100):
        caller.show(b"o", b"x" * 20000)
    assert time.monotonic() - started < 1
    pieces = os.read(reading, 1 << 20)
    caller.show(b"o", b"y" * 10)
    pid = os.fork()
    if pid == 0:
        caller.tell_all([(b"d", b"z" * 200000), (b"r", b"{}")])
        os._exit(0)
    os.close(writing)
    while True:
        piece = os.read(reading, 1 << 20)
        if not piece:
            break
        pieces += piece
    os.waitpid(pid, 0)
    kinds = []
    while pieces:
        end = 5 + int.from_bytes(pieces[1:5], "big")
        assert len(pieces) >= end
        kinds.append((pieces[:1], len(set(pieces[5:end]))))
        pieces = pieces[end:]
    assert kinds[-2:] == [(b"d", 1), (b"r", 2)]
    assert all(kind == (b"o", 1) for kind in kinds[:-2])


def test_one_that_is_gone_keeps_nobody_waiting(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    caller = Caller(writing, keyed=False)
    os.close(reading)
    caller.show(b"o", b"x")
    caller.tell_all([(b"r", b"x" * 1000000)])


@pytest.mark.parametrize(
    ("keyed", "said", "why"),
    [(False, CANCEL, "cancelled"), (True, CANCEL, "cancelled"), (False, b"", "left"), (True, b"", None)],
)
def test_a_run_with_a_key_goes_on_when_nobody_waits_and_none_when_it_is_cancelled(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch, keyed: bool, said: bytes, why: str | None
) -> None:
    reading, writing = pipe
    monkeypatch.setattr("hot_deploy.caller.INPUT", reading)
    caller = Caller(os.dup(writing), keyed)
    os.write(writing, said)
    if not said:
        os.close(writing)
        os.close(caller._out)
    assert caller.hear() == why
    assert caller.input() == ([reading] if said else [])


# -- slots ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def limit(tmp_path: Path) -> dict[str, Any]:
    return {"directory": str(tmp_path), "count": 2}


def never() -> bool:
    raise AssertionError("nobody has to wait")


def test_a_slot_is_free_when_whoever_had_it_is_gone(limit: dict[str, Any]) -> None:
    first, second = slots.take(limit, never), slots.take(limit, never)
    assert first is not None
    assert second is not None
    asked = iter([True, True, False])
    assert slots.take(limit, lambda: next(asked)) is None
    os.close(first)
    third = slots.take(limit, never)
    assert third is not None
    os.close(second)
    os.close(third)


def test_whoever_waits_no_more_leaves_the_queue(limit: dict[str, Any], tmp_path: Path) -> None:
    taken = [slots.take(limit, never) for _ in range(2)]
    before = len(os.listdir("/proc/self/fd"))
    assert slots.take(limit, lambda: False) is None
    assert len(os.listdir("/proc/self/fd")) == before
    queue = os.open(tmp_path / "queue", os.O_RDWR)
    fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Behind the first, who is there.
    os.utime(queue)
    assert slots.take(limit, lambda: False) is None
    for fd in [*taken, queue]:
        assert fd is not None
        os.close(fd)


def test_one_that_was_stopped_first_in_the_queue_does_not_keep_the_others(
    limit: dict[str, Any], tmp_path: Path
) -> None:
    queue = os.open(tmp_path / "queue", os.O_RDWR | os.O_CREAT)
    fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.utime(queue, (time.time() - 60, time.time() - 60))
    fd = slots.take(limit, never)
    assert fd is not None
    os.close(fd)


def test_links_and_pipes_in_the_place_of_slots_are_not_followed(limit: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "slot-0").symlink_to("elsewhere")
    with pytest.raises(OSError):
        slots.take(limit, never)
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError):
        slots.take({"directory": str(tmp_path / "link"), "count": 1}, never)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_slots_that_root_made_belong_to_whose_the_directory_is(limit: dict[str, Any], tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    fd = slots.take(limit, never)
    assert fd is not None
    os.close(fd)
    assert {path.stat().st_uid for path in tmp_path.iterdir()} == {65534}
