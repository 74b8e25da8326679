"""The one way to switch: deployments, rollbacks, adoptions and repairs come through `switch`; its undo is `revert`."""

from __future__ import annotations

import os
import time

import hot_deploy
from hot_deploy import files, history, records
from hot_deploy.failures import StepFailed
from hot_deploy.layout import LAUNCHER_MARKER, LAUNCHER_START, checked_name, checked_release_id, deployed_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.journal import Journal
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Look

    # The entrypoint's name, and the content of the launcher that stands there.
    Launcher = tuple[str, bytes]


def switch(
    layout: Layout,
    undo: Journal,
    release_id: str,
    operation: str,
    launcher: Launcher,
    candidate: bool = False,
    aside: str | None = None,
) -> tuple[dict[str, Any], float]:
    """Announces a switch, registers how it is undone, and flips. Returns what ends it again, and what flip() does."""
    pending = announce(layout, release_id, operation, launcher, candidate, aside)
    undo.push("revertSwitch", **pending)
    return pending, flip(layout, release_id, aside)


def flip(layout: Layout, release_id: str | None, aside: str | None = None) -> float:
    """Makes `release_id` current with one rename(2), and syncs it. None takes `current` away. Returns seconds.

    `aside` names where something foreign at `current` is kept: it is moved there first or, with None, moved back.
    """
    if release_id is not None:
        checked_release_id(release_id)
    started = time.perf_counter()
    kept = os.path.join(layout.aside, aside) if aside else None
    if release_id is None:
        os.unlink(layout.current)
        if kept and os.path.lexists(kept):
            os.rename(kept, layout.current)
    else:
        if kept:
            os.makedirs(layout.aside, 0o755, exist_ok=True)
            os.rename(layout.current, kept)
        files.replace_link(layout.current, "releases/" + release_id, layout.state, layout.owner)
    taken = time.perf_counter() - started
    files.sync_directory(layout.base)
    return taken


def announce(
    layout: Layout,
    release_id: str,
    operation: str,
    launcher: Launcher,
    candidate: bool = False,
    aside: str | None = None,
) -> dict[str, Any]:
    """Writes the switch ahead into the history and makes the release durable. Returns what ends the switch again.

    `launcher` is (entrypoint, content); `candidate` says that the release was made for this switch alone; `aside` is
    the name under which something foreign at `current` will be kept. The result goes to `confirm` or `revert`.
    Raises StepFailed `releaseMissing` for one that isn't there, `releaseNotReady` for one that isn't ready.
    """
    record = records.read(layout, release_id)
    if record is None or not os.path.isdir(layout.release(release_id)):
        raise StepFailed("releaseMissing", release=release_id)
    if record.get("state") != "ready":
        raise StepFailed("releaseNotReady", release=release_id)
    if is_launcher(os.path.join(layout.release(release_id), launcher[0])):
        raise StepFailed("releaseHoldsLauncher", release=release_id, name=launcher[0])
    before = layout.current_release() if aside is None else None
    made = place_links(layout, release_id, launcher)
    files.sync_file_system(layout.base)
    sequence = record.get("sequence")
    return history.append(
        layout,
        "flip",
        operation=operation,
        to=release_id,
        sequence=sequence,
        made=made,
        candidate=candidate,
        aside=aside,
        entrypoint=launcher[0],
        **{"from": before},
    )


def name_aside() -> str:
    """A new name in `.hot-deploy/aside` for what stood at `current`."""
    return "current." + os.urandom(6).hex()


def refuse_damaged(layout: Layout, release_id: str, look: Look) -> None:
    """A release that has lain here may have been edited by hand: only what was recorded may go live again."""
    if not os.path.isdir(layout.release(release_id)):
        return
    if not look.is_recorded:
        raise StepFailed("manifestMissing", release=release_id)
    kept = {entry.path for entry in look.recorded if entry.kept}
    missing = [path for path in look.seen["missing"] if path not in kept]
    modified = [path for path in look.seen["modified"] if path not in kept]
    if missing or modified:
        raise StepFailed(
            "releaseDamaged",
            release=release_id,
            missing=missing[:20],
            modified=modified[:20],
            count=len(missing + modified),
        )


