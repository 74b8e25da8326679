"""Looking without touching: what is there, what is live, what it would take to change it."""

from __future__ import annotations

import os
import stat

from hot_deploy import (
    entrypoints,
    environments,
    exchanges,
    history,
    inventory,
    locking,
    mounts,
    processes,
    records,
    rollouts,
    sharing,
    standins,
)
from hot_deploy.contract import EVERY_FILE, MANY
from hot_deploy.failures import StepFailed
from hot_deploy.later import service_sockets
from hot_deploy.layout import PINNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.history import Standing
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Look
    from hot_deploy.wire import Wire

# Above this, names are counted and not listed: they are for people to read.
LISTED = 1000
# How often it is looked again when `current` was switched meanwhile.
TIMES = 10


def probe(layout: Layout, look: Callable[[str], Look]) -> dict[str, Any]:
    """What an operation has to know before it decides anything; see the client's `Probe` for the shape.

    `look` gives a release's tree.Look, by id.
    """
    result: dict[str, Any] = {"exists": os.path.isdir(layout.base), "base": layout.base}
    if not result["exists"]:
        result.update(_place(_existing_parent(layout.base)), identity=None, names=[], **_nothing_live())
        return result
    result.update(_place(layout.base), identity=_identity(layout.base))
    result["names"] = _names(layout)
    result.update(standing(layout, look))
    rollout = rollouts.told(layout)
    if rollout is not None:
        result["rollout"] = rollout
    if layout.service_sockets():
        result["services"] = service_sockets.statuses(layout)
    return result


def standing(layout: Layout, look: Callable[[str], Look]) -> dict[str, Any]:
    """What the history and the records say about the engine now, and what of it is live. A part of the probe."""
    current, seen, gone = _settled(layout)
    known = records.read_all(layout)
    in_use = inventory.releases_in_use(layout, known)
    found = _nothing_live()
    found.update(
        current=current,
        previous=seen.previous if seen.previous in known else None,
        liveSince=seen.live_since,
        unconfirmed=seen.unconfirmed,
        undone=seen.undone,
        sequence=records.next_sequence(seen, known),
        releasesInUse=in_use[:MANY],
        inUse=len(in_use),
        lost=gone,
    )
    if current is not None and os.path.isdir(layout.release(current)):
        found["live"] = live(layout, current, look(current))
    return found


def _settled(layout: Layout) -> tuple[str | None, Standing, str | None]:
    """`current`, what the history says of it, and what is lost: of one moment, since whoever looks takes no lock.

    An operation that goes on meanwhile may flip between the reads; one that flips each time is believed in the end.
    """
    for _ in range(TIMES):
        current = layout.current_release()
        seen = history.standing(layout, current)
        gone = lost(layout, seen, current)
        if layout.current_release() == current:
            break
    return current, seen, gone


def lost(layout: Layout, seen: Standing, current: str | None) -> str | None:
    """The release that should be live, where `current` is gone or leads nowhere; None where all is well.

    Links and launcher tell whether anything depends on `current`: somebody may have taken the layout apart on purpose.
    """
    if current is not None:
        return None if os.path.isdir(layout.release(current)) else current
    return seen.live if standins.depends_on_current(layout) else None


def live(layout: Layout, release_id: str, look: Look) -> dict[str, Any]:
    """The current release's record, and how its files differ from what was recorded."""
    seen, record = look.seen, records.read(layout, release_id)
    kept = {entry.path for entry in look.recorded if entry.kept}
    if len(seen["extra"]) + len(kept) > EVERY_FILE:
        raise StepFailed("tooManyFiles", path="releases/" + release_id, most=EVERY_FILE)
    missing = set(seen["missing"])
    return {
        "record": record,
        "drift": {
            "modified": [path for path in seen["modified"] if path not in kept][:LISTED],
            "missing": [path for path in seen["missing"] if path not in kept][:LISTED],
        },
        "extra": seen["extra"],
        "shared": sharing.of_host(layout, record or {})[:MANY],
        "environment": environment(layout, release_id),
        # A directory that was empty stays the engine's when it has filled it.
        "kept": sorted(
            path
            for path in kept
            if path not in missing or os.path.isdir(os.path.join(layout.release(release_id), path))
        ),
    }


