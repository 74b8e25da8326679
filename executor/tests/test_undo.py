"""The journal of undos: who registers what, and what is left of it after whatever happens."""

from __future__ import annotations

import ast
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

import hot_deploy
from hot_deploy import adoption, contract, files, history, leftovers, switching, tree, undo, usage, verbs
from hot_deploy.entrypoints import Launcher
from hot_deploy.failures import StepFailed
from hot_deploy.journal import Journal
from hot_deploy.layout import Layout
from hot_deploy.session import Session
from hot_deploy.wire import Wire

PROGRAM = Path(str(undo.__file__)).parent

# Verb that changes the engine -> the undos that it registers, or why nothing has to be undone.
OF_VERB: dict[str, tuple[str, ...] | str] = {
    "listInputs": "it looks and changes nothing; read-only access does not need it",
    "holdRelease": "a lease goes with the conversation",
    "openRun": "what a run has on disk goes with the conversation, or is kept for whoever has its key",
    "receiveInput": "as openRun",
    "runEngine": "a run is what was asked for; its supervisor ends it when nobody waits for it",
    "readRun": "it looks",
    "closeRun": "what a run has on disk is of no use without it",
    "lock": ("removeDirectories",),
    "receive": ("discardRelease",),
    "unpack": ("discardStaging", "discardRelease"),
    "assemble": "what it places is the release that receive or unpack announced",
    "environment": "a whole environment is of use to the next attempt; leftovers finds one that is not",
    "run": "checks are the engine's own programs",
    "copyPlain": ("discardStaging", "discardRelease"),
    "adopt": ("revertSwitch",),
    "drain": "it waits",
    "missingPackages": "it looks",
    "detach": ("attach",),
    "attach": "it is an undo",
    "dismantle": "from the moment that current is gone, the plain files are all there is",
    "flip": ("revertSwitch",),
    "prepareService": "serve.py takes it back itself when nobody holds the connection any more",
    "switchService": "it goes back with the switch",
    "waitForQuiet": "it waits",
    "confirm": "it drops what was to be undone",
    "revert": ("removeDirectories",),
    "archive": ("discardBackups",),
    "remove": "what a person wanted gone is gone",
    "describe": "a record goes with its release",
    "noteRefusal": "the history is only ever added to",
    "stopRuns": "what was ended stays so, and nothing else is changed",
    "watch": "the release is confirmed already; who watches it is told by the file, and by a lock that ends with the process",
    "countRun": "a run that has ended stays so",
    "endRollout": ("revertSwitch",),
    "repair": "each repair can be done again and leaves nothing half done that it would not find",
}


# -- who registers what -----------------------------------------------------------------------------------------------


class Calls:
    """Which functions of the program call which, as far as their names say so."""

    def __init__(self) -> None:
        self.functions: dict[str, ast.FunctionDef] = {}
        for path in sorted(PROGRAM.glob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef):
                    self.functions["%s.%s" % (path.stem, node.name)] = node

    def pushed_by(self, name: str, seen: set[str]) -> set[str]:
        """The undos that a function registers, itself or through others."""
        found: set[str] = set()
        if name in seen or name not in self.functions:
            return found
        seen.add(name)
        module = name.split(".", maxsplit=1)[0]
        for node in ast.walk(self.functions[name]):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called.endswith("undo.push"):
                assert isinstance(node.args[0], ast.Constant), "an undo is named where it is registered"
                found.add(str(node.args[0].value))
            found |= self.pushed_by(called if "." in called else "%s.%s" % (module, called), seen)
        return found


CALLS = Calls()
CHANGING = [name for name, (changes, _) in contract.VERBS.items() if changes]


@pytest.mark.parametrize("name", CHANGING)
def test_a_verb_that_changes_the_engine_registers_its_undos_or_says_why_it_needs_none(name: str) -> None:
    said = OF_VERB[name]
    registered = CALLS.pushed_by(verbs.VERBS[name], set())
    assert registered == (set() if isinstance(said, str) else set(said))


def test_every_undo_that_is_registered_can_be_carried_out() -> None:
    registered = {name for said in OF_VERB.values() if not isinstance(said, str) for name in said}
    assert registered == set(undo.UNDOS)
    assert sorted(OF_VERB) == sorted(CHANGING)


