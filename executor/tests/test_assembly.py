"""What is done beside something else while a release is put together, and that none of it is left behind."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from hot_deploy import assembly, beside, comparing, copying, files, tree
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout

LIVE, NEW = "20261123-171501-3f2a9c1", "20261123-171502-4a2a9c1"
WORTH_A_PROCESS = 100
FILES = 2 * WORTH_A_PROCESS
CONTENT = b"new"


def nothing() -> None:
    """For a step that nobody stops."""


@pytest.fixture
def made(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> assembly.Assembly:
    """A release of enough unchanged files for two processes, and a new one."""
    monkeypatch.setattr(copying, "WORTH_A_PROCESS", WORTH_A_PROCESS)
    release = Path(layout.release(LIVE))
    for number in range(FILES):
        place = release / ("d%d" % (number % 20)) / ("%d.txt" % number)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"%d" % number)
    found = [
        tree.read_entry(str(release), path, status) for path, status in tree.walk(str(release), os.listdir(release))
    ]
    live = [entry for entry in found if entry is not None]
    rows = [entry.row()[:6] for entry in live]
    rows.append(["run.py", "file", 0o444, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), None])
    return assembly.Assembly(layout, NEW, LIVE, live, comparing.checked_entries(rows), [])


def copied(made: assembly.Assembly) -> int:
    return sum(len(names) for _, _, names in os.walk(made.staging))


def refuse_children() -> None:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_unchanged_files_are_copied_while_content_is_waited_for(made: assembly.Assembly) -> None:
    def take() -> bytes:
        deadline = time.monotonic() + 30
        while copied(made) < FILES // 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert copied(made) >= FILES // 4
        return CONTENT

    carried = made.complete(made.receive(take, None), nothing)
    assert (carried, copied(made)) == (set(), FILES + 1)
    assert all(entry.stamp for entry in made.entries)
    refuse_children()


def test_no_copying_goes_on_when_what_comes_is_refused(made: assembly.Assembly) -> None:
    with pytest.raises(StepFailed) as raised:
        made.receive(lambda: b"old", None)
    assert raised.value.as_json()["kind"] == "sourceChanged"
    refuse_children()


def test_no_copying_goes_on_when_the_rest_is_stopped(made: assembly.Assembly) -> None:
    received = made.receive(lambda: CONTENT, None)

    def stop() -> None:
        raise StepFailed("stopped")

    with pytest.raises(StepFailed):
        made.complete(received, stop)
    refuse_children()


def test_a_release_is_not_placed_before_it_was_tried_to_write_it_to_the_disk(
    made: assembly.Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def fail(path: str) -> None:
        synced.append(path)
        time.sleep(0.2)
        raise OSError(5, "Input/output error", path)

    monkeypatch.setattr(files, "sync_file_system", fail)
    carried = made.complete(made.receive(lambda: CONTENT, None), nothing)
    monkeypatch.setattr(beside, "link", lambda *_: None)
    with pytest.raises(OSError, match="Input/output error"):
        made.place(carried, nothing)
    assert synced == [made.staging]


def test_directories_are_frozen_but_for_those_with_files_of_nobody(tmp_path: Path) -> None:
    for path in ("a/b", "kept/inner", "c/__pycache__"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/")
    assembly._freeze_directories(str(tmp_path), {"kept"})
    modes = {
        path: (tmp_path / path).stat().st_mode & 0o222
        for path in ("", "a", "a/b", "kept", "kept/inner", "c/__pycache__")
    }
    assert modes == {"": 0o200, "a": 0, "a/b": 0, "kept": 0o200, "kept/inner": 0, "c/__pycache__": 0}
