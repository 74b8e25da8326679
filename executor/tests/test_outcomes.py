"""What is kept of a run with a key, and what of it is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import kept_outcomes, outcomes

FACTS: dict[str, Any] = {
    "release": "20261123-171501-3f2a9c1",
    "pinning": "place",
    "exitCode": 0,
    "signal": None,
    "why": None,
    "durationMs": 1,
    "waitedMs": 0,
    "cpuMs": 1,
    "peakMemoryBytes": 1000,
    "left": 0,
}


def kept_in(directory: Path, **changes: Any) -> Any:
    outcomes.write(str(directory), {**FACTS, **changes}, {"stdout": (b"out", 3, 0), "stderr": (b"", 0, 0)})
    return kept_outcomes.read(str(directory))


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    facts, printed = kept_in(tmp_path)
    assert printed == {"stdout": b"out", "stderr": b""}
    assert {name: facts[name] for name in FACTS} == FACTS
    assert facts["stdout"] == {"bytes": 3, "head": 3, "left": 0}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert kept_in(tmp_path, failed={"failed": "system", "said": "no", "path": None, "pinning": None}) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"exitCode": "0"},
        {"exitCode": True},
        {"durationMs": -1},
        {"durationMs": None},
        {"release": "../../etc"},
        {"signal": "\n"},
        {"why": "because"},
        {"why": ["timeout"]},
        {"pinning": {}},
        {"left": 1 << 60},
        {"failed": "system"},
        {"failed": {"failed": "a b"}},
        {"failed": {"failed": "system", "said": ["x"]}},
        {"failed": {"failed": "system", "said": "x" * 5000}},
    ],
)
def test_an_outcome_of_another_shape_is_none(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert kept_in(tmp_path, **changes) is None


def made(path: Path, what: str) -> None:
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to("/etc/passwd")
    elif what == "directory":
        path.mkdir()
    elif what == "long":
        with path.open("wb") as handle:
            handle.truncate(10 << 30)
    elif what == "other length":
        path.write_bytes(b"other")
    elif what == "deep":
        path.write_bytes(b"[" * 100000)
    elif what == "list":
        path.write_text(json.dumps([1, 2]))


@pytest.mark.parametrize("what", ["pipe", "link", "directory", "long", "other length", "deep", "list", "missing"])
@pytest.mark.parametrize("name", ["outcome.json", "stdout", "stderr"])
def test_what_somebody_forged_is_no_outcome_and_keeps_nobody_waiting(tmp_path: Path, name: str, what: str) -> None:
    assert kept_in(tmp_path) is not None
    made(tmp_path / name, what)
    assert kept_outcomes.read(str(tmp_path)) is None


@pytest.mark.parametrize("what", ["pipe", "link", "directory", "long", "other length", "deep", "list"])
def test_a_start_that_cannot_be_read_is_one_nevertheless(tmp_path: Path, what: str) -> None:
    assert kept_outcomes.read_started(str(tmp_path)) is None
    (tmp_path / "started.json").write_text("{}")
    made(tmp_path / "started.json", what)
    assert kept_outcomes.read_started(str(tmp_path)) == {}
