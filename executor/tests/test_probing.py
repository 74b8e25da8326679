"""What is said of an engine while somebody else changes it: whoever looks takes no lock."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from hot_deploy import history, probing
from hot_deploy.history import Standing
from hot_deploy.layout import Layout
from hot_deploy.tree import Look

RELEASE = "20261123-171501-aaaaaaa"


def nothing_to_look_at(_release: str) -> Look:
    raise AssertionError("no release is there")


@pytest.mark.parametrize("goes", ["comes", "goes"])
def test_no_engine_is_lost_while_its_first_release_comes_or_its_last_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes: str
) -> None:
    base = tmp_path / "app"
    base.mkdir()
    (base / ".hot-deploy").mkdir()
    layout = Layout(str(base))

    def come() -> None:
        (base / "releases" / RELEASE / "src").mkdir(parents=True)
        os.symlink("releases/" + RELEASE, base / "current")
        os.symlink("current/src", base / "src")
        told.append({"at": "t", "event": "flip", "to": RELEASE, "from": None, "sequence": 1})
        told.append({"at": "t", "event": "confirmed", "to": RELEASE, "from": None})

    def go() -> None:
        (base / "src").unlink()
        (base / "current").unlink()
        (base / "releases" / RELEASE / "src").rmdir()
        (base / "releases" / RELEASE).rmdir()
        told.clear()

    told: list[dict[str, object]] = []
    if goes == "goes":
        come()
    change = [come if goes == "comes" else go]

    def standing(_layout: Layout, current: str | None) -> Standing:
        if change:
            change.pop()()
        return Standing(iter(told), current)

    monkeypatch.setattr(history, "standing", standing)
    monkeypatch.setattr(probing, "live", lambda *_: None)
    found = probing.standing(layout, nothing_to_look_at if goes == "goes" else lambda _: Look.__new__(Look))
    assert found["lost"] is None
    assert found["current"] == (RELEASE if goes == "comes" else None)


def test_files_that_a_running_engine_makes_and_removes_beside_itself_keep_nobody_from_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them goes at the moment that is worst: after its directory was listed, or after it was found to be a link."""
    base = tmp_path / "app"
    base.mkdir()
    (base / "run.py").write_text("print(1)\n")

    def make() -> None:
        (base / "out.tmp").write_text("half of it")
        os.symlink("out.tmp", base / "latest")
        (base / "job").mkdir()

    def remove() -> None:
        for name in ("out.tmp", "latest"):
            (base / name).unlink(missing_ok=True)
        if (base / "job").exists():
            (base / "job").rmdir()

    layout = Layout(str(base))
    calls = {name: getattr(os, name) for name in ("scandir", "listdir", "lstat", "readlink")}
    calls.update({"islink": os.path.islink, "isdir": os.path.isdir})
    for name, real in calls.items():

        def goes(*args: Any, real: Callable[..., Any] = real, name: str = name, **options: Any) -> Any:
            found = real(*args, **options)
            if found and args and str(args[0]).startswith(str(base)):
                # The kernel tells the names as they are asked for: all of them, before any goes.
                found = contextlib.nullcontext(list(found)) if name == "scandir" else found
                remove()
            return found

        make()
        with monkeypatch.context() as patched:
            patched.setattr(os.path if name.startswith("is") else os, name, goes)
            seen = probing.probe(layout, nothing_to_look_at)
        remove()
        assert {"name": "run.py", "type": "file"} in seen["names"]
        assert seen["current"] is None