def environment(layout: Layout, release_id: str) -> dict[str, Any]:
    """The environment of a release: its name and why it can't be used, both None where all is well without."""
    name = environments.of_release(layout, release_id)
    return {"name": name, "problem": environments.problem(layout, name) if name else None}


def started(layout: Layout, found: dict[str, Any], wire: Wire) -> dict[str, Any]:
    """As environment(), after its interpreter was started: whether it still is the version it was."""
    name = found["name"]
    if name is None or found["problem"] is not None:
        return found
    wanted = (environments.description(layout, name) or {})["python"]["version"]
    code = "import sys; print(sys.version.split()[0])"
    argv = [environments.python_of(environments.path_of(layout, name)), "-I", "-c", code]
    try:
        ended = processes.run(argv, "/", dict(os.environ), 20, wire)
    except OSError as raised:
        return dict(found, problem="no longer starts: %s" % raised.strerror)
    version = ended["output"].strip()
    if ended["exitCode"] != 0:
        return dict(found, problem="no longer starts: %s" % version[-300:])
    if version.split(".")[:2] != wanted.split(".")[:2]:
        return dict(found, problem="no longer fits: it was built with Python %s, which is %s now" % (wanted, version))
    return found


def space(path: str) -> dict[str, int | None]:
    """What the file system of a path has: `freeBytes`, `totalBytes`, and `freeInodes`, None where it counts none."""
    status = os.statvfs(path)
    return {
        "freeBytes": status.f_bavail * status.f_frsize,
        "totalBytes": status.f_blocks * status.f_frsize,
        "freeInodes": status.f_favail if status.f_files else None,
    }


def _nothing_live() -> dict[str, Any]:
    return {
        "current": None,
        "previous": None,
        "liveSince": None,
        "unconfirmed": None,
        "undone": None,
        "sequence": 1,
        "releasesInUse": [],
        "inUse": 0,
        "lost": None,
        "live": None,
    }


def _place(path: str) -> dict[str, Any]:
    return {
        "writable": os.access(path, os.W_OK | os.X_OK),
        "filesystem": {
            "type": mounts.kind_of(path),
            "mount": mounts.place_of(path),
            "mergesNames": _merges_names(path),
        },
        "space": space(path),
    }


def _identity(path: str) -> dict[str, str]:
    """What tells a directory from all others of this kernel, by whatever path or mount it is reached."""
    status = os.stat(path)
    return {"boot": exchanges.boot(), "device": str(status.st_dev), "inode": str(status.st_ino)}


def _existing_parent(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _names(layout: Layout) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    with os.scandir(layout.base) as children:
        for child in children:
            if len(found) == EVERY_FILE:
                raise StepFailed("tooManyFiles", path=layout.given, most=EVERY_FILE)
            if child.name.startswith(PINNED):
                continue
            try:
                status = child.stat(follow_symlinks=False)
                found.append({"name": child.name, "type": _kind(layout, child.name, status)})
            except FileNotFoundError:
                continue  # A running engine's own file, which came and went.
    return sorted(found, key=lambda item: item["name"])


def _kind(layout: Layout, name: str, status: os.stat_result) -> str:
    """`link` and `launcher` are ours; the rest is what a person put there."""
    path = os.path.join(layout.base, name)
    if stat.S_ISLNK(status.st_mode):
        return "link" if os.readlink(path) == "current/" + name else "foreignLink"
    if stat.S_ISDIR(status.st_mode):
        return "link" if standins.is_folder(path, name) else "directory"
    if not stat.S_ISREG(status.st_mode):
        return "other"
    return "launcher" if entrypoints.stands_at(path) else "file"


def _merges_names(path: str) -> bool:
    """Whether the file system takes two spellings for one name: asked of a name that exists, without writing."""
    directory, name = os.path.split(path)
    other = name.swapcase()
    if other == name:
        return False
    try:
        return os.path.samefile(path, os.path.join(directory, other))
    except OSError:
        return False


def lock_holder(layout: Layout) -> dict[str, Any] | None:
    """Who holds the lock, as locking.holder(); also where there is no base path yet."""
    return locking.holder(layout) if os.path.isdir(layout.base) else None