def place_links(layout: Layout, release_id: str, launcher: Launcher) -> list[str]:
    """Links and launcher in the base path that the release needs and that aren't there. Returns the names made.

    A link made before its release is current leads nowhere yet, which is what was there before: nothing.
    """
    entrypoint, content = launcher
    made = []
    for name in deployed_names(layout.release(release_id)):
        path = os.path.join(layout.base, checked_name(name))
        if name == entrypoint or os.path.lexists(path):
            continue
        files.replace_link(path, "current/" + name, layout.state, layout.owner)
        made.append(name)
    path = os.path.join(layout.base, checked_name(entrypoint))
    if not os.path.lexists(path):
        made.append(entrypoint)
    if not os.path.lexists(path) or (is_launcher(path) and not holds(path, content)):
        write_launcher(path, content, layout)
    return made


def write_launcher(path: str, content: bytes, layout: Layout) -> None:
    """Puts the launcher at `path` in one rename, durable and given to the owner."""
    temporary = files.temporary_name(layout.state, "launcher")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    try:
        files.write_all(fd, content)
        os.fchmod(fd, 0o755)
        if layout.owner is not None:
            os.fchown(fd, *layout.owner)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, path)


def is_own_link(path: str, name: str) -> bool:
    """Whether `path` is the link that stands in the base path for a deployed name."""
    return os.path.islink(path) and os.readlink(path) == "current/" + name


def depends_on_current(layout: Layout) -> bool:
    """Whether the base path has links or a launcher of ours, which lead nowhere without `current`."""
    return any(
        is_own_link(path, name) or (os.path.isfile(path) and is_launcher(path))
        for name, path in ((name, os.path.join(layout.base, name)) for name in os.listdir(layout.base))
    )


def is_launcher(path: str) -> bool:
    """Whether a launcher of ours stands at `path`, of whatever version."""
    try:
        with open(path, "rb") as handle:
            return LAUNCHER_MARKER in handle.read(LAUNCHER_START)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        return False


def holds(path: str, content: bytes) -> bool:
    """Whether a file has exactly this content (bytes)."""
    with open(path, "rb") as handle:
        return handle.read() == content


def confirm(layout: Layout, pending: dict[str, Any]) -> None:
    """Keeps the switch, and takes away links that lead nowhere now."""
    history.append(layout, "confirmed", to=pending["to"])
    for name in dangling_links(layout):
        os.unlink(os.path.join(layout.base, name))


def revert(layout: Layout, pending: dict[str, Any], reason: str) -> dict[str, Any]:
    """Flips back to where `pending` came from; when that was nothing, takes away what the switch had made."""
    seconds = 0.0
    if layout.standing_release() == pending["to"]:
        seconds = flip(layout, pending["from"], pending.get("aside"))
    history.append(layout, "reverted", to=pending["from"], reason=reason, **{"from": pending["to"]})
    for name in dangling_links(layout):
        os.unlink(os.path.join(layout.base, name))
    if pending["from"] is None:
        for name in pending.get("made", []):
            path = os.path.join(layout.base, checked_name(name))
            if is_launcher(path):
                os.unlink(path)
    return {"live": pending["from"], "milliseconds": round(seconds * 1000, 3)}


def dangling_links(layout: Layout) -> list[str]:
    """Our own links in the base path whose name the current release doesn't have."""
    return [
        name
        for name in os.listdir(layout.base)
        if is_own_link(os.path.join(layout.base, name), name)
        and not os.path.lexists(os.path.join(layout.current, name))
    ]


def wanted_launcher(args: dict[str, Any]) -> Launcher:
    """The launcher's name and text; the text comes with the program."""
    return args["entrypoint"], hot_deploy.launcher.encode("utf-8")
