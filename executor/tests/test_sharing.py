"""What belongs to the host inside of deployed directories, and what a launcher makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hot_deploy import beside, files, records, sharing, standins, tree
from hot_deploy.entrypoints import Launcher
from hot_deploy.layout import Layout

ONE, TWO = "20261129-100000-0000001", "20261129-100001-0000002"
SHARED = Launcher("run.py", b"# hot-deploy launcher\n", ["src", "src/deep"])


def release(layout: Layout, release_id: str, held: dict[str, str], kept: tuple[str, ...] = ()) -> None:
    """A release with these files, of which some are nobody's."""
    for path, text in held.items():
        place = Path(layout.release(release_id), path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o644 if path in kept else 0o444)
    root = layout.release(release_id)
    entries = [tree.read_entry(root, path, os.lstat(os.path.join(root, path))) for path in held]
    for entry in entries:
        assert entry is not None
        entry.kept = entry.path in kept
    tree.write_manifest(layout.manifest(release_id), [entry for entry in entries if entry is not None])


def go_live(layout: Layout, release_id: str) -> None:
    files.replace_link(layout.current, "releases/" + release_id, layout.state)


def text(layout: Layout, path: str) -> str:
    return Path(layout.base, path).read_text()


@pytest.fixture
def held(layout: Layout) -> Layout:
    """A live release that took along what is nobody's, with plain links in the base path."""
    release(
        layout,
        ONE,
        {"run.py": "", "src/a.py": "1", "src/rows.db": "rows", "src/deep/own.json": "own", "src/deep/b.py": "2"},
        kept=("src/rows.db", "src/deep/own.json"),
    )
    go_live(layout, ONE)
    standins.place(layout, ONE, Launcher("run.py", SHARED.content))
    assert os.path.islink(os.path.join(layout.base, "src"))
    return layout


def test_what_was_taken_along_is_moved_with_whoever_has_it_open(held: Layout) -> None:
    with open(os.path.join(held.base, "src/rows.db"), "a") as writer:
        standins.place(held, ONE, SHARED)
        sharing.take_out(held, ONE, ["src/rows.db", "src/deep/own.json", "src/gone", "run.py"])
        writer.write(" and more")
    assert text(held, "src/rows.db") == "rows and more"
    assert not os.path.islink(os.path.join(held.base, "src/rows.db"))
    assert text(held, "current/src/rows.db") == "rows and more"
    assert text(held, "current/src/deep/own.json") == "own"
    assert os.readlink(os.path.join(held.base, "src/a.py")) == "../current/src/a.py"
    before = os.stat(os.path.join(held.base, "src/rows.db")).st_ino
    sharing.take_out(held, ONE, ["src/rows.db"])
    assert os.stat(os.path.join(held.base, "src/rows.db")).st_ino == before


def test_where_it_was_cut_off_each_path_leads_to_what_was_there(held: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    standins.place(held, ONE, SHARED)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "symlink", cut_off)
    with pytest.raises(KeyboardInterrupt):
        sharing.take_out(held, ONE, ["src/rows.db"])
    monkeypatch.undo()
    assert text(held, "src/rows.db") == "rows"
    # What the link in the release leads to is put right with the next look at what lies beside.
    with files.Writable(os.path.join(held.release(ONE), "src")):
        beside.link_shared(held, held.release(ONE), {"folders": ["src"]}, None)
    assert text(held, "current/src/rows.db") == "rows"


