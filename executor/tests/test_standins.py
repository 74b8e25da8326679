"""What stands in the base path for deployed names, told from the engine's own directories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hot_deploy import standins


def test_of_a_tree_of_documents_only_the_beginning_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in "abcd":
        for second in "abcd":
            for third in "abcd":
                (tmp_path / "data" / first / second / third / "e").mkdir(parents=True)
    looked: list[str] = []
    scandir = os.scandir

    def counted(path: str) -> Any:
        looked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    assert not standins.is_folder(str(tmp_path / "data"), "data")
    # And once at what the live release has under that name.
    assert len(looked) <= standins.MOST_DIRECTORIES + 1


def test_a_folder_is_known_by_a_link_or_launcher_however_far_below(tmp_path: Path) -> None:
    folder = tmp_path / "scripts" / "deep" / "deeper"
    folder.mkdir(parents=True)
    assert not standins.is_folder(str(tmp_path / "scripts"), "scripts")
    (folder / "link").symlink_to("../../../current/scripts/deep/deeper/other")
    assert not standins.is_folder(str(tmp_path / "scripts"), "scripts")
    (folder / "other").symlink_to("../../../current/scripts/deep/deeper/other")
    assert standins.is_folder(str(tmp_path / "scripts"), "scripts")
    (folder / "other").unlink()
    (folder / "run.py").write_text("#!/usr/bin/env python3\n# hot-deploy launcher 4\n")
    assert standins.is_folder(str(tmp_path / "scripts"), "scripts")
