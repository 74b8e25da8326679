"""Writing in one step, copying, and removing."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import files


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def test_a_reader_finds_the_old_or_the_new_and_never_half(tmp_path: Path) -> None:
    place = str(tmp_path / "file")
    contents = [bytes([number]) * 100_000 for number in range(2)]
    files.write_atomically(place, contents[0], sync=False)
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with open(place, "rb") as handle:
                seen.add(handle.read())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        files.write_atomically(place, contents[number % 2], sync=False)
    done.set()
    reader.join()
    assert seen <= set(contents)
    assert names(tmp_path) == ["file"]


def test_it_is_on_the_disk_before_it_has_its_name_and_its_name_is_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    rename, fsync = os.rename, os.fsync

    def renamed(*arguments: Any) -> None:
        steps.append("rename")
        rename(*arguments)

    def synced(fd: int) -> None:
        steps.append("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        fsync(fd)

    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(os, "fsync", synced)
    files.write_atomically(str(tmp_path / "file"), b"content")
    assert steps == ["file", "rename", "directory"]


def test_what_can_not_be_written_leaves_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"old")
    full = OSError(errno.ENOSPC, "full")

    def refuse(*_arguments: Any) -> None:
        raise full

    for step in ("fsync", "rename", "write"):
        with monkeypatch.context() as patched:
            patched.setattr(os, step, refuse)
            with pytest.raises(OSError, match="full"):
                files.write_atomically(str(place), b"new")
        assert (names(tmp_path), place.read_bytes()) == (["file"], b"old")


def test_modes_and_long_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: plain(fd, content[:1000]))
    content = os.urandom(12_345)
    files.write_atomically(str(tmp_path / "file"), content, 0o600)
    assert (tmp_path / "file").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    place = str(tmp_path / "file.json")
    assert files.read_json(place) is None
    assert files.read_json(place + "/below") is None
    files.write_json(place, {"a": ["é\udcff", None]})
    assert files.read_json(place) == {"a": ["é\udcff", None]}
    assert files.read_json(place + "/below") is None
    for content in (b'{"a":', b"\xff", b"", b"[" * 100_000):
        Path(place).write_bytes(content)
        assert files.read_json(place) is None


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (0, True),
        (1 << 52, True),
        (1 << 53, False),
        (-1, False),
        (True, False),
        (1.0, False),
        ("1", False),
        (None, False),
    ],
)
def test_counts(value: object, is_one: bool) -> None:
    assert files.is_count(value) is is_one


def test_text_is_read_of_regular_files_only(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a\xff")
    (tmp_path / "link").symlink_to("text")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(files.LARGEST_TEXT + 1))
    assert files.read_text(str(tmp_path / "text")) == "a\ufffd"
    for name in ("link", "pipe", "large", "missing", "."):
        assert files.read_text(str(tmp_path / name)) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_text_is_decoded_by_its_mark(tmp_path: Path, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    (tmp_path / "text").write_bytes(mark + "--find-links wheels\n€ 💡\n".encode(encoding))
    assert files.read_text(str(tmp_path / "text")) == "--find-links wheels\n€ 💡\n"


def test_text_that_is_longer_in_utf_8_than_a_text_may_be_is_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(("€" * (files.LARGEST_TEXT // 2 - 1)).encode("utf-16"))
    assert files.read_text(str(tmp_path / "text")) is None


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A directory and a link."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "inside").touch()
    (tmp_path / "link").symlink_to("elsewhere")
    return tmp_path / "directory", tmp_path / "link"


def test_two_names_are_swapped(two: tuple[Path, Path]) -> None:
    directory, link = two
    assert files.exchange(str(directory), str(link)) is True
    assert os.readlink(directory) == "elsewhere"
    assert names(link) == ["inside"]


def test_a_missing_name_is_an_error_that_names_it(two: tuple[Path, Path]) -> None:
    missing = str(two[0]) + "-missing"
    with pytest.raises(FileNotFoundError) as raised:
        files.exchange(missing, str(two[1]))
    assert raised.value.filename == missing
    assert os.readlink(two[1]) == "elsewhere"


class OldLibc:
    """A C library or kernel that can't."""

    def __init__(self, number: int) -> None:
        self._number = number

    def renameat2(self, *_arguments: Any) -> int:
        ctypes.set_errno(self._number)
        return -1


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV])
def test_where_nothing_can_be_swapped_it_says_so(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(files, "_libc", OldLibc(number))
    assert files.exchange("a", "b") is False
    monkeypatch.setattr(files, "_libc", object())
    assert files.exchange("a", "b") is False


def test_a_refusal_is_not_taken_for_an_inability(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_libc", OldLibc(errno.EACCES))
    with pytest.raises(PermissionError):
        files.exchange("a", "b")


def test_a_link_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, aside = tmp_path / "current", tmp_path / "aside"
    aside.mkdir()
    for target in ("releases/a", "releases/b"):
        files.replace_link(str(place), target, str(aside))
        assert os.readlink(place) == target
    place.unlink()
    place.mkdir()
    with pytest.raises(IsADirectoryError):
        files.replace_link(str(place), "releases/c", str(aside))
    assert names(aside) == []
    given: list[Any] = []
    monkeypatch.setattr(os, "lchown", lambda *arguments: given.append(arguments[1:]))
    files.replace_link(str(tmp_path / "owned"), "x", str(aside), (1, 2))
    assert given == [(1, 2)]


def copied(source: Path, target: Path, size: int) -> int:
    with open(source, "rb") as reading, open(target, "wb") as writing:
        return files.copy_content(reading.fileno(), writing.fileno(), size)


@pytest.mark.parametrize("size", [0, 1, files.SMALL, files.SMALL + 1, 3_000_000])
@pytest.mark.parametrize("kernel", ["copies", "can't", "has nothing"])
def test_content_is_copied_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, kernel: str) -> None:
    def refuse(*_arguments: Any) -> int:
        raise OSError(errno.EXDEV, "not here")

    if kernel == "can't":
        monkeypatch.setattr(os, "copy_file_range", refuse)
    elif kernel == "has nothing":
        monkeypatch.delattr(os, "copy_file_range")
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(size))
    assert copied(source, target, size) == size
    assert target.read_bytes() == source.read_bytes()
    # One that became shorter meanwhile.
    assert copied(source, target, size + 1) == size