def test_without_an_exchange_of_names_it_is_copied(held: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    standins.place(held, ONE, SHARED)
    monkeypatch.setattr(files, "exchange", lambda _one, _other: False)
    sharing.take_out(held, ONE, ["src/rows.db", "src/deep"])
    assert text(held, "src/rows.db") == "rows"
    assert not os.path.islink(os.path.join(held.base, "src/rows.db"))


def test_what_was_deployed_is_copied_and_the_release_keeps_it(held: Layout) -> None:
    standins.place(held, ONE, Launcher("run.py", SHARED.content, ["src"]))
    sharing.take_out(held, ONE, ["src/deep", "src/a.py"])
    assert (text(held, "src/deep/b.py"), text(held, "src/a.py")) == ("2", "1")
    assert os.stat(os.path.join(held.base, "src/deep/b.py")).st_mode & 0o200
    assert not os.path.islink(os.path.join(held.base, "src/deep"))
    assert os.lstat(os.path.join(held.release(ONE), "src/deep/b.py")).st_mode & 0o222 == 0


def test_the_host_has_what_nothing_of_ours_stands_at(held: Layout) -> None:
    standins.place(held, ONE, SHARED)
    Path(held.base, "src/new.log").write_text("")
    Path(held.base, "src/deep/more").mkdir()
    os.unlink(os.path.join(held.base, "src/a.py"))
    Path(held.base, "src/a.py").write_text("of the host")
    assert sharing.of_host(held, {"names": ["run.py", "src"]}) == ["src/a.py", "src/deep/more", "src/new.log"]


def test_a_folder_whose_only_name_was_replaced_is_known_by_the_record(layout: Layout) -> None:
    release(layout, ONE, {"run.py": "", "src/a.py": "1"})
    go_live(layout, ONE)
    standins.place(layout, ONE, SHARED)
    os.unlink(os.path.join(layout.base, "src/a.py"))
    Path(layout.base, "src/a.py").write_text("of the host")
    path = os.path.join(layout.base, "src")
    assert not standins.is_folder(path, "src")
    record = {
        "release": ONE,
        "sequence": 1,
        "state": "ready",
        "createdAt": "2026-11-29T10:00:00Z",
        "source": {"type": "directory"},
        "names": ["run.py", "src"],
        "files": 2,
        "bytes": 1,
        "folders": ["src"],
    }
    records.write(layout, ONE, record)
    assert standins.is_folder(path, "src")
    assert sharing.of_host(layout, record) == ["src/a.py"]


def test_in_a_folder_with_many_files_of_the_host_our_links_are_found(held: Layout) -> None:
    standins.place(held, ONE, SHARED)
    for name in range(3 * standins.LOOKED_AT):
        Path(held.base, "src", "document-%d" % name).write_text("")
    assert standins.is_folder(os.path.join(held.base, "src"), "src")


def test_directories_that_are_shared_are_made_where_their_folder_is(held: Layout) -> None:
    standins.place(held, ONE, SHARED)
    record = {"sharedPaths": ["src/data/", "src/file.json", "src/a.py/below/", "nowhere/data/", "src/rows.db/"]}
    sharing.make_directories(held, record)
    assert os.path.isdir(os.path.join(held.base, "src/data"))
    assert not os.path.lexists(os.path.join(held.base, "src/file.json"))
    assert not os.path.lexists(os.path.join(held.base, "nowhere"))


def test_a_release_has_links_to_what_is_shared_and_these_are_no_content(held: Layout) -> None:
    standins.place(held, ONE, SHARED)
    sharing.take_out(held, ONE, ["src/rows.db"])
    release(held, TWO, {"run.py": "", "src/a.py": "2", "src/deep/b.py": "2"})
    there = held.release(TWO)
    beside.link_shared(held, there, {"folders": ["src"], "sharedPaths": ["src/deep/later.json"]}, held.release(ONE))
    assert os.readlink(os.path.join(there, "src/rows.db")) == "../../../src/rows.db"
    assert os.readlink(os.path.join(there, "src/deep/later.json")) == "../../../../src/deep/later.json"
    found = tree.compare(there, ["run.py", "src"], tree.read_manifest(held.manifest(TWO)) or [])
    assert (found["missing"], found["modified"], found["extra"]) == ([], [], [])


@pytest.mark.parametrize("folder", ["releases", "current", ".hot-deploy/adopted", "a/../..", "", ".pinned-src"])
def test_a_record_that_names_what_is_ours_makes_no_folder_of_it(folder: str) -> None:
    assert Launcher("", b"", [folder]).shared == set()
