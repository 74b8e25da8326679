"""The layout's number: what a newer package has deployed is left alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import files, numbering
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout


@pytest.mark.parametrize("content", [b"1\n", b"1", b"0\n", b"", b"\0\0"])
def test_what_this_version_can_have_written_is_its_own(layout: Layout, content: bytes) -> None:
    Path(layout.number).write_bytes(content)
    numbering.refuse_newer(layout)


def test_an_engine_of_the_first_version_has_none(layout: Layout) -> None:
    numbering.refuse_newer(layout)
    numbering.refuse_newer(Layout(layout.base + "/nowhere"))
    numbering.write(layout)
    assert Path(layout.number).read_bytes() == b"1\n"


@pytest.mark.parametrize("content", [b"2\n", b"2", b"10\n", b"999999999"])
def test_a_newer_one_is_refused(layout: Layout, content: bytes) -> None:
    Path(layout.number).write_bytes(content)
    numbering.write(layout)
    with pytest.raises(StepFailed) as refused:
        numbering.refuse_newer(layout)
    assert refused.value.as_json() == {
        "kind": "layoutNewer",
        "facts": {"found": int(content), "known": 1, "basePath": layout.given},
    }
    assert Path(layout.number).read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"two", b"-1", b"1.5", b" 1", b"1\n1\n", b"\n", b"1" * 10, b"1" * 100_000, b"\xff"]
)
def test_what_is_no_number_may_be_a_newer_way_to_write_one(layout: Layout, content: bytes) -> None:
    Path(layout.number).write_bytes(content)
    with pytest.raises(StepFailed, match="layoutUnreadable"):
        numbering.refuse_newer(layout)


def test_something_else_in_its_place_is_refused(layout: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"1\n")
    os.symlink(elsewhere, layout.number)
    with pytest.raises(StepFailed, match="linkInPlace"):
        numbering.refuse_newer(layout)
    os.unlink(layout.number)
    os.mkfifo(layout.number)
    numbering.refuse_newer(layout)
    os.unlink(layout.number)
    os.mkdir(layout.number)
    with pytest.raises(StepFailed, match="layoutUnreadable"):
        numbering.refuse_newer(layout)


def test_a_full_disk_keeps_nobody_from_the_engine(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(number: int) -> Any:
        def write(*_arguments: Any, **_options: Any) -> None:
            raise OSError(number, os.strerror(number))

        return write

    monkeypatch.setattr(files, "write_atomically", fails(28))
    numbering.write(layout)
    monkeypatch.setattr(files, "write_atomically", fails(5))
    with pytest.raises(OSError, match="Input/output"):
        numbering.write(layout)


def test_what_may_not_be_read_is_said(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_arguments: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError):
        numbering.refuse_newer(layout)
