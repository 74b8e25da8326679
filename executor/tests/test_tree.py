"""Digests, records and comparisons of trees."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import tree
from hot_deploy.layout import Layout
from hot_deploy.tree import DIRECTORY, FILE, LINK, Entry

RELEASE = "20261123-171501-3f2a9c1"


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def grow(root: Path) -> list[Entry]:
    """A tree with one of everything; its entries."""
    (root / "src" / "empty").mkdir(parents=True)
    (root / "src" / "a.py").write_bytes(b"a")
    (root / "run.py").write_bytes(b"run")
    (root / "run.py").chmod(0o755)
    (root / "src" / "link").symlink_to("a.py")
    (root / "src" / "__pycache__").mkdir()
    (root / "src" / "__pycache__" / "a.pyc").write_bytes(b"")
    (root / "src" / "old.pyo").write_bytes(b"")
    return entries_of(root)


def entries_of(root: Path) -> list[Entry]:
    found = [tree.read_entry(str(root), path, status) for path, status in tree.walk(str(root), ["src", "run.py"])]
    return [entry for entry in found if entry is not None]


def compared(root: Path, entries: list[Entry]) -> dict[str, Any]:
    result = tree.compare(str(root), ["src", "run.py"], entries)
    return {**result, "intact": sorted(entry.path for entry in result["intact"])}


def test_a_tree_is_its_files_links_and_empty_directories(tmp_path: Path) -> None:
    rows = {entry.path: entry.row()[1:6] for entry in grow(tmp_path)}
    assert rows == {
        "run.py": [FILE, 0o555, 3, digest_of(b"run"), None],
        "src/a.py": [FILE, 0o444, 1, digest_of(b"a"), None],
        "src/link": [LINK, 0o777, 0, digest_of(b"a.py"), "a.py"],
        "src/empty": [DIRECTORY, 0o555, 0, "", None],
    }


def test_what_is_none_of_these_is_no_entry(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    [(path, status)] = tree.walk(str(tmp_path), ["pipe", "missing"])
    assert tree.read_entry(str(tmp_path), path, status) is None


def test_the_rule_of_the_digests() -> None:
    """Written out once more, for whoever changes it: the client has the same in TypeScript."""
    entries = [
        Entry("b", FILE, 0o444, digest="bb"),
        Entry("d/x", LINK, 0o777, digest="cc"),
        Entry("a", DIRECTORY, 0o555),
        Entry("d/\udcff", FILE, 0o555, digest="ee"),
    ]
    top = digest_of(b"d 555 - a\0f 444 bb b\0")
    below = digest_of(b"l 777 cc x\0" + "f 555 ee \ufffd\0".encode())
    assert tree.directory_digests(entries) == {"": top, "d": below}
    assert tree.content_digest(entries) == digest_of(("%s \0%s d\0" % (top, below)).encode())


def random_entries(chance: random.Random) -> list[Entry]:
    paths = {"/".join(chance.choices("abcd\u00e9\U0001f600\ue000", k=chance.randrange(1, 4))) for _ in range(8)}
    return [
        Entry(path, chance.choice([FILE, LINK, DIRECTORY]), chance.choice([0o444, 0o555]), digest=chance.choice("xy"))
        for path in sorted(paths)
    ]


def test_entries_come_in_the_order_in_which_they_are_digested(chance: random.Random) -> None:
    for _ in range(100):
        entries = random_entries(chance)
        ordered = tree.by_directory(chance.sample(entries, len(entries)))
        assert sorted(ordered, key=lambda entry: entry.path) == entries
        by_hand = [(os.path.dirname(entry.path).encode(), os.path.basename(entry.path).encode()) for entry in ordered]
        assert by_hand == sorted(by_hand)


def test_recorded_entries_that_are_kept_from_now_on_are_told_from_those_that_were(tmp_path: Path) -> None:
    entries = [Entry("a", FILE, 0o444), Entry("b", FILE, 0o444, kept=True), Entry("c", FILE, 0o444)]
    look = tree.Look(Layout(str(tmp_path)), None, None, entries).keep(["a", "b"])
    assert [entry.kept for entry in look.recorded] == [True, True, False]
    assert look.dropped == {"a"}


def test_the_digest_depends_on_every_field_and_on_no_order(chance: random.Random) -> None:
    for _ in range(200):
        entries = random_entries(chance)
        whole = tree.content_digest(entries)
        assert tree.content_digest(chance.sample(entries, len(entries))) == whole
        changed = chance.choice(entries)
        row = changed.row()
        for field, value in [("path", changed.path + "e"), ("type", "other"), ("mode", 0o400), ("digest", "z")]:
            other = Entry.from_row(row)
            setattr(other, field, value)
            assert tree.content_digest([other if entry is changed else entry for entry in entries]) != whole
        assert tree.content_digest([entry for entry in entries if entry is not changed]) != whole


def test_what_is_recorded_is_read_as_it_was(tmp_path: Path, chance: random.Random) -> None:
    place = str(tmp_path / "manifest.json")
    entries = random_entries(chance) + [Entry("l", LINK, 0o777, 0, "d", "t\udcff", True, [1, 2, 3])]
    tree.write_manifest(place, entries)
    again = tree.read_manifest(place)
    assert again is not None
    assert [entry.row() for entry in again] == [entry.row() for entry in entries]


ROW: list[Any] = ["a", FILE, 0o444, 1, "d", None, 0, None]


@pytest.mark.parametrize(
    "rows",
    [
        {},
        None,
        [7],
        [ROW[:7]],
        *([[*ROW[:place], value, *ROW[place + 1 :]]] for place, value in enumerate([7, "device", -1, 1.5, None, 7])),
        [ROW, [None] * 8],
    ],
)
def test_a_damaged_record_counts_as_none(tmp_path: Path, rows: Any) -> None:
    place = tmp_path / "manifest.json"
    place.write_text(json.dumps([ROW]))
    assert tree.read_manifest(str(place)) is not None
    place.write_text(json.dumps(rows))
    assert tree.read_manifest(str(place)) is None


def test_a_record_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    place = tmp_path / "manifest.json"
    whole = json.dumps([ROW, ROW])
    for length in range(len(whole)):
        place.write_text(whole[:length])
        assert tree.read_manifest(str(place)) is None


EVERYTHING = ["run.py", "src/a.py", "src/empty", "src/link"]


def test_an_untouched_tree_is_intact(tmp_path: Path) -> None:
    entries = grow(tmp_path)
    assert compared(tmp_path, entries) == {"modified": [], "missing": [], "extra": [], "intact": EVERYTHING}


def test_how_a_tree_differs_from_its_record(tmp_path: Path) -> None:
    entries = grow(tmp_path)
    (tmp_path / "src" / "a.py").write_bytes(b"b")
    (tmp_path / "src" / "link").unlink()
    (tmp_path / "src" / "new").write_bytes(b"")
    # Python imports that one only where no source of that name lies beside.
    (tmp_path / "src" / "a.pyc").write_bytes(b"")
    (tmp_path / "src" / "new.pyc").write_bytes(b"")
    expected = {
        "modified": ["src/a.py"],
        "missing": ["src/link"],
        "extra": ["src/new", "src/new.pyc"],
        "intact": ["run.py", "src/empty"],
    }
    assert compared(tmp_path, entries) == expected


def test_one_kind_in_place_of_another_is_a_change(tmp_path: Path) -> None:
    entries = grow(tmp_path)
    (tmp_path / "src" / "empty").rmdir()
    (tmp_path / "src" / "empty").write_bytes(b"")
    (tmp_path / "src" / "a.py").unlink()
    (tmp_path / "src" / "a.py").mkdir()
    (tmp_path / "src" / "link").unlink()
    (tmp_path / "src" / "link").write_bytes(b"a.py")
    (tmp_path / "run.py").chmod(0o644)
    assert compared(tmp_path, entries)["modified"] == EVERYTHING


def test_a_file_with_a_links_target_as_its_text_is_not_that_link() -> None:
    digest = digest_of(b"a.py")
    assert Entry("a", FILE, 0o777, digest=digest).content() != Entry("a", LINK, 0o777, digest=digest).content()


def test_content_is_read_again_only_where_the_stamp_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = grow(tmp_path)
    read: list[str] = []
    plain = tree.file_digest

    def counted(path: str, check: Any = None) -> str:
        read.append(os.path.basename(path))
        return plain(path, check)

    monkeypatch.setattr(tree, "file_digest", counted)
    assert compared(tmp_path, entries)["intact"] == EVERYTHING
    assert read == []
    os.utime(tmp_path / "src" / "a.py", ns=(0, 0))
    assert compared(tmp_path, entries)["intact"] == EVERYTHING
    assert read == ["a.py"]


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    entries = grow(tmp_path)
    place = tmp_path / "src" / "a.py"
    before = place.stat()
    place.write_bytes(b"b")
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert compared(tmp_path, entries)["modified"] == ["src/a.py"]


def test_reading_stops_when_nobody_is_left(tmp_path: Path) -> None:
    grow(tmp_path)

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tree.file_digest(str(tmp_path / "run.py"), check)


class TestLook:
    """Of a release with a record."""

    @pytest.fixture
    def release(self, layout: Layout) -> Path:
        made = Path(layout.release(RELEASE))
        made.mkdir()
        tree.write_manifest(layout.manifest(RELEASE), grow(made))
        return made

    def test_it_is_looked_at_once(self, layout: Layout, release: Path) -> None:
        look = tree.Look(layout, RELEASE, None)
        assert look.is_recorded
        assert sorted(entry.path for entry in look.intact) == EVERYTHING
        (release / "src" / "new").touch()
        look.look_again(unless_seconds=60)
        assert look.seen["extra"] == []
        look.look_again()
        assert look.seen["extra"] == ["src/new"]

    def test_without_a_record_everything_is_extra(self, layout: Layout, release: Path) -> None:
        os.unlink(layout.manifest(RELEASE))
        look = tree.Look(layout, RELEASE, None)
        assert not look.is_recorded
        assert look.seen["extra"] == EVERYTHING

    def test_without_a_release_nothing_is_seen(self, layout: Layout) -> None:
        assert tree.Look(layout, None, None).seen["extra"] == []
        assert tree.Look(layout, RELEASE, None, [Entry.from_row(ROW)]).seen["missing"] == ["a"]

    def test_a_preview_is_kept_by_its_paths(self) -> None:
        preview = tree.Preview([Entry("a", FILE, 0), Entry("b", FILE, 0, kept=True)]).keep({"a"})
        assert [(entry.path, entry.kept) for entry in preview.intact] == [("a", True), ("b", False)]


def test_what_a_newer_version_records_beside_is_written_again_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "manifest.json"
    rows = [[*ROW, {"xattrs": [1]}, "two"], ROW]
    place.write_text(json.dumps(rows))
    entries = tree.read_manifest(str(place))
    assert entries is not None
    tree.write_manifest(str(place), entries)
    assert json.loads(place.read_text()) == rows
    assert entries[0].content() == entries[1].content()


def test_what_goes_away_while_it_is_looked_at_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    for name in ("a", "b"):
        (tmp_path / "src" / name).write_bytes(b"")
    scandir = os.scandir

    def removing(fd: int) -> Any:
        with scandir(fd) as children:
            found = list(children)
        (tmp_path / "src" / "a").unlink()
        return contextlib.nullcontext(found)

    monkeypatch.setattr(os, "scandir", removing)
    assert [path for path, _ in tree.walk(str(tmp_path), ["src"])] == ["src/b"]


def test_a_directory_that_only_bytecode_is_in_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    (tmp_path / "src" / "inner").mkdir()
    assert [path for path, _ in tree.walk(str(tmp_path), ["src"])] == ["src/inner"]