@pytest.mark.parametrize("name", [name for name, (changes, _) in contract.VERBS.items() if not changes])
def test_a_verb_that_looks_registers_nothing(name: str) -> None:
    assert CALLS.pushed_by(verbs.VERBS[name], set()) == set()


@pytest.mark.parametrize("called", ["switching.revert", "detaching.attach"])
def test_undos_are_carried_out_in_one_place(called: str) -> None:
    callers = {
        name.split(".", maxsplit=1)[0]
        for name, function in CALLS.functions.items()
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == called
    }
    assert callers == {"undo"}


def test_a_session_is_made_of_things_that_have_a_name() -> None:
    reading, writing = os.pipe()
    wire = Wire(reading, writing)
    try:
        assert len(vars(Session(wire))) < 10
    finally:
        for descriptor in (reading, writing, wire.wake_fd, wire._wake_write):
            os.close(descriptor)


# -- what is left of it -----------------------------------------------------------------------------------------------

ONE, TWO = "20261123-171501-aaaaaaa", "20261123-171502-bbbbbbb"


def place(layout: Layout, release_id: str, state: str = "ready") -> None:
    os.mkdir(layout.release(release_id))
    record = {
        "release": release_id,
        "sequence": 1,
        "files": 0,
        "bytes": 0,
        "state": state,
        "createdAt": "t",
        "source": {"type": "directory"},
        "names": [],
    }
    files.write_json(layout.record(release_id), record)


def switch(layout: Layout, journal: Journal, release_id: str) -> None:
    launcher = Launcher("run.py", b"# hot-deploy launcher\n")
    switching.switch(layout, journal, release_id, "deploy", launcher, candidate=True)


def events(layout: Layout) -> list[str]:
    return [entry["event"] for entry in history.read(layout)]


def test_what_nobody_confirmed_is_undone_by_whoever_comes_next_the_last_first(layout: Layout) -> None:
    layout.asked_by = {"workflow": "one", "operation": "deploy"}
    journal = Journal(layout)
    journal.push("discardStaging", name="backup")
    os.mkdir(os.path.join(layout.staging, "backup"))
    journal.push("discardRelease", release=ONE)
    place(layout, ONE)
    journal.push("discardBackups", before=[])
    Path(layout.backups, "hot-backup-20261123-171501.tar.gz").write_bytes(b"")

    layout.asked_by = {"workflow": "two"}
    removed = Journal(layout).unwind_earlier("cut off")
    assert removed == [("unfinishedRelease", "releases/" + ONE), ("staging", ".hot-deploy/staging/backup")]
    assert leftovers.own_backups(layout) == set()
    assert not os.path.lexists(layout.undo)
    told = history.read(layout)
    assert [(entry["event"], entry["to"], entry["reason"], entry["by"]) for entry in told] == [
        ("discarded", ONE, "cut off", {"workflow": "one", "operation": "deploy"})
    ]
    assert told[0]["operation"] == "deploy"
    assert Journal(layout).unwind_earlier("cut off") == []


def test_an_unconfirmed_switch_waits_and_so_does_what_belongs_to_it(layout: Layout) -> None:
    place(layout, ONE)
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    journal.push("discardBackups", before=[])
    switch(layout, journal, ONE)
    Path(layout.backups, "hot-backup-20261123-171501.tar.gz").write_bytes(b"")
    for end in ("lock", "end of the conversation"):
        later = Journal(layout)
        assert later.removable() == []
        if end == "lock":
            assert later.unwind_earlier("cut off") == []
        else:
            assert later.unwind("gone").removed == []
        assert layout.current_release() == ONE
        assert leftovers.own_backups(layout)
        assert events(layout) == ["flip"]
    pending = history.Standing(history.read(layout), ONE).unconfirmed
    assert pending is not None
    Journal(layout).revert(pending, "a check")
    assert layout.current_release() is None
    assert events(layout) == ["flip", "reverted"]
    assert (os.listdir(layout.releases), leftovers.own_backups(layout)) == ([], set())
    assert not os.path.lexists(layout.undo)


