"""What the history says of the engine, whatever is written in it."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from hot_deploy import history, lines
from hot_deploy.history import Standing
from hot_deploy.layout import Layout

Entry = dict[str, Any]

NAMES = ["20261123-17150%d-aaaaaa%d" % (number, number) for number in range(5)]
# Events that mean nothing for what is live.
NOISE: list[Entry] = [
    {"at": "t", "event": "note", "to": NAMES[0]},
    {"at": "t", "event": "pruned"},
    {"at": "t", "event": "repaired", "from": NAMES[1]},
]


class Story:
    """Random operations, and what anybody who watched them would say."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.entries: list[Entry] = []
        self.current: str | None = None
        self.live: str | None = None
        self.live_since: str | None = None
        self.sequence = 0
        self.undone: str | None = None
        self.undecided: Entry | None = None
        self._before: dict[str | None, str | None] = {}

    @property
    def previous(self) -> str | None:
        if self.undecided is not None and self.undecided["operation"] != "repair":
            previous: str | None = self.undecided["from"]
            return previous
        return self._before.get(self.current)

    def _write(self, event: str, **fields: Any) -> Entry:
        entry = {"at": "t%d" % len(self.entries), "event": event, **fields}
        self.entries.append(entry)
        return entry

    def go_on(self) -> None:
        """One operation of a client, whole or interrupted; the next one decides first on what was interrupted."""
        if self.undecided is not None:
            self._decide(self.undecided)
            return
        to = self._chance.choice([name for name in NAMES if name != self.current])
        if self._chance.random() < 0.2:
            self._write(self._chance.choice(["refused", "discarded"]), to=to)
            self.undone = to
            return
        self.sequence += 1
        operation = self._chance.choice(["deploy", "rollback", "repair"])
        flip = self._write(
            "flip", **{"from": self.current, "to": to, "sequence": self.sequence, "operation": operation}
        )
        if self._chance.random() < 0.2:
            return  # Cut off before the rename: nothing happened.
        self.current = to
        self.undecided = flip
        if self._chance.random() < 0.7:
            self._decide(flip)

    def _decide(self, flip: Entry) -> None:
        self.undecided = None
        if self._chance.random() < 0.6:
            self._confirm(flip)
        else:
            self.current = flip["from"]
            self._write("reverted", **{"from": flip["to"], "to": flip["from"], "reason": "a check"})
            self.undone = flip["to"]

    def _confirm(self, flip: Entry) -> None:
        self.live, self.undone = flip["to"], None
        self.live_since = self._write("confirmed", to=flip["to"])["at"]
        if flip["operation"] != "repair":
            self._before[flip["to"]] = flip["from"]


def known(entries: list[Entry], current: str | None) -> dict[str, Any]:
    return vars(Standing(entries, current))


def test_it_says_what_somebody_who_watched_would_say(chance: random.Random) -> None:
    for _ in range(300):
        story = Story(chance)
        for _ in range(chance.randrange(1, 20)):
            story.go_on()
            seen = Standing(story.entries, story.current)
            assert seen.live == story.live
            assert seen.previous == story.previous
            assert seen.sequence == story.sequence
            assert seen.unconfirmed is story.undecided
            assert (seen.undone and seen.undone["release"]) == story.undone
            if story.current == story.live and story.undecided is None and story.undone is None and story.live:
                assert seen.live_since == story.live_since
            assert len(seen.were_live) == len(set(seen.were_live))
            assert seen.were_live[:1] == ([story.live] if story.live else [])


def test_other_events_change_nothing(chance: random.Random) -> None:
    for _ in range(200):
        story = Story(chance)
        for _ in range(10):
            story.go_on()
        noisy = [noise for entry in story.entries for noise in [*chance.choices(NOISE, k=2), entry]]
        assert known(noisy, story.current) == known(story.entries, story.current)


def test_a_switch_that_was_never_carried_out_is_not_to_be_decided_on() -> None:
    first, second = NAMES[:2]
    entries = [{"event": "flip", "from": first, "to": second}]
    assert Standing(entries, first).unconfirmed is None
    assert Standing(entries, None).unconfirmed is None
    assert Standing(entries, second).unconfirmed is entries[0]


def test_a_repair_keeps_what_was_before() -> None:
    first, second = NAMES[:2]
    entries: list[Entry] = []
    for origin, to, operation in [(None, first, "deploy"), (first, second, "deploy"), (None, second, "repair")]:
        entries += [{"event": "flip", "from": origin, "to": to, "operation": operation}, {"event": "confirmed"}]
        if operation == "deploy":
            assert Standing(entries, to).previous == origin
    assert Standing(entries, second).previous == first


def test_going_back_to_what_was_never_live_makes_nothing_live() -> None:
    first, second = NAMES[:2]
    entries = [{"event": "flip", "from": first, "to": second}, {"event": "reverted", "from": second, "to": first}]
    seen = Standing(entries, first)
    assert (seen.live, seen.were_live) == (None, [])


def test_the_highest_number_counts_wherever_it_stands() -> None:
    assert Standing([{"event": "note", "sequence": number} for number in (2, 5, 3, None)], None).sequence == 5


