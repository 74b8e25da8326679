"""What is told of a run: its command without secrets, and who started it."""

from __future__ import annotations

import os
import time

import pytest

from hot_deploy import peeking, run_facts

NOTHING: dict[bytes, bytes] = {}


def shown(*words: str, **environment: str) -> str:
    held = {name.encode(): value.encode() for name, value in environment.items()}
    return run_facts.shown_command([word.encode() for word in words], held)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run.py", "--api-key", "abc", "x.pdf"], "run.py --api-key *** x.pdf"),
        (["run.py", "--token=abc", "x"], "run.py --token=*** x"),
        (["run.py", "--token=", "x"], "run.py --token= x"),
        (["run.py", "--token"], "run.py --token"),
        (["run.py", "--token", "-x-y"], "run.py --token ***"),
        (["env", "DB_PASSWORD=a", "python3"], "env DB_PASSWORD=*** python3"),
        (["run.py", "--auth", "a=b"], "run.py --auth ***"),
        (["/app/keys/run.py", "extract"], "/app/keys/run.py extract"),
        (["run.py", "postgres://me:abcd@db/x"], "run.py postgres://me:***@db/x"),
        (["run.py", "https://h/x?token=abcd&page=2"], "run.py https://h/x?token=***&page=2"),
        (["python3", "-c", "login(password='abcdef')"], "python3 -c login(password=***"),
        (["run.py", "--input", "x.pdf"], "run.py --input x.pdf"),
        ([], ""),
    ],
)
def test_what_stands_where_secrets_stand_is_masked(words: list[str], expected: str) -> None:
    assert shown(*words) == expected


def test_what_its_environment_holds_as_secrets_is_masked_wherever_it_stands() -> None:
    assert shown("run.py", "-x=hunter2", "a-hunter2-b", API_KEY="hunter2") == "run.py -x=*** a-***-b"


def test_a_long_one_is_cut_and_no_half_of_a_secret_is_left() -> None:
    long = shown("run.py", "x" * 5000)
    assert len(long) == run_facts.LONGEST_SHOWN
    assert long.endswith("…")
    secret = "hunter2" * 20
    for length in range(run_facts.LONGEST_LOOKED_AT - 200, run_facts.LONGEST_LOOKED_AT + 5, 7):
        words = ["run.py", "/" * (length - 7), secret]
        assert "hunter2" not in shown(*words, API_KEY=secret)
    assert "hunter2" not in shown("x" * (run_facts.LONGEST_SHOWN - 20), secret, API_KEY=secret)


def test_what_is_no_text_is_shown_as_far_as_it_is() -> None:
    assert run_facts.shown_command([b"run.py", b"\xff\xfe", "ä".encode()], NOTHING) == "run.py �� ä"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b'{"workflow":"W","execution":"7","agent":true,"more":1}', {"workflow": "W", "execution": "7", "agent": True}),
        (b'{"workflow":7,"agent":"yes","execution":["7"]}', {}),
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b'{"workflow":"%s"}' % (b"x" * run_facts.LONGEST_STARTED_BY), None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_who_started_it_is_told_as_far_as_it_has_our_form(written: bytes, expected: object) -> None:
    assert run_facts.started_by({run_facts.STARTED_BY: written}) == expected


def test_ages_are_those_of_the_clock() -> None:
    stat = peeking.Process(os.getpid()).stat()
    assert stat is not None
    moment = run_facts.Moment()
    age = moment.age_of(stat.started)
    assert 0 <= age < 3600
    assert moment.age_of(stat.started + 10**9) == 0
    assert run_facts._iso(moment.wall).startswith(time.strftime("%Y-%m-%dT%H:", time.gmtime(moment.wall)))