def test_what_the_history_says_is_kept_is_kept_although_a_power_cut_brings_the_undo_back(layout: Layout) -> None:
    place(layout, ONE)
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    journal.push("discardBackups", before=[])
    backup = Path(layout.backups, "hot-backup-20261123-171501.tar.gz")
    backup.write_bytes(b"")
    switch(layout, journal, ONE)
    written = Path(layout.undo).read_bytes()
    switching.confirm(layout, journal.own("revertSwitch").arguments)  # type: ignore[union-attr]
    journal.confirm()
    assert not os.path.lexists(layout.undo)
    place(layout, TWO)
    switch(layout, Journal(layout), TWO)
    switching.confirm(layout, {"to": TWO})

    Path(layout.undo).write_bytes(written)
    assert Journal(layout).removable() == []
    assert Journal(layout).unwind_earlier("cut off") == []
    assert layout.current_release() == TWO
    assert sorted(os.listdir(layout.releases)) == [ONE, TWO]
    assert backup.exists()
    assert not os.path.lexists(layout.undo)


def test_a_switch_that_was_announced_only_is_taken_off_the_books(layout: Layout) -> None:
    place(layout, ONE)
    launcher = Launcher("run.py", b"# hot-deploy launcher\n")
    pending = switching.announce(layout, ONE, "deploy", launcher, candidate=True)
    Journal(layout).push("revertSwitch", **pending)
    Journal(layout).unwind_earlier("cut off")
    assert events(layout) == ["flip", "reverted"]
    assert not os.path.lexists(os.path.join(layout.base, "run.py"))
    assert not os.path.lexists(layout.undo)


def adopt(layout: Layout) -> tuple[Journal, dict[str, os.stat_result]]:
    """Adopts plain files, and makes a second release current. What the plain ones were."""
    Path(layout.base, "src").mkdir()
    Path(layout.base, "src/a.py").write_text("a")
    Path(layout.base, "run.py").write_text("import a")
    Path(layout.base, "config").symlink_to("src")
    before = plain(layout)
    journal = Journal(layout)
    names = ["config", "run.py", "src"]
    copied = adoption.copy(layout, journal, "20261123-171501", names, "run.py", 1, lambda: None)
    journal.push("discardRelease", release=TWO)
    place(layout, TWO)
    adoption.adopt(layout, journal, copied, Launcher("run.py", b"# hot-deploy launcher\n"))
    switch(layout, journal, TWO)
    assert os.readlink(os.path.join(layout.base, "src")) == "current/src"
    return journal, before


def plain(layout: Layout) -> dict[str, os.stat_result]:
    """What lies in the base path besides what is ours."""
    ours = {".hot-deploy", "releases", "backups"}
    found = tree.walk(layout.base, sorted(set(os.listdir(layout.base)) - ours))
    return {path: (status.st_ino, status.st_mode, status.st_mtime_ns) for path, status in found}  # type: ignore[misc]


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("end", ["the conversation", "the client", "the next operation"])
def test_the_originals_go_back_with_the_switch(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, end: str, exchanges: bool
) -> None:
    if not exchanges:
        monkeypatch.setattr(files, "exchange", lambda _one, _other: False)
    journal, before = adopt(layout)
    if end == "the conversation":
        assert journal.unwind("gone").reverted
    elif end == "the client":
        mine = journal.own("revertSwitch")
        assert mine is not None
        assert journal.revert(mine.arguments, "a check")["live"] is None
        journal.unwind("gone")
    else:
        later = Journal(layout)
        assert later.unwind_earlier("cut off") == []
        pending = history.standing(layout, TWO).unconfirmed
        assert pending is not None
        assert later.revert(pending, "a check")["live"] is None
    assert plain(layout) == before
    assert not os.path.lexists(layout.current)
    assert events(layout) == ["flip", "flip", "reverted", "reverted"]
    assert os.listdir(layout.releases) == []
    assert not os.path.lexists(layout.adopted)
    assert not os.path.lexists(layout.undo)
    undone = history.standing(layout, None).undone
    assert undone is not None
    assert undone["release"] == TWO


