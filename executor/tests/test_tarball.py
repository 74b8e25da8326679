"""Archives that are written by hand: Python's own reader, and tar, find in them what was there."""

from __future__ import annotations

import gzip
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from hot_deploy import tarball, tree
from hot_deploy.failures import StepFailed

MODIFIED = 1_700_000_000


def pack(root: Path, target: Path) -> Path:
    fd = os.open(target, os.O_WRONLY | os.O_CREAT)
    try:
        packed = tarball.Tarball(fd)
        packed.add_tree(str(root), sorted(tree.walk(str(root), os.listdir(root))))
        packed.finish()
    finally:
        os.close(fd)
    return target


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as opened:
        return {member.name: member for member in opened}


def content(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as opened:
        found = opened.extractfile(name)
        assert found is not None
        return found.read()


def test_it_holds_files_links_and_empty_directories(tmp_path: Path) -> None:
    root = tmp_path / "release"
    (root / "src" / "empty").mkdir(parents=True)
    (root / "src" / "a.py").write_bytes(b"a" * 700)
    (root / "src" / "a.py").chmod(0o444)
    os.utime(root / "src" / "a.py", (MODIFIED, MODIFIED + 0.5))
    (root / "src" / "nothing").write_bytes(b"")
    (root / "src" / "link").symlink_to("a.py")
    os.mkfifo(root / "pipe")
    archive = pack(root, tmp_path / "a.tar.gz")
    found = members(archive)
    assert sorted(found) == ["src/a.py", "src/empty", "src/link", "src/nothing"]
    file = found["src/a.py"]
    assert (file.mode, file.size, file.mtime, file.isreg()) == (0o644, 700, MODIFIED, True)
    assert (file.uid, file.gid, file.uname, file.gname) == (0, 0, "", "")
    assert found["src/empty"].isdir()
    assert (found["src/link"].issym(), found["src/link"].linkname) == (True, "a.py")
    assert (content(archive, "src/a.py"), content(archive, "src/nothing")) == (b"a" * 700, b"")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("n" * 100, "t" * 100),
        ("n" * 101, "t" * 101),
        ("d" * 90 + "/" + "n" * 200, "t" * 300),
        ("Größe/名.py", "Größe"),
        ("a b\\c\nd", "x y"),
    ],
)
def test_names_of_any_length_and_script_come_back(tmp_path: Path, name: str, target: str) -> None:
    root = tmp_path / "release"
    (root / name).parent.mkdir(parents=True)
    (root / name).write_bytes(b"here")
    (root / "link").symlink_to(target)
    (root / ("e" * 99) / "x").mkdir(parents=True)
    (root / ("e" * 100)).mkdir()
    archive = pack(root, tmp_path / "a.tar.gz")
    found = members(archive)
    assert sorted(found) == sorted([name, "link", "e" * 99 + "/x", "e" * 100])
    assert (content(archive, name), found["link"].linkname) == (b"here", target)
    assert found["e" * 99 + "/x"].isdir()
    assert found["e" * 100].isdir()
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path / "out")], check=True)
    assert (tmp_path / "out" / name).read_bytes() == b"here"


def test_a_header_is_what_python_itself_writes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.utime(tmp_path / "file", (MODIFIED, MODIFIED))
    for kind, size, target in ((tarball.REGULAR, 12345, ""), (tarball.DIRECTORY, 0, ""), (tarball.LINK, 0, "b/c")):
        member = tarfile.TarInfo("src/a.py")
        member.mode, member.mtime, member.size, member.type = 0o644, MODIFIED, size, kind
        member.linkname = target
        found = tarfile.TarInfo.frombuf(
            tarball.header("src/a.py", os.lstat(tmp_path / "file"), kind, size, target), "utf-8", "strict"
        )
        assert {**found.get_info(), "chksum": 0} == member.get_info()


def test_the_numbers_that_a_header_cannot_hold_are_written_as_pax_has_them(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"")
    for modified in (-5, 8**11):
        os.utime(place, (modified, modified))
        assert len(tarball.header("file", os.lstat(place), tarball.REGULAR, 0)) > tarball.BLOCK
    os.utime(place, (MODIFIED, MODIFIED))
    assert len(tarball.header("file", os.lstat(place), tarball.REGULAR, 8**11)) > tarball.BLOCK
    assert len(tarball.header("file", os.lstat(place), tarball.REGULAR, 8**11 - 1)) == tarball.BLOCK


def test_large_files_are_packed_in_pieces(tmp_path: Path) -> None:
    root = tmp_path / "release"
    root.mkdir()
    large = os.urandom(3 * tarball.LARGEST_READ + 17)
    (root / "large").write_bytes(large)
    (root / "small").write_bytes(b"small")
    archive = pack(root, tmp_path / "a.tar.gz")
    assert (content(archive, "large"), content(archive, "small")) == (large, b"small")


def test_the_same_tree_gives_the_same_archive(tmp_path: Path) -> None:
    root = tmp_path / "release"
    root.mkdir()
    (root / "a").write_bytes(b"a")
    first, second = pack(root, tmp_path / "1.tar.gz"), pack(root, tmp_path / "2.tar.gz")
    assert first.read_bytes() == second.read_bytes()
    assert len(gzip.decompress(first.read_bytes())) % tarball.BLOCK == 0


def test_a_file_that_becomes_shorter_meanwhile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "release"
    root.mkdir()
    (root / "a").write_bytes(b"a")
    monkeypatch.setattr(os, "read", lambda _fd, _size: b"")
    with pytest.raises(StepFailed) as raised:
        pack(root, tmp_path / "a.tar.gz")
    assert raised.value.as_json() == {"kind": "changedWhileCopied", "facts": {"path": "a"}}
