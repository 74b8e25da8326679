"""What a run is started with: tokens, names, and what is said when it can't be."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from hot_deploy import run_process, run_starting

TOKENS = {"inputFile": "/in/a b.pdf", "outputDirectory": "/out", "release": "R"}


@pytest.mark.parametrize(
    ("word", "arrives"),
    [
        ("{inputFile}", "/in/a b.pdf"),
        ("{outputDirectory}/x.json", "/out/x.json"),
        ("--out={outputDirectory}", "--out=/out"),
        ("--out={outputDirectory}/{release}", "--out=/out/{release}"),
        ("{release}", "R"),
        ("{release", "{release"),
        ("release}", "release}"),
        ("{}", "{}"),
        ("{other}", "{other}"),
        ("{release}x", "{release}x"),
        ("x{release}", "x{release}"),
        ("a={release}", "a={release}"),
        ("{{release}}", "{{release}}"),
        ('{"release": 1}', '{"release": 1}'),
        ("--={release}", "--=R"),
        ("--set=name={release}", "--set=name=R"),
        ("", ""),
        ("--", "--"),
    ],
)
def test_a_token_is_a_whole_word_or_begins_a_path_or_a_value(word: str, arrives: str) -> None:
    assert run_starting._with_token(word, TOKENS) == arrives


def become(settings: dict[str, Any], texts: dict[str, Any]) -> list[dict[str, Any]]:
    """What a process tells that can't become what it is asked to."""
    reading, writing = os.pipe()

    def tell(facts: dict[str, Any]) -> None:
        os.write(writing, json.dumps(facts).encode() + b"\n")

    pid = os.fork()
    if pid == 0:
        try:
            run_starting.become(settings, texts, tell)
        finally:
            os._exit(99)
    os.close(writing)
    with os.fdopen(reading, "rb") as handle:
        said = handle.read()
    assert os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == run_starting.FAILED
    return [json.loads(line) for line in said.splitlines()]


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "base": "/tmp",
        "directory": "/tmp",
        "start": ["program", "/nowhere/program"],
        "words": [],
        "runner": [],
        "release": None,
        "live": False,
        "environment": {},
        "tokens": {},
        "user": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, "notStartable"),
        ({"directory": "/nowhere"}, "workingDirectory"),
        ({"start": ["script", "missing.py"]}, "programMissing"),
        ({"words": ["\0"]}, "unusable"),
        ({"words": ["\ud800"]}, "unusable"),
        ({"environment": {"A=B": "x"}}, "unusable"),
        ({"environment": {"A": "\0"}}, "unusable"),
    ],
)
def test_what_cannot_be_started_says_why(changes: dict[str, Any], failed: str) -> None:
    told = become(settings(**changes), {"undo_ignored_signals": lambda: None})
    assert told[-1]["failed"] == failed


def test_what_the_system_says_is_told_whatever_it_is_about() -> None:
    assert run_starting.of_system(FileNotFoundError(2, "no such", b"/a\xff")) == {
        "failed": "system",
        "said": "no such",
        "path": "/a\udcff",
    }
    assert run_starting.of_system(OSError(5, "input/output error", 7))["path"] == ""


def test_a_defect_of_ours_is_not_taken_for_an_exit_code_of_the_engine() -> None:
    pid, pipes = run_process.start(settings(start=["program", "true"]), {}, os.open(os.devnull, os.O_RDONLY))
    os.waitpid(pid, 0)
    told = [json.loads(line) for line in os.read(pipes["told"], 65536).splitlines()]
    for fd in pipes.values():
        os.close(fd)
    assert told[-1] == {"failed": "defect", "said": "KeyError: 'undo_ignored_signals'"}