def test_the_originals_wait_for_runs_that_are_pinned_by_what_stands_in_their_place(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "PUT_BACK_SECONDS", 0)
    monkeypatch.setattr(usage, "mounted", lambda _releases: {42})
    journal, before = adopt(layout)
    mine = journal.own("revertSwitch")
    assert mine is not None
    adopted = str(mine.arguments["from"])
    assert journal.revert(mine.arguments, "a check")["live"] == adopted
    [raised] = journal.unwind("gone").raised
    assert isinstance(raised, StepFailed)
    assert (raised.kind, raised.facts["processes"]) == ("runsPinned", [42])
    assert layout.current_release() == adopted
    assert os.readlink(os.path.join(layout.base, "src")) == "current/src"
    monkeypatch.setattr(usage, "mounted", lambda _releases: set())
    Journal(layout).unwind_earlier("cut off")
    assert plain(layout) == before
    assert not os.path.lexists(layout.undo)


def test_what_was_adopted_is_kept_with_the_switch(layout: Layout) -> None:
    journal, _ = adopt(layout)
    written = Path(layout.undo).read_bytes()
    standing = history.standing(layout, TWO)
    assert standing.adopting is not None
    adopted = standing.adopting["to"]
    mine = journal.own("revertSwitch")
    assert mine is not None
    switching.confirm(layout, mine.arguments)
    journal.confirm()
    # A power cut brings it back.
    Path(layout.undo).write_bytes(written)
    assert Journal(layout).unwind_earlier("cut off") == []
    assert layout.current_release() == TWO
    standing = history.standing(layout, TWO)
    assert (standing.unconfirmed, standing.previous, standing.were_live) == (None, adopted, [TWO, adopted])
    assert sorted(os.listdir(layout.releases)) == sorted([adopted, TWO])


def test_directories_that_were_made_go_unless_something_lies_in_them(layout: Layout) -> None:
    journal = Journal(layout)
    journal.push("removeDirectories", names=["backups", "environments", "releases"])
    Path(layout.backups, "mine").write_text("")
    journal.unwind("gone")
    assert not os.path.lexists(layout.releases)
    assert os.listdir(layout.backups) == ["mine"]
    assert os.path.lexists(layout.undo)
    os.unlink(os.path.join(layout.backups, "mine"))
    Journal(layout).unwind_earlier("cut off")
    assert not os.path.lexists(layout.backups)
    assert not os.path.lexists(layout.undo)


