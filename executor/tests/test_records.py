"""Records and manifests of a newer version keep what this one doesn't know, whatever is done with them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hot_deploy
from hot_deploy import adoption, files, records, repairing, tree, verbs_keeping, verbs_switching
from hot_deploy.entrypoints import Launcher
from hot_deploy.layout import Layout
from hot_deploy.session import Session
from hot_deploy.wire import Wire

Json = dict[str, Any]

RELEASE = "20261123-171501-aaaaaaa"
OTHER = "20261123-171502-bbbbbbb"
LAUNCHER = Launcher("run.py", b"# hot-deploy launcher\n")


def check() -> None:
    """Somebody is there."""


@pytest.fixture
def session(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A conversation that holds the lock of an engine with two releases, both of a newer version."""
    monkeypatch.setattr(hot_deploy, "launcher", "# hot-deploy launcher\n", raising=False)
    for number, release_id in enumerate([RELEASE, OTHER]):
        write(layout, release_id, number)
    reading, writing = os.pipe()
    wire = Wire(reading, writing)
    made = Session(wire)
    verbs_keeping.lock(made, 1, {"basePath": layout.base, "clean": False})
    yield made
    made.put_right()
    for descriptor in (reading, writing, wire.wake_fd, wire._wake_write):
        os.close(descriptor)


def write(layout: Layout, release_id: str, sequence: int) -> None:
    release = Path(layout.release(release_id))
    (release / "src").mkdir(parents=True)
    for name in ("run.py", "src/a.py"):
        (release / name).write_text(name)
    found = list(tree.walk(str(release), ["run.py", "src"]))
    entries = [tree.read_entry(str(release), path, status) for path, status in found]
    rows = [[*entry.row(), {"newer": entry.path}] for entry in entries if entry is not None]
    files.write_json(layout.manifest(release_id), rows)
    record: Json = {
        "release": release_id,
        "sequence": sequence,
        "state": "ready",
        "createdAt": "t",
        "source": {"type": "directory", "signedBy": "somebody"},
        "names": ["run.py", "src"],
        "files": 2,
        "bytes": 1,
        "newer": {"of": [release_id]},
        "passed": {"newerCheck": "x"},
    }
    files.write_json(layout.record(release_id), record)


def unknown(layout: Layout) -> dict[str, Any]:
    """What nobody here knows, of each record and manifest."""
    found: dict[str, Any] = {}
    for release_id in (RELEASE, OTHER):
        record = json.loads(Path(layout.record(release_id)).read_text())
        rows = json.loads(Path(layout.manifest(release_id)).read_text())
        beside = {row[0]: row[8:] for row in rows}
        found[release_id] = [record["newer"], record["source"], record["passed"]["newerCheck"], beside]
    return found


def test_describing_a_release_adds_to_what_is_there(session: Session, layout: Layout) -> None:
    before = unknown(layout)
    session.making.note_passed(RELEASE, "json")
    fields = {"state": "ready", "digest": "d"}
    verbs_keeping.describe(session, 1, {"release": RELEASE, "fields": fields, "kept": ["src/a.py"]})
    assert unknown(layout) == before
    record = records.read(layout, RELEASE)
    assert record is not None
    assert (record["digest"], sorted(record["passed"])) == ("d", ["json", "newerCheck"])


def test_repairing_a_release_keeps_it(session: Session, layout: Layout) -> None:
    before = unknown(layout)
    os.unlink(os.path.join(layout.release(RELEASE), "src/a.py"))
    for what in ("missingFiles", "readOnly", "leftovers"):
        assert repairing.repair(layout, what, "releases/" + RELEASE, LAUNCHER, check) != [] or what == "leftovers"
    assert unknown(layout) == before
    assert Path(layout.release(RELEASE), "src/a.py").read_text() == "src/a.py"


def test_adopting_keeps_it(session: Session, layout: Layout) -> None:
    before = unknown(layout)
    os.symlink("releases/" + RELEASE, layout.current)
    Path(layout.base, "src").mkdir()
    Path(layout.base, "src/mine.py").write_text("mine")
    names = ["src", "run.py"]
    copied = adoption.copy(layout, session.undo, "20261123-171503", names, "run.py", 7, check)
    adoption.adopt(layout, session.undo, copied, LAUNCHER)
    assert layout.current_release() == copied.release_id
    verbs_switching.confirm(session, 2, {})
    assert unknown(layout) == before
    assert not os.path.lexists(layout.undo)
