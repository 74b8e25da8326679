"""Names and paths that a client may give, and where they lead."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from hot_deploy import contract
from hot_deploy import layout as paths
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout
from hot_deploy.shapes import Misshapen, parser

RELEASE = "20261123-171501-3f2a9c1"


@pytest.mark.parametrize("base", ["", "app", "./app", "/a\0b", "/", "//", "/.", "/app/..", 7, None])
def test_a_base_path_is_absolute_and_not_the_root(base: object) -> None:
    _, form = contract.VERBS["list"]
    with pytest.raises(Misshapen):
        parser(form)({"basePath": base}, "list")


def test_a_path_within_is_known_by_each_spelling_of_the_base_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    layout = Layout(str(tmp_path / "link"))
    assert layout.within(str(tmp_path / "real/src/a.py")) == "src/a.py"
    assert layout.within(str(tmp_path / "link/src")) == "src"
    assert layout.within(str(tmp_path / "real2/src")) is None


def test_a_base_path_does_not_lead_to_the_root(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(StepFailed, match="basePathIsRoot"):
        Layout(str(tmp_path / "link"))


def test_a_base_path_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    layout = Layout(str(tmp_path / "link"))
    assert (layout.given, layout.base) == (str(tmp_path / "link"), str(tmp_path / "real"))


@pytest.mark.parametrize(
    "path",
    [
        "run.py",
        "src/a/b.py",
        "a b",
        "-rf",
        "..a",
        "a../b",
        "src/current",
        "src/.hot-deploy",
        "é\n",
        "/".join("a" * 250),
    ],
)
def test_a_path_inside_is_as_it_was(path: str) -> None:
    assert paths.checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc",
        ".",
        "..",
        "../x",
        "a/..",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        "a\0b",
        "a/b\0",
        "current",
        "current/x",
        "releases/x",
        "environments",
        "backups/x",
        ".hot-deploy/history.jsonl",
        "/".join("a" * 251),
        7,
        None,
        ["a"],
        b"a",
    ],
)
def test_any_other_path_is_refused(path: object) -> None:
    with pytest.raises(StepFailed):
        paths.checked_path(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0", "current", "releases", 7, None])
def test_a_name_is_one_name(name: object) -> None:
    with pytest.raises(StepFailed):
        paths.checked_name(name)


@pytest.mark.parametrize("release", ["", "..", RELEASE + "/..", RELEASE + "\n", "x" + RELEASE, RELEASE + "-", None, 7])
def test_a_release_is_known_by_its_id(layout: Layout, release: str) -> None:
    for place in (layout.release, layout.record, layout.manifest):
        with pytest.raises(StepFailed):
            place(release)


@pytest.mark.parametrize("name", ["", "../x.tar.gz", "a/b.tar", ".x.tar", "-x.tar", "x.zip", "x.tar.gz\n", None])
def test_a_backup_is_an_archive_of_that_directory(layout: Layout, name: str) -> None:
    with pytest.raises(StepFailed):
        layout.backup(name)


def test_a_backup_may_have_a_name_of_its_own(layout: Layout) -> None:
    assert layout.backup("before-1.2.tgz") == os.path.join(layout.backups, "before-1.2.tgz")


@pytest.mark.parametrize(
    ("path", "target"),
    [("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d"), ("a/b", ".."), ("a", "b/../c"), ("a", "./b"), ("a", "b//c")],
)
def test_a_link_inside_is_as_it_was(path: str, target: str) -> None:
    assert paths.checked_link(path, target) == target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("a", ""),
        ("a", "/etc"),
        ("a", ".."),
        ("a", "../a"),
        ("a/b", "../../c"),
        ("a", "b/../../c/d/e"),
        ("a", "b\0"),
        ("a", None),
        ("a", 7),
    ],
)
def test_a_link_that_leads_outside_is_refused(path: str, target: object) -> None:
    with pytest.raises(StepFailed):
        paths.checked_link(path, target)


def test_links_lead_where_the_kernel_takes_them(chance: random.Random, tmp_path: Path) -> None:
    """Random trees of links are refused exactly if one of them, followed by the kernel, leaves the tree or loops."""
    outcomes = set()
    for number in range(150):
        # The tree lies deep, so that what leaves it is still in a place where it can be seen.
        root = tmp_path / ("%d/above/above" % number) / "tree"
        root.mkdir(parents=True)
        for directory in ("a/b", "c", "b", "a/a"):
            (root / directory).mkdir(parents=True)
        links = {}
        for path in chance.sample(["x", "y", "a/x", "a/b/x", "c/y"], 3):
            links[path] = "/".join(chance.choices(["..", "a", "b", "x", "y", "."], k=chance.randrange(1, 5)))
            (root / path).symlink_to(links[path])
        try:
            paths.refuse_leaving_links(links)
            refused = False
        except StepFailed:
            refused = True
        outcomes.add(refused)
        # What leads nowhere is followed in text only, so that it may be refused, too; never the other way round.
        if not refused:
            for path in links:
                try:
                    real = (root / path).resolve(strict=True)
                except FileNotFoundError:
                    continue
                assert str(real).startswith(str(root)), links
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    "links",
    [
        {"a/up": "..", "x": "a/up/.."},
        {"x": "y", "y": "x"},
        {"x": "x"},
        {"d": ".", "x": "d/d/d/.."},
        {"a/b/l": "../..", "x": "a/b/l/../e"},
    ],
)
def test_a_link_that_leaves_through_another_is_refused(links: dict[str, str]) -> None:
    for path, target in links.items():
        paths.checked_link(path, target)  # One by one, each of them looks fine.
    with pytest.raises(StepFailed):
        paths.refuse_leaving_links(links)


def test_so_many_links_as_the_kernel_follows_are_followed() -> None:
    def chain(length: int) -> dict[str, str]:
        return {"l%d" % number: "l%d" % (number + 1) for number in range(length)}

    paths.refuse_leaving_links(chain(40))
    with pytest.raises(StepFailed):
        paths.refuse_leaving_links(chain(41))


def test_the_same_second_and_content_give_another_id(layout: Layout) -> None:
    digest = "3f2a9c1" + "0" * 57
    ids = []
    for number in range(3):
        ids.append(layout.new_release_id("20261123-171501", digest))
        # A record without its release, as a crash leaves it, counts as well.
        os.mkdir(layout.release(ids[-1])) if number else Path(layout.record(ids[-1])).touch()
    assert ids == [RELEASE, RELEASE + "-2", RELEASE + "-3"]


def test_a_link_in_place_of_a_directory_of_ours_is_refused(layout: Layout, tmp_path: Path) -> None:
    layout.refuse_links()
    for place in (layout.aside, layout.lock, layout.history, os.path.join(layout.releases, RELEASE)):
        os.symlink(str(tmp_path), place)
        with pytest.raises(StepFailed):
            layout.create()
        os.unlink(place)
    layout.create()


def test_what_current_names(layout: Layout) -> None:
    assert (layout.current_release(), layout.foreign_current()) == (None, None)
    os.symlink("releases/" + RELEASE, layout.current)
    assert (layout.current_release(), layout.foreign_current(), layout.standing_release()) == (RELEASE, None, RELEASE)


@pytest.mark.parametrize(
    "target",
    ["releases/..", "releases/etc", "releases/../etc", "releases/" + RELEASE + "/x", RELEASE, "/releases/" + RELEASE],
)
def test_a_link_that_names_no_release_is_foreign(layout: Layout, target: str) -> None:
    os.symlink(target, layout.current)
    assert (layout.foreign_current(), layout.standing_release()) == (target, None)
    with pytest.raises(StepFailed):
        layout.current_release()


def test_what_is_no_link_is_foreign(layout: Layout) -> None:
    os.mkdir(layout.current)
    assert layout.foreign_current() == "directory"
    os.rmdir(layout.current)
    Path(layout.current).touch()
    assert layout.foreign_current() == "file"
    with pytest.raises(StepFailed):
        layout.current_release()


def test_deployed_names_are_without_what_lies_beside(tmp_path: Path) -> None:
    for name in ("src", "__pycache__"):
        (tmp_path / name).mkdir()
    (tmp_path / "run.py").touch()
    (tmp_path / ".venv").symlink_to("../../environments/x")
    (tmp_path / "data").symlink_to("../../data")
    (tmp_path / "other").symlink_to("../../data")
    assert paths.deployed_names(str(tmp_path)) == ["other", "run.py", "src"]


def test_parents_and_names() -> None:
    assert list(paths.parents("a/b/c")) == ["a/b", "a"]
    assert list(paths.parents("a")) == []
    assert paths.names_in(["b/x", "a", "b"]) == ["a", "b"]


def test_what_is_made_is_given_to_the_owner(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, int, int]] = []
    monkeypatch.setattr(os, "lchown", lambda *arguments: given.append(arguments))
    release = layout.release(RELEASE)
    os.makedirs(os.path.join(release, "src"))
    Path(release, "src", "a").touch()
    layout.give(release)
    layout.give_tree(release)
    assert given == []
    layout.owner = (1, 2)
    layout.give(layout.base)
    layout.give_tree(release)
    places = [layout.base, os.path.join(release, "src"), os.path.join(release, "src", "a"), release]
    assert given == [(place, 1, 2) for place in places]
