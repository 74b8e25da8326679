"""Answers that are too long for one message, and those that are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hot_deploy import parts
from hot_deploy.contract import LONGEST_MESSAGE, PART_BYTES, PARTS


def told(verb: str, result: Any) -> list[dict[str, Any]]:
    """The messages of an answer."""
    payloads = list(parts.messages(verb, {"id": 7, "ok": True, "ms": 1.5, "result": result}))
    assert all(len(payload) <= LONGEST_MESSAGE for payload in payloads)
    return [json.loads(payload.decode("utf-8")) for payload in payloads]


def gathered(messages: list[dict[str, Any]], place: str) -> list[Any]:
    found = [row for message in messages[:-1] if message["at"] == place for row in message["rows"]]
    assert all(message["event"] == "part" and message["id"] == 7 for message in messages[:-1])
    return found


def test_what_is_short_comes_at_once() -> None:
    result = {"entries": [["a", "file", 292, 1, "00", None, 0]]}
    assert told("entries", result) == [{"id": 7, "ok": True, "ms": 1.5, "result": result}]


@pytest.mark.parametrize(("count", "least"), [(499, 1), (501, 2), (20_000, 10)])
def test_a_long_list_comes_in_parts_before_an_answer_without_it(count: int, least: int) -> None:
    rows = [["src/module_%d.py" % index, "file", 292, index, "0" * 64, None, 0] for index in range(count)]
    result = {"entries": rows}
    messages = told("entries", result)
    assert len(messages) >= least
    assert gathered(messages, "entries") + messages[-1]["result"]["entries"] == rows
    assert result["entries"] is rows and len(rows) == count


def test_what_lies_deeper_comes_in_parts_too_and_what_the_verb_gave_is_left_as_it_was() -> None:
    paths = ["%d/%s" % (index, "x" * 4000) for index in range(400)]
    drift = {"modified": paths, "missing": []}
    live = {"drift": drift, "extra": paths, "kept": ["k"], "record": None}
    result = {"names": [], "live": live}
    messages = told("probe", result)
    assert gathered(messages, "live.drift.modified") == paths
    assert gathered(messages, "live.extra") == paths
    assert gathered(messages, "live.kept") == ["k"]
    assert messages[-1]["result"]["live"] == {
        "drift": {"modified": [], "missing": []},
        "extra": [],
        "kept": [],
        "record": None,
    }
    assert live["extra"] is paths and drift["modified"] is paths


def test_a_long_text_comes_in_pieces_under_its_name() -> None:
    texts = {"a.txt": "é\u0001" * 300_000, "b.txt": None, "c.txt": "", "d.txt": "\U0001f600" * 20_000}
    messages = told("texts", {"texts": texts})
    assert messages[-1]["result"] == {"texts": {}}
    found: dict[str, Any] = {}
    for name, piece in gathered(messages, "texts"):
        found[name] = found[name] + piece if found.get(name) else piece
    assert found == texts


def test_a_part_is_far_shorter_than_a_message_unless_it_is_one_row() -> None:
    long = ["x" * 300_000]
    rows = [{"release": "%d" % index, "names": long if index == 3 else []} for index in range(2000)]
    payloads = list(parts.messages("list", {"id": 7, "ok": True, "result": {"releases": rows}}))
    longer = [payload for payload in payloads if len(payload) > PART_BYTES]
    assert [len(json.loads(payload.decode("utf-8"))["rows"]) for payload in longer] == [1]


@pytest.mark.parametrize(
    ("verb", "result"),
    [
        ("list", {"releases": [{"names": ["x" * 2_000_000]}]}),
        ("run", {"output": "x" * 2_000_000}),
        ("probe", {"live": {"record": {"entrypoint": "x" * 2_000_000}}}),
    ],
)
def test_a_record_that_is_too_long_by_itself_is_refused_by_name(verb: str, result: Any) -> None:
    last = told(verb, result)[-1]
    assert (last["id"], last["ok"], last["failure"]["kind"]) == (7, False, "answerTooLong")
    assert last["failure"]["facts"]["bytes"] > last["failure"]["facts"]["most"] == LONGEST_MESSAGE


def test_a_refusal_has_no_parts() -> None:
    message = {"id": 7, "ok": False, "failure": {"kind": "x", "facts": {}}}
    assert [json.loads(payload.decode("utf-8")) for payload in parts.messages("list", message)] == [message]
    assert all(PARTS.values())