def test_a_copy_that_fails_is_not_started_again_by_other_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    (tmp_path / "source").write_bytes(bytes(files.SMALL + 1))
    with pytest.raises(OSError, match="broken"):
        copied(tmp_path / "source", tmp_path / "target", files.SMALL + 1)


def test_a_tree_is_read_only_and_can_be_removed_all_the_same(tmp_path: Path) -> None:
    root = tmp_path / "release"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").touch()
    outside = tmp_path / "outside"
    outside.touch(0o666)
    (root / "link").symlink_to(outside)
    files.make_read_only(str(root))
    for place in (root, root / "src", root / "src" / "a.py"):
        assert place.stat().st_mode & 0o222 == 0
    assert outside.stat().st_mode & 0o200
    files.remove_tree(str(root))
    assert names(tmp_path) == ["outside"]


def test_its_directories_are_made_writable_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen by the calls: root, who may run this, can remove everything."""
    root = tmp_path / "release"
    (root / "src").mkdir(parents=True)
    (root / "src" / "a.py").touch()
    files.make_read_only(str(root))
    made: list[tuple[str, int]] = []
    chmod = os.chmod

    def changed(path: str, mode: int) -> None:
        made.append((path, mode))
        chmod(path, mode)

    monkeypatch.setattr(os, "chmod", changed)
    files.remove_tree(str(root))
    assert made == [(str(root), 0o755), (str(root / "src"), 0o755)]


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        files.remove_tree(str(tmp_path / name))
    assert names(tmp_path) == ["kept"]


def test_what_is_missing_is_removed_already(tmp_path: Path) -> None:
    files.remove_tree(str(tmp_path / "missing"))


def test_a_file_system_is_synced(tmp_path: Path) -> None:
    files.sync_file_system(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        files.sync_file_system(str(tmp_path / "missing"))


def test_what_fails_on_the_way_to_the_disk_is_told_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    monkeypatch.setattr(files, "sync_file_system", fail)
    flushing = files.Flushing("/app")
    with pytest.raises(OSError, match="/app") as raised:
        flushing.wait()
    assert raised.value.errno == errno.EIO


def test_what_is_being_written_to_the_disk_is_there_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(files, "sync_file_system", synced.append)
    files.Flushing(str(tmp_path)).wait()
    assert synced == [str(tmp_path)]
