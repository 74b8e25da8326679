"""The one way to switch: deployments, rollbacks, adoptions and repairs come through `switch`; its undo is `revert`."""

from __future__ import annotations

import os
import time

import hot_deploy
from hot_deploy import beside, entrypoints, files, history, records, rollouts, sharing, standins
from hot_deploy.failures import StepFailed
from hot_deploy.later import services
from hot_deploy.layout import checked_release_id, deployed_names, is_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.journal import Journal
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Look


def switch(
    layout: Layout,
    undo: Journal,
    release_id: str,
    operation: str,
    launcher: Launcher,
    candidate: bool = False,
    aside: str | None = None,
    share: Iterable[str] = (),
) -> tuple[dict[str, Any], float]:
    """Announces a switch, registers how it is undone, and flips. Returns what ends it again, and what flip() does."""
    pending = announce(layout, release_id, operation, launcher, candidate, aside, share)
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
    share: Iterable[str] = (),
) -> dict[str, Any]:
    """Writes the switch ahead into the history and makes the release durable. Returns what ends the switch again.

    `candidate` says that the release was made for this switch alone; `aside` is the name under which something foreign at
    `current` will be kept; `share` are paths of the release that was live which are shared from now on. The result goes to
    `confirm` or `revert`.
    Raises StepFailed `releaseMissing` for one that isn't there, `releaseNotReady` for one that isn't ready.
    """
    record = records.read(layout, release_id)
    if record is None or not os.path.isdir(layout.release(release_id)):
        raise StepFailed("releaseMissing", release=release_id)
    if record.get("state") != "ready":
        raise StepFailed("releaseNotReady", release=release_id)
    for name in launcher.starting:
        if entrypoints.is_launcher(os.path.join(layout.release(release_id), name)):
            raise StepFailed("releaseHoldsLauncher", release=release_id, name=name)
        if not entrypoints.is_startable(os.path.join(layout.release(release_id), name)):
            raise StepFailed("entrypointKind", name=name)
    _refuse_circles(layout, release_id)
    before = layout.current_release() if aside is None else None
    made, replaced = standins.place(layout, release_id, launcher.of(layout, release_id, otherwise=False))
    sharing.take_out(layout, before, share)
    sharing.make_directories(layout, record)
    beside.refresh(layout, release_id, record)
    files.sync_file_system(layout.base)
    sequence = record.get("sequence")
    return history.append(
        layout,
        "flip",
        operation=operation,
        to=release_id,
        sequence=sequence,
        made=made,
        replaced=replaced,
        candidate=candidate,
        aside=aside,
        entrypoint=launcher.entrypoint,
        **{"from": before},
    )


def _refuse_circles(layout: Layout, release_id: str) -> None:
    """A name that lay beside a release, and is deployed by now, leads from there through `current` to itself."""
    release = layout.release(release_id)
    with os.scandir(release) as children:
        beside = [child.name for child in children if child.is_symlink() and is_beside(release, child.name)]
    deployed = [name for name in sorted(beside) if standins.is_own_link(os.path.join(layout.base, name), name)]
    # What the live release has beside itself, too, is deployed by nobody: its link leads nowhere.
    if deployed and layout.current_release() != release_id:
        raise StepFailed("nameWasBeside", release=release_id, names=deployed[:20])


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


def _is_within(name: str, names: Iterable[str]) -> bool:
    return any(name == each or name.startswith(each + "/") for each in names)


def _names_of(layout: Layout, pending: dict[str, Any]) -> set[str]:
    """The top-level names that something may stand at for one of a switch's two releases."""
    found: set[str] = set(pending.get("made", [])) | set(pending.get("replaced", []))
    for release_id in (pending.get("from"), pending["to"]):
        if release_id is not None and os.path.isdir(layout.release(release_id)):
            found.update(deployed_names(layout.release(release_id)))
        found.update(entrypoints.listed(entrypoints.of_release(layout, release_id, "")))
    return {name.split("/", 1)[0] for name in found}


def confirm(layout: Layout, pending: dict[str, Any]) -> dict[str, Any]:
    """Keeps the switch, with the adoption that it began with, and makes the names in the base path what the release needs.

    Returns what is known of the engine's service, where that was switched, too.
    """
    told = layout.service.keep() if layout.service is not None else {}
    adopting = history.standing(layout, pending["to"]).adopting
    with_it = {"adopted": adopting["to"]} if adopting is not None else {}
    history.append(layout, "confirmed", to=pending["to"], **with_it)
    rollouts.supersede(layout, pending["to"])
    entrypoint = pending.get("entrypoint")
    if not isinstance(entrypoint, str):
        # 0.1.0 did not write it down, and knew of one only.
        entrypoint = entrypoints.SEPARATOR.join(standins.launchers(layout, _names_of(layout, pending)))
    standins.settle(layout, _names_of(layout, pending), entrypoint)
    if layout.service is not None:
        # With what was laid just now.
        services.update(layout)
    layout.service = None
    return told


def finish(layout: Layout, pending: dict[str, Any]) -> None:
    """What confirm() or revert() had still to do with names when it was cut off; nothing where they had done all."""
    current = layout.standing_release()
    entrypoint = (records.read(layout, current) or {}).get("entrypoint") if current is not None else None
    if isinstance(entrypoint, str):
        standins.settle(layout, _names_of(layout, pending), entrypoint)


def revert(layout: Layout, pending: dict[str, Any], reason: str) -> dict[str, Any]:
    """Flips back to where `pending` came from; when that was nothing, takes away what the switch had made."""
    seconds = 0.0
    if layout.standing_release() == pending["to"]:
        seconds = flip(layout, pending["from"], pending.get("aside"))
    history.append(layout, "reverted", to=pending["from"], reason=reason, **{"from": pending["to"]})
    # What this switch had made or replaced is what it was: who imports a start script must go on finding it.
    names, replaced = _names_of(layout, pending), pending.get("replaced", [])
    kept = [name for name in standins.launchers(layout, names) if not _is_within(name, replaced)]
    standins.settle(layout, names, entrypoints.SEPARATOR.join(kept))
    taken = {"live": pending["from"], "milliseconds": round(seconds * 1000, 3)}
    return {**taken, **_service_taken_back(layout, pending)}


def _service_taken_back(layout: Layout, pending: dict[str, Any]) -> dict[str, Any]:
    """What could not be done for the service. Files are back all the same."""
    under_way, layout.service = layout.service, None
    if under_way is None:
        return {}
    try:
        under_way.take_back(pending["from"], pending["to"])
    except StepFailed as failed:
        return {"service": failed.as_json()}
    return {}


def wanted_launcher(args: dict[str, Any]) -> Launcher:
    """The launchers' names and text; the text comes with the program."""
    return entrypoints.Launcher(args["entrypoint"], hot_deploy.launcher.encode("utf-8"))
