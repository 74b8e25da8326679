"""What is said of an engine while somebody else changes it: whoever looks takes no lock."""

from __future__ import annotations

import os
from pathlib import Path

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
