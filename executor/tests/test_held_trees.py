"""Trees that somebody else may change meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hot_deploy import held_trees


@pytest.fixture
def above(tmp_path: Path) -> int:
    return os.open(tmp_path, held_trees.DIRECTORY)


def deep_tree(top: Path, depth: int) -> None:
    top.mkdir()
    fd = os.open(top, held_trees.DIRECTORY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=fd)
        deeper = held_trees.open_directory("d", fd)
        os.close(fd)
        fd = deeper
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def test_a_tree_deeper_than_the_stack_and_the_descriptors_is_removed(tmp_path: Path, above: int) -> None:
    deep_tree(tmp_path / "tree", 3000)
    open_before = len(os.listdir("/proc/self/fd"))
    held_trees.remove("tree", above)
    assert not (tmp_path / "tree").exists()
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_link_in_the_place_of_a_tree_is_removed_and_what_it_leads_to_stays(tmp_path: Path, above: int) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("kept")
    (tmp_path / "tree").symlink_to("other")
    held_trees.remove("tree", above)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "link").symlink_to("../other")
    (tmp_path / "tree" / "inner").mkdir()
    (tmp_path / "tree" / "inner" / "link").symlink_to("../../other")
    held_trees.remove("tree", above)
    assert sorted(os.listdir(tmp_path)) == ["other"]
    assert (tmp_path / "other" / "file").read_text() == "kept"


def test_pipes_wide_directories_and_read_only_ones_are_removed(tmp_path: Path, above: int) -> None:
    for name in ("a", "b"):
        (tmp_path / "tree" / name / "inner").mkdir(parents=True)
        for number in range(300):
            (tmp_path / "tree" / name / ("file%d" % number)).touch()
        os.mkfifo(tmp_path / "tree" / name / "pipe")
        (tmp_path / "tree" / name / "inner").chmod(0o500)
        (tmp_path / "tree" / name).chmod(0o000)
    held_trees.remove("tree", above)
    held_trees.remove("tree", above)
    assert os.listdir(tmp_path) == []


def test_where_somebody_goes_on_making_names_removal_ends(
    tmp_path: Path, above: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_trees, "REMOVAL_SECONDS", 0.2)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").touch()
    flatten = held_trees._flatten

    def and_again(top: int) -> None:
        flatten(top)
        (tmp_path / "tree" / "again").mkdir()

    monkeypatch.setattr(held_trees, "_flatten", and_again)
    with pytest.raises(OSError, match="not empty"):
        held_trees.remove("tree", above)


def test_files_are_found_without_links_and_as_deep_as_paths_may_be(tmp_path: Path, above: int) -> None:
    deep_tree(tmp_path / "tree", 260)
    (tmp_path / "tree" / "a").mkdir()
    (tmp_path / "tree" / "a" / "b.txt").write_text("12345")
    (tmp_path / "tree" / "link").symlink_to("a")
    os.mkfifo(tmp_path / "tree" / "pipe")
    (tmp_path / "tree" / os.fsdecode(b"\xff.txt")).write_text("1")
    top = held_trees.open_directory("tree", above)
    found = dict(held_trees.regular_files(top, 10))
    assert found == {"a/b.txt": 5, "\udcff.txt": 1}
    assert [size for _, size in held_trees.regular_files(top, 1)].count(None) == 1


def test_no_path_leads_up_or_through_a_link(tmp_path: Path, above: int) -> None:
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "link").symlink_to("a")
    top = held_trees.open_directory("tree", above)
    os.close(held_trees.open_below(top, "a"))
    for path in ("..", "a/..", "link", "a//", "./a", "/etc"):
        with pytest.raises(OSError):
            held_trees.open_below(top, path)


def test_a_directory_that_somebody_put_into_a_new_ones_place_is_not_taken(
    tmp_path: Path, above: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    made = os.mkdir

    def replaced(name: str, mode: int, dir_fd: int) -> None:
        made(name, mode, dir_fd=dir_fd)
        os.rmdir(tmp_path / name)
        os.symlink("theirs", tmp_path / name)

    monkeypatch.setattr(os, "mkdir", replaced)
    with pytest.raises(OSError):
        held_trees.make_directory("new", above, 0o700)