def test_a_reason_is_kept_short_and_may_be_anything() -> None:
    for reason, shown in [("x" * 1000, "x" * 500), (None, ""), ({"a": 1}, "")]:
        undone = Standing([{"event": "refused", "to": NAMES[0], "reason": reason}], None).undone
        assert undone == {"release": NAMES[0], "at": "", "reason": shown}


def test_every_point_at_which_a_line_can_be_cut_short_costs_that_line_only(layout: Layout) -> None:
    for number in range(3):
        history.append(layout, "flip", to=NAMES[number], note="é\u2028\n")
    with open(layout.history, "rb") as handle:
        whole = handle.read()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        with open(layout.history, "wb") as handle:
            handle.write(whole[:length])
        history.append(layout, "confirmed", to=NAMES[4])
        # A line that lacks nothing but its end is whole.
        count = sum(length >= end - 1 for end in ends)
        named = [entry["to"] for entry in history.read(layout)]
        assert named == [*NAMES[:count], NAMES[4]]


FORGED: list[Entry] = [
    {"to": "../../etc"},
    {"to": [NAMES[0]]},
    {"from": NAMES[0] + "/.."},
    {"from": NAMES[0] + "\n"},
    {"from": 0},
    {"at": 7},
    {"sequence": "x"},
    {"sequence": -1},
    {"sequence": 1e300},
    {"sequence": True},
    {"made": "run.py"},
    {"aside": "../../elsewhere"},
    {"aside": "current.0123456789ab/.."},
    {"aside": 7},
    {"made": [1]},
]
FOREIGN: list[bytes] = [
    b"",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b"\0" * 512,
    b"\xf0\x9f",
    b"[" * 100_000,
    b'{"event":7}',
    *(json.dumps({"event": "flip", **fields}).encode("utf-8") for fields in FORGED),
]


@pytest.mark.parametrize("line", FOREIGN, ids=lambda line: repr(line[:40]))
def test_a_line_that_was_not_written_here_is_skipped(layout: Layout, line: bytes) -> None:
    history.append(layout, "flip", to=NAMES[0])
    with open(layout.history, "ab") as handle:
        handle.write(line + b"\n")
    history.append(layout, "confirmed", to=NAMES[1])
    assert [entry["to"] for entry in history.read(layout)] == NAMES[:2]


def told(layout: Layout, current: str | None) -> Entry:
    return vars(history.standing(layout, current))


def test_what_it_says_now_is_what_all_of_it_says(layout: Layout, chance: random.Random) -> None:
    story = Story(chance)
    assert told(layout, None) == vars(Standing([], None))
    for _ in range(200):
        before = len(story.entries)
        story.go_on()
        for entry in story.entries[before:]:
            lines.append(layout.history, entry, sync=False)
        assert told(layout, story.current) == vars(Standing(story.entries, story.current))
        assert told(layout, story.current) == vars(Standing(story.entries, story.current))


def test_of_a_long_one_only_the_end_is_read_and_attempts_in_a_row_crowd_nothing_out(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LONGEST_READ", 20_000)
    monkeypatch.setattr(history, "LONGEST_KEPT", 2_000)
    for number, name in enumerate([NAMES[0], NAMES[1]]):
        history.append(layout, "flip", to=name, sequence=number + 7, operation="deploy", **{"from": NAMES[number - 1]})
        history.append(layout, "confirmed", to=name)
    with open(layout.history, "ab") as handle:
        handle.write(b'{"event":"detaching"}\n' * 100 + b'{"event":"refused","to":null,"reason":"x"}\n' * 200)
    seen = history.standing(layout, NAMES[1])
    assert (seen.previous, seen.sequence, seen.were_live) == (NAMES[0], 8, [NAMES[1], NAMES[0]])
    assert seen.undone == {"release": None, "at": "", "reason": "x"}
    with open(layout.history, "ab") as handle:
        handle.write(b'{"event":"abandoned"}\n' * 1000)
    monkeypatch.setattr(history, "LONGEST_KEPT", 1 << 30)
    assert history.standing(layout, NAMES[1]).previous is None
    assert len(list(history.since(layout, 0))) < 1000


def test_very_many_switches_take_no_time(layout: Layout) -> None:
    with open(layout.history, "ab") as handle:
        for number in range(10_000):
            to = "20261123-171501-%07x" % number
            handle.write(b'{"event":"flip","to":"%s"}\n{"event":"confirmed"}\n' % to.encode("ascii"))
    started = time.process_time()
    assert len(history.standing(layout, None).were_live) == 10_000
    assert time.process_time() - started < 2


def test_there_is_no_history_yet(layout: Layout) -> None:
    assert history.read(layout) == []


def test_a_link_in_its_place_is_not_written_through(layout: Layout, tmp_path: Any) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (tmp_path / "app/.hot-deploy/history.jsonl").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic links"):
        history.append(layout, "flip")
    assert elsewhere.read_bytes() == b""


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (1795454101250999999, "2026-11-23T17:15:01.250Z"),
        (1795454101000000000, "2026-11-23T17:15:01.000Z"),
        (1795454101999999999, "2026-11-23T17:15:01.999Z"),
    ],
)
def test_moments_are_utc_with_milliseconds(monkeypatch: pytest.MonkeyPatch, nanoseconds: int, shown: str) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds)
    try:
        assert history.now() == shown
    finally:
        monkeypatch.undo()
        time.tzset()
