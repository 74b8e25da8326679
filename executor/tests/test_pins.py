"""What pinning in place needs in the base path, and who is asked before it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hot_deploy import files, leases, module_times, pins, records, standins, tree, usage
from hot_deploy.entrypoints import Launcher
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout

ONE, TWO = "20261123-171501-0000001", "20261123-171502-0000002"
LAUNCHER = Launcher("run.py,scripts/report.py", b"# hot-deploy launcher\n")


def release(layout: Layout, release_id: str, texts: dict[str, str], **fields: object) -> Path:
    directory = Path(layout.release(release_id))
    for path, text in texts.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    known = {"release": release_id, "state": "ready", "sequence": 1, "createdAt": "2026-11-23T17:15:01.250Z"}
    made = {"source": {"type": "directory"}, "names": ["run.py"], "files": 1, "bytes": 0}
    records.write(layout, release_id, {**known, **made, **fields})
    return directory


def way(layout: Layout, release_id: str) -> str:
    return Path(layout.way(release_id)).read_text().strip()


ENGINE = {"run.py": "", "src/a.py": "", "scripts/report.py": "", "scripts/sub/b.py": ""}


def test_each_directory_has_an_empty_one_beside_and_a_link_that_leads_there(layout: Layout) -> None:
    release(layout, ONE, ENGINE)
    standins.place(layout, ONE, LAUNCHER)
    standins.place(layout, ONE, LAUNCHER)
    assert sorted(name for name in os.listdir(layout.base) if name.startswith(".pinned-")) == [
        ".pinned-scripts",
        ".pinned-src",
    ]
    assert {name: os.readlink(os.path.join(layout.pins, name)) for name in os.listdir(layout.pins)} == {
        "src": ".pinned-src",
        "scripts%2Fsub": "../.pinned-scripts/sub",
    }
    assert way(layout, ONE) == "auto"


def test_they_go_with_what_stands_for_them_unless_something_lies_in_them(layout: Layout) -> None:
    release(layout, ONE, ENGINE)
    standins.place(layout, ONE, LAUNCHER)
    Path(layout.base, ".pinned-src", "mine").touch()
    for name in ("src", "scripts", "run.py"):
        files.remove_tree(os.path.join(layout.base, name))
    standins.tidy(layout)
    assert [name for name in os.listdir(layout.base) if name.startswith(".pinned-")] == [".pinned-src"]


@pytest.mark.parametrize(
    ("text", "privileged"),
    [
        ("subprocess.run(['sudo', '-u', 'x'])", True),
        ("os.chown(path, 1, 1)", True),
        ("os.fchown(fd, 1, 1)", True),
        ("os.setresuid(1, 1, 1)", True),
        ("chgrp staff out", True),
        ("pseudo = 1  # choown", False),
    ],
)
def test_what_a_users_namespace_keeps_from_an_engine_is_looked_for(layout: Layout, text: str, privileged: bool) -> None:
    release(layout, ONE, {"run.py": "", "src/a.py": text, "src/notes.txt": "sudo"})
    standins.place(layout, ONE, LAUNCHER)
    assert way(layout, ONE) == ("auto unprivileged" if privileged else "auto")


def test_of_a_later_release_only_what_changed_is_looked_at(layout: Layout) -> None:
    release(layout, ONE, ENGINE)
    standins.place(layout, ONE, LAUNCHER)
    release(layout, TWO, {**ENGINE, "src/a.py": "os.chown", "src/b.py": ""})
    pins.decide(layout, TWO, ONE, ["src/b.py"])
    assert way(layout, TWO) == "auto"
    pins.decide(layout, TWO, ONE, ["src/a.py"])
    assert way(layout, TWO) == "auto unprivileged"
    # Nobody knows which file it was: all are looked at before the switch.
    os.unlink(layout.way(TWO))
    Path(layout.way(ONE)).write_text("auto unprivileged")
    pins.decide(layout, TWO, ONE, [])
    assert not os.path.exists(layout.way(TWO))


@pytest.mark.parametrize(
    ("asked", "written"), [("release", "release"), ("auto", "auto"), ("../x", "auto"), (7, "auto")]
)
def test_the_way_that_was_asked_for_is_written_down(layout: Layout, asked: object, written: str) -> None:
    release(layout, ONE, ENGINE, pinning=asked)
    standins.place(layout, ONE, LAUNCHER)
    assert way(layout, ONE) == written


def test_ways_of_releases_that_are_gone_go(layout: Layout) -> None:
    release(layout, ONE, ENGINE)
    standins.place(layout, ONE, LAUNCHER)
    Path(layout.way(TWO)).touch()
    standins.place(layout, ONE, LAUNCHER)
    assert os.listdir(layout.pinning) == [ONE]


def test_there_is_room_where_nobody_is_pinned_and_nobody_begins_meanwhile(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.makedirs(layout.pins)
    pinned = [{42}, {42}, set[int]()]
    monkeypatch.setattr(usage, "mounted", lambda _releases: pinned.pop(0) if len(pinned) > 1 else pinned[0])
    with pins.Room(layout) as room:
        room.demand()
        assert leases.is_leased(layout.pins)
    assert not leases.is_leased(layout.pins)


def test_there_is_none_where_somebody_stays(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    os.makedirs(layout.pins)
    monkeypatch.setattr(usage, "mounted", lambda _releases: {42})
    checked: list[int] = []
    with pins.Room(layout, 0.5, lambda: checked.append(1)) as room:
        assert not room.is_free()
        with pytest.raises(StepFailed, match="runsPinned"):
            room.demand()
        # What comes to an end now does not count: it was asked once.
        monkeypatch.setattr(usage, "mounted", lambda _releases: set())
        assert not room.is_free()
    assert checked
    assert not leases.is_leased(layout.pins)


def test_modules_at_the_top_have_a_second_of_their_own_and_the_others_none(layout: Layout) -> None:
    modules = {**ENGINE, "util.py": "1", "src/util.py": "1", "scripts/util.py": "1"}
    one = release(layout, ONE, modules)
    for path in modules:
        os.utime(one / path, (1000, 1000))
    staging = release(layout, TWO, {**modules, "util.py": "2", "scripts/util.py": "2"})
    for path in modules:
        os.utime(staging / path, (900, 900))
    entries = [tree.Entry(path, tree.FILE, 0o644) for path in modules]
    module_times.tell_apart(layout, str(staging), str(one), entries, LAUNCHER)
    seconds = {path: int((staging / path).stat().st_mtime) for path in modules}
    assert seconds == {
        **dict.fromkeys(modules, 900),
        "run.py": 1000,
        "util.py": 1001,
        "scripts/report.py": 1000,
        "scripts/util.py": 1001,
    }
    stamps = {entry.path: entry.stamp for entry in entries}
    assert stamps["util.py"] == tree.stamp_of(os.lstat(staging / "util.py"))


def test_what_was_left_to_a_pinned_run_goes_with_a_later_operation(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(layout, ONE, {**ENGINE, "batch.py": "", "notes.txt": ""})
    release(layout, TWO, {"run.py": ""})
    standins.place(layout, ONE, Launcher("run.py,batch.py", LAUNCHER.content))
    os.symlink("releases/" + TWO, layout.current)
    monkeypatch.setattr(pins, "LONGEST_SECONDS", 0)
    monkeypatch.setattr(usage, "mounted", lambda _releases: {42})
    names = ["run.py", "batch.py", "notes.txt", "src", "scripts"]
    standins.settle(layout, names, "run.py")
    assert set(names) <= set(os.listdir(layout.base))
    monkeypatch.setattr(usage, "mounted", lambda _releases: set())
    standins.settle(layout, ["run.py"], "run.py")
    left = {name for name in os.listdir(layout.base) if name.startswith(".pinned-")} | set(names)
    assert left & set(os.listdir(layout.base)) == {"run.py"}