def test_one_that_can_not_be_carried_out_keeps_none_of_the_others_from_it(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(layout)
    journal.push("discardStaging", name="one")
    journal.push("discardBackups", before=[])
    os.mkdir(os.path.join(layout.staging, "one"))

    def full(_directory: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(leftovers, "clean_temporary", full)
    ended = journal.unwind("gone")
    assert [str(raised) for raised in ended.raised] == ["[Errno 28] No space left on device"]
    assert os.listdir(layout.staging) == []
    monkeypatch.undo()
    assert Path(layout.undo).read_bytes().count(b"\n") == 1
    Journal(layout).unwind_earlier("cut off")
    assert not os.path.lexists(layout.undo)


def test_a_release_that_somebody_runs_stays_until_nobody_does(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    place(layout, ONE)
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    monkeypatch.setattr(leftovers, "remove_release", lambda _layout, _release_id: False)
    assert journal.unwind("gone").removed == []
    assert events(layout) == ["discarded"]
    monkeypatch.undo()
    assert Journal(layout).removable() == [("unfinishedRelease", "releases/" + ONE)]
    assert Journal(layout).unwind_earlier("cut off") == [("unfinishedRelease", "releases/" + ONE)]
    assert events(layout) == ["discarded"]


FOREIGN = [
    b"",
    b"null",
    b"7",
    b"{}",
    b'{"verb":7}',
    b"\0" * 512,
    b"[" * 100_000,
    b'{"verb":"discardRelease","arguments":{"release":"../../etc"},"since":0}',
    b'{"verb":"discardRelease","arguments":{"release":"%s"},"since":-1}' % ONE.encode(),
    b'{"verb":"discardRelease","arguments":[],"since":0}',
    b'{"verb":"discardStaging","arguments":{"name":".."},"since":0}',
    b'{"verb":"discardBackups","arguments":{"before":"x"},"since":0}',
    b'{"verb":"removeDirectories","arguments":{"names":["../x"]},"since":0}',
    b'{"verb":"removeDirectories","arguments":{"names":[[]]},"since":0}',
    b'{"verb":"attach","arguments":{"names":["../x"],"entrypoint":"run.py"},"since":0}',
    b'{"verb":"revertSwitch","arguments":{"event":"flip","to":"/etc","from":null,"operation":"x"},"since":0}',
    json.dumps(
        {
            "verb": "revertSwitch",
            "arguments": {"event": "flip", "to": ONE, "from": None, "operation": "x", "aside": "../../x"},
            "since": 0,
        }
    ).encode(),
]


@pytest.mark.parametrize("line", FOREIGN, ids=lambda line: repr(line[:60]))
def test_a_line_that_was_not_written_here_is_skipped(layout: Layout, line: bytes) -> None:
    place(layout, ONE)
    Path(layout.undo).write_bytes(line + b"\n")
    assert Journal(layout).unwind_earlier("cut off") == []
    Journal(layout).push("discardStaging", name="backup")
    Journal(layout).unwind_earlier("cut off")
    assert not os.path.lexists(layout.undo)
    assert os.listdir(layout.releases) == [ONE]


def test_what_a_newer_version_wrote_is_left_to_it(layout: Layout) -> None:
    newer = b'{"verb":"closeSocket","arguments":{"path":"x"},"since":0,"by":null,"more":1}'
    Path(layout.undo).write_bytes(newer + b"\n")
    Journal(layout).push("discardStaging", name="backup")
    journal = Journal(layout)
    journal.unwind_earlier("cut off")
    journal.confirm()
    assert Path(layout.undo).read_bytes() == newer + b"\n"


def test_wherever_writing_is_cut_off_the_whole_lines_count(layout: Layout) -> None:
    for name in ("one", "two", "three"):
        Journal(layout).push("discardStaging", name=name)
    whole = Path(layout.undo).read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        Path(layout.undo).write_bytes(whole[:length])
        for name in ("one", "two", "three"):
            os.makedirs(os.path.join(layout.staging, name), exist_ok=True)
        removed = Journal(layout).unwind_earlier("cut off")
        assert len(removed) == sum(length >= end for end in ends)


def test_a_full_disk_keeps_nobody_from_dropping_them(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(layout)
    one = journal.push("discardStaging", name="one")
    journal.push("discardStaging", name="two")

    def full(*_arguments: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", full)
    journal.drop(one)
    assert Path(layout.undo).read_bytes().count(b"\n") == 2


def test_whatever_happens_what_is_live_and_what_was_confirmed_stays(layout: Layout, chance: random.Random) -> None:
    """Random conversations, cut off anywhere, whose dropping of undos may be lost with the power."""
    confirmed: set[str] = set()
    remembered = [b""]
    for number in range(150):
        if chance.random() < 0.3 and remembered[-1]:
            Path(layout.undo).write_bytes(chance.choice(remembered))
        journal = Journal(layout)
        journal.unwind_earlier("cut off")
        pending = history.Standing(history.read(layout), layout.current_release()).unconfirmed
        if pending is not None:
            if chance.random() < 0.5:
                switching.confirm(layout, pending)
                confirmed.add(pending["to"])
                journal.confirm()
            else:
                journal.revert(pending, "a check")
        release_id = "20261123-171501-%07x" % number
        journal.push("discardRelease", release=release_id)
        place(layout, release_id, chance.choice(["candidate", "ready"]))
        if chance.random() < 0.2:
            continue
        files.write_json(layout.record(release_id), dict(files.read_json(layout.record(release_id)), state="ready"))
        switch(layout, journal, release_id)
        remembered.append(Path(layout.undo).read_bytes())
        if chance.random() < 0.3:
            continue
        if chance.random() < 0.6:
            switching.confirm(layout, journal.own("revertSwitch").arguments)  # type: ignore[union-attr]
            confirmed.add(release_id)
            if chance.random() < 0.5:
                journal.confirm()
        else:
            assert journal.unwind("gone").reverted
        there = set(os.listdir(layout.releases))
        assert confirmed <= there
        assert layout.current_release() is None or layout.current_release() in there


def test_the_launcher_that_an_undo_needs_comes_with_the_program(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_deploy, "launcher", "# hot-deploy launcher\n", raising=False)
    place(layout, ONE)
    for name in ("run.py", "config", "src"):
        Path(layout.release(ONE), name).write_text(name)
        Path(layout.base, name).write_text(name)
    Path(layout.base, "config").write_text("edited since")
    os.symlink("releases/" + ONE, layout.current)
    found = list(tree.walk(layout.release(ONE), ["run.py", "config", "src"]))
    entries = [tree.read_entry(layout.release(ONE), path, status) for path, status in found]
    tree.write_manifest(layout.manifest(ONE), [entry for entry in entries if entry is not None])
    Journal(layout).push("attach", names=["config", "src", "run.py"], entrypoint="run.py")
    Journal(layout).unwind_earlier("cut off")
    assert os.readlink(os.path.join(layout.base, "src")) == "current/src"
    assert Path(layout.base, "run.py").read_text() == "# hot-deploy launcher\n"
    # Whoever wrote to it thought it was theirs.
    assert Path(layout.base, "config").read_text() == "edited since"
    assert events(layout) == ["attached"]
    assert not os.path.lexists(layout.undo)


def test_a_conversation_takes_back_what_it_did_itself_and_says_nothing_of_it(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    place(layout, ONE)
    journal.push("discardBackups", before=[])
    journal.take_back("discardRelease")
    assert (os.listdir(layout.releases), events(layout)) == ([], [])
    assert journal.own("discardRelease") is None
    assert journal.own("discardBackups") is not None

    def full(_directory: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(leftovers, "clean_temporary", full)
    with pytest.raises(OSError, match="No space"):
        journal.take_back("discardBackups")


def test_a_switch_of_this_conversation_is_taken_back_and_its_release_waits_for_the_end(layout: Layout) -> None:
    place(layout, ONE)
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    switch(layout, journal, ONE)
    mine = journal.own("revertSwitch")
    assert mine is not None
    assert journal.revert(mine.arguments, "a check")["live"] is None
    assert journal.own("revertSwitch") is None
    assert os.listdir(layout.releases) == [ONE]
    ended = journal.unwind("gone")
    assert (ended.reverted, ended.removed) == (False, [("unfinishedRelease", "releases/" + ONE)])
    assert events(layout) == ["flip", "reverted"]


@pytest.mark.parametrize("flipped_back", [True, False])
def test_what_can_not_be_written_down_is_written_down_by_the_next(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, flipped_back: bool
) -> None:
    place(layout, ONE)
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    switch(layout, journal, ONE)

    def full(*_arguments: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(history if flipped_back else switching, "append" if flipped_back else "flip", full)
    ended = journal.unwind("gone")
    assert (ended.reverted, bool(ended.raised)) == (flipped_back, True)
    assert layout.current_release() == (None if flipped_back else ONE)
    monkeypatch.undo()
    later = Journal(layout)
    later.unwind_earlier("cut off")
    if flipped_back:
        assert events(layout) == ["flip", "reverted"]
        assert not os.path.lexists(layout.undo)
    else:
        # It is live: the client decides.
        assert events(layout) == ["flip"]
        assert os.listdir(layout.releases) == [ONE]


def test_the_live_release_is_never_discarded(layout: Layout) -> None:
    place(layout, ONE)
    Journal(layout).push("discardRelease", release=ONE)
    os.symlink("releases/" + ONE, layout.current)
    assert Journal(layout).removable() == []
    assert Journal(layout).unwind_earlier("cut off") == []
    assert (os.listdir(layout.releases), events(layout)) == ([ONE], [])


def test_a_record_without_its_release_goes_too(layout: Layout) -> None:
    journal = Journal(layout)
    journal.push("discardRelease", release=ONE)
    place(layout, ONE)
    os.rename(layout.release(ONE), os.path.join(layout.staging, ONE))
    assert Journal(layout).unwind_earlier("cut off") == [
        ("staging", ".hot-deploy/staging/" + ONE),
        ("orphanRecord", ".hot-deploy/releases/%s.json" % ONE),
    ]
    assert (os.listdir(layout.records), os.listdir(layout.staging)) == ([], [])
