"""What changed, from histories as operations, crashes and strangers leave them."""

from __future__ import annotations

import hashlib
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import changes, history, lines
from hot_deploy.changes import found_in
from hot_deploy.layout import Layout

Json = dict[str, Any]

NAMES = ["20261123-17150%d-aaaaaa%d" % (number, number) for number in range(5)]
BY = {"workflow": "nightly", "execution": "7", "operation": "deploy", "agent": True}
FOREIGN = [b"", b"null", b"7", b'{"event":"flip","to":"/etc"}', b"\0" * 40, b'{"event":"note"}', b'{"at":"t","eve']


class Story:
    """Random operations, crashes among them, and the changes that somebody who watched them would list."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.lines: list[bytes] = []
        self.expected: list[Json] = []
        self.current: str | None = None
        self.undecided: tuple[Json, Json] | None = None

    def _write(self, event: str, **fields: Any) -> tuple[bytes, Json]:
        entry: Json = {"at": "t%d" % len(self.lines), "event": event, **fields}
        line = json.dumps(entry).encode()
        self.lines.append(line)
        if self._chance.random() < 0.1:
            self.lines.append(self._chance.choice(FOREIGN))
        return line, entry

    def _tell(self, line: bytes, entry: Json, end: str, ended: Json | None) -> Json:
        told = {
            "eventId": hashlib.sha256(line).hexdigest()[:16],
            "at": entry["at"],
            "endedAt": ended["at"] if ended else None,
            "operation": entry.get("operation"),
            "from": entry.get("from"),
            "to": entry.get("to"),
            "end": end,
            "reason": (ended or {}).get("reason"),
            "by": entry.get("by"),
        }
        self.expected.append(told)
        return told

    def go_on(self) -> None:
        """One operation, whole or interrupted; the next one decides first on what was interrupted."""
        chance = self._chance
        by = chance.choice([{}, {"by": BY}])
        if self.undecided is not None:
            self._decide(*self.undecided)
        elif chance.random() < 0.2:
            event = chance.choice(["refused", "discarded"])
            line, entry = self._write(event, to=chance.choice([None, *NAMES]), reason="why", **by)
            self._tell(line, entry, event, entry)
        elif chance.random() < 0.2:
            self._serve()
        elif chance.random() < 0.1 and self.current is not None:
            line, entry = self._write("detached", **{"from": self.current, **by})
            self._tell(line, entry, "detached", entry)
            self.current = None
        else:
            self._switch(by)

    def _serve(self) -> None:
        """A service goes back by itself."""
        line, entry = self._write("serviceReverted", **{"from": self.current, "to": None, "reason": "5 crashes"})
        self._tell(line, entry, "serviceReverted", entry)

    def _switch(self, by: Json) -> None:
        chance = self._chance
        to = chance.choice([name for name in NAMES if name != self.current])
        line, entry = self._write("flip", **{"from": self.current, "to": to, "operation": "deploy", **by})
        told = self._tell(line, entry, "unconfirmed", None)
        if chance.random() < 0.3:
            # Cut off before the rename: nothing happened, and the client, the conversation's end or nobody says so.
            told["end"] = "discarded"
            if chance.random() < 0.3:
                self._serve()
            event = chance.choice(["refused", "discarded", None])
            if event:
                ended = self._write(event, to=to, reason="no room")[1]
                told.update(end=event, endedAt=ended["at"], reason="no room")
            else:
                self._write("pruned")
                # So that nothing that comes next can be about it.
                self._switch_back_and_forth()
            return
        self.current = to
        self.undecided = (entry, told)
        if chance.random() < 0.7:
            self._decide(entry, told)

    def _switch_back_and_forth(self) -> None:
        to = self._chance.choice([name for name in NAMES if name != self.current])
        line, entry = self._write("flip", **{"from": self.current, "to": to, "operation": "rollback"})
        self._decide(entry, self._tell(line, entry, "unconfirmed", None))

    def _decide(self, flip: Json, told: Json) -> None:
        self.undecided = None
        if self._chance.random() < 0.6:
            self.current = flip["to"]
            ended = self._write("confirmed", to=flip["to"])[1]
            told.update(end="kept", endedAt=ended["at"])
        else:
            self.current = flip["from"]
            ended = self._write("reverted", **{"from": flip["to"], "to": flip["from"], "reason": "a check"})[1]
            told.update(end="takenBack", endedAt=ended["at"], reason="a check")


def test_each_change_is_told_once_the_newest_first(chance: random.Random) -> None:
    for _ in range(300):
        story = Story(chance)
        for _ in range(chance.randrange(1, 25)):
            story.go_on()
            limit = chance.randrange(1, 30)
            told = found_in(reversed(story.lines), story.current, limit)
            assert told == list(reversed(story.expected))[:limit]


def told_of(*entries: Json, current: str | None = None) -> list[tuple[str, str | None]]:
    written = [json.dumps({"at": "t", **entry}).encode() for entry in entries]
    return [(change["end"], change["to"]) for change in found_in(reversed(written), current, 10)]


def test_an_end_before_the_switch_is_told_of_the_release_that_it_names() -> None:
    first, second = NAMES[:2]
    flip = {"event": "flip", "from": None, "to": first}
    assert told_of(flip, {"event": "refused", "to": first}) == [("refused", first)]
    assert told_of(flip, {"event": "refused", "to": second}) == [("refused", second), ("discarded", first)]
    assert told_of(flip, {"event": "detached", "from": first}) == [("detached", None), ("discarded", first)]
    # What is decided on later was carried out.
    decided = told_of(flip, {"event": "refused", "to": first}, {"event": "confirmed", "to": first}, current=first)
    assert decided == [("refused", first), ("kept", first)]


def test_an_adoption_ends_as_the_switch_that_it_began_with() -> None:
    first, second = NAMES[:2]
    adopt = {"event": "flip", "operation": "adopt", "from": None, "to": first}
    deploy = {"event": "flip", "operation": "deploy", "from": first, "to": second}
    kept = told_of(adopt, deploy, {"event": "confirmed", "to": second, "adopted": first}, current=second)
    assert kept == [("kept", second), ("kept", first)]
    back: list[Json] = [
        {"event": "reverted", "from": second, "to": first},
        {"event": "reverted", "from": first, "to": None},
    ]
    assert told_of(adopt, deploy, *back) == [("takenBack", second), ("takenBack", first)]
    # Of a 0.1.0 that confirmed each for itself.
    each = told_of(adopt, {"event": "confirmed", "to": first}, deploy, {"event": "confirmed", "to": second})
    assert each == [("kept", second), ("kept", first)]


def test_what_is_told_of_a_line_stays_whatever_comes_after_it(chance: random.Random) -> None:
    story = Story(chance)
    known: dict[str, Json] = {}
    for _ in range(100):
        story.go_on()
        for change in found_in(reversed(story.lines), story.current, 1000):
            before = known.setdefault(change["eventId"], change)
            same = ("at", "operation", "from", "to", "by")
            assert [change[name] for name in same] == [before[name] for name in same]
    assert len(known) == len(story.expected)


def test_lines_of_the_first_version_say_nobody_asked(layout: Layout) -> None:
    history.append(layout, "refused", to=None, operation="deploy", reason="no")
    layout.asked_by = history.asked_by({**BY, "since": "t", "processId": 7, "user": None})
    history.append(layout, "refused", to=None, operation="deploy", reason="no")
    history.append(layout, "confirmed", to=NAMES[0])
    assert [change["by"] for change in changes.changes(layout, 10)] == [BY, None]
    assert "by" not in history.read(layout)[-1]


@pytest.mark.parametrize("by", [7, "x", [], None, {"workflow": 7, "agent": "yes", "since": "t"}])
def test_who_asked_may_be_forged(by: object) -> None:
    line = json.dumps({"at": "t", "event": "refused", "to": None, "operation": [1], "reason": {}, "by": by}).encode()
    [change] = found_in([line], None, 10)
    assert change["by"] in (None, {})
    assert (change["operation"], change["reason"]) == (None, None)


def test_reading_backwards_gives_what_reading_does(layout: Layout, chance: random.Random, monkeypatch: Any) -> None:
    path = Path(layout.history)
    for _ in range(300):
        monkeypatch.setattr(lines, "PIECE", chance.randrange(1, 12))
        path.write_bytes(bytes(chance.choice(b"ab\n") for _ in range(chance.randrange(0, 40))))
        content = path.read_bytes()
        backwards = list(lines.read_backwards(str(path)))
        whole = content.split(b"\n") if content else []
        assert backwards == list(reversed(whole))


def test_a_line_that_is_far_too_long_is_skipped(layout: Layout, chance: random.Random, monkeypatch: Any) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 20)
    for _ in range(200):
        monkeypatch.setattr(lines, "PIECE", chance.randrange(1, 20))
        written = [bytes([97 + number]) * chance.randrange(1, 40) for number in range(6)]
        Path(layout.history).write_bytes(b"\n".join(written))
        assert list(lines.read_backwards(layout.history)) == [line for line in reversed(written) if len(line) <= 20]


def test_there_is_no_history_yet(layout: Layout) -> None:
    assert changes.changes(layout, 10) == []


def test_a_long_history_is_read_no_further_than_is_asked_for(layout: Layout) -> None:
    flip = json.dumps({"at": "t", "event": "flip", "operation": "deploy", "from": NAMES[0], "to": NAMES[1], "by": BY})
    confirmed = json.dumps({"at": "t", "event": "confirmed", "to": NAMES[1]})
    Path(layout.history).write_text(("%s\n%s\n" % (flip, confirmed)) * 50_000)
    started = time.process_time()
    assert len(changes.changes(layout, 1000)) == 1000
    assert time.process_time() - started < 0.5


def test_a_long_history_of_something_else_is_gone_through_in_well_under_a_second(layout: Layout) -> None:
    note = json.dumps({"at": "2026-11-23T17:15:01.250Z", "event": "note", "to": NAMES[0], "sequence": 7})
    Path(layout.history).write_text((note + "\n") * 100_000)
    started = time.process_time()
    assert changes.changes(layout, 1) == []
    assert time.process_time() - started < 1


def test_a_line_that_is_longer_than_any_of_ours_is_skipped(layout: Layout) -> None:
    with open(layout.history, "wb") as handle:
        handle.write(b"one\n" + b"x" * 100 + b"\ntwo\n" + b"y" * 20 + b"\n" + b"z" * 50)
    assert list(lines.read(layout.history, longest=20)) == [b"one", b"two", b"y" * 20]
