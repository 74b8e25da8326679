"""Runs of a replay: of the same input by two releases, beside the engine's own runs and apart from them."""

from __future__ import annotations

import os
from contextlib import contextmanager

from hot_deploy import later, records
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.run_directories import RunDirectory
    from hot_deploy.session import Session

    Json = dict[str, Any]


def inputs_of(layout: Layout, directory: str, most: int) -> tuple[list[tuple[str, int]], int]:
    """(name, bytes) of the first files of a directory in the order of their names, and how many there are.

    `directory`: from the base path on, or absolute.
    """
    place = os.path.join(layout.base, directory)
    found: list[tuple[str, int]] = []
    try:
        with os.scandir(place) as entries:
            for each in entries:
                if each.is_file() and _is_text(each.name) and not each.name.startswith("."):
                    found.append((each.name, each.stat().st_size))
    except OSError as raised:
        raise StepFailed("inputsMissing", path=place, said=raised.strerror or str(raised)) from raised
    return sorted(found)[:most], len(found)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def set_apart(settings: Json, layout: Layout, args: Json, directory: RunDirectory | None) -> None:
    """Has a run know that it is none of the engine's own, with temporary files of its own; what else it takes, its process does."""
    replay = args.get("replay")
    if replay is None:
        return
    settings["apart"] = {"network": bool(replay["network"])}
    settings["environment"]["HOT_DEPLOY_REPLAY"] = "1"
    if directory is not None:
        settings["environment"]["TMPDIR"] = directory.make_temporary()
    if replay.get("inputName") is not None:
        place = os.path.join(layout.base, replay["inputDirectory"], replay["inputName"])
        settings["tokens"]["inputFile"] = os.path.normpath(place)
    if replay.get("candidate"):
        settings["candidate"] = (records.read(layout, args["release"]) or {}).get("pinning") or "auto"


@contextmanager
def shown(session: Session, layout: Layout, args: Json) -> Iterator[None]:
    """What it takes to run a release before it is switched to, meanwhile."""
    if not (args.get("replay") or {}).get("candidate"):
        yield
        return
    session.require_lock()
    engine_check, entrypoints = (later.module("hot_deploy." + name) for name in ("engine_check", "entrypoints"))
    start = args["start"]
    name = start["name"] if start["kind"] == "entrypoint" else ""
    with engine_check.Shown(layout, args["release"], entrypoints.Launcher(name, b"")):
        yield
