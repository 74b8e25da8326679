"""Containers on this machine that the base path is mounted into: an engine that runs there has that one's Python.

Going by the mount tables of processes, which everybody may read. A container is told from a service with mounts of its
own by another root directory. Seen from inside a container there are none: processes outside are hidden there.
"""

from __future__ import annotations

import os
import re

from hot_deploy import mounts, peeking
from hot_deploy.later import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

# In the paths of files that Docker and Podman mount into a container, and in names of control groups.
_ID = re.compile(rb"(?:containers/|docker[-/]|libpod-)([0-9a-f]{64})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
# As many characters as `docker ps` shows.
SHORT_ID = 12
# Processes of one container have the same table: as many different ones are read.
MOST_TABLES = 1000
MOST_CONTAINERS = 20
NAMING_SECONDS = 3.0


def showing(layout: Layout) -> list[dict[str, Any]]:
    """[{container, place, processId}]: what it is called, or None where nobody tells; where the base path is in there;
    and one process in it."""
    own = mounts.Table(mounts.own())
    home, root = own.locate(os.fsencode(layout.base)), own.locate(b"/")
    found: dict[tuple[bytes | None, bytes], dict[str, Any]] = {}
    seen: set[bytes] = set()
    for process in peeking.others():
        text = process.mounts()
        if home is None or text in seen or len(seen) >= MOST_TABLES or len(found) >= MOST_CONTAINERS:
            continue
        seen.add(text)
        table = mounts.Table(text)
        place = table.place_of(home)
        if place is None or table.locate(b"/") == root:
            continue
        container = _id_in(text) or _id_in(process.control_group())
        known = {"container": _named(container), "place": os.fsdecode(place), "processId": process.pid}
        found.setdefault((container, place), known)
    return list(found.values())


def _id_in(text: bytes) -> bytes | None:
    found = _ID.search(text)
    return found.group(1) if found else None


def _named(container: bytes | None) -> str | None:
    """The name that a container engine knows, where this user may ask it; else the short form of the id."""
    if container is None:
        return None
    whole = container.decode("ascii")
    for program in ("docker", "podman"):
        try:
            asked = subprocess.run(
                [program, "inspect", "--type", "container", "--format", "{{.Name}}", whole],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=NAMING_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        name = asked.stdout.decode("ascii", "replace").strip().lstrip("/")
        if asked.returncode == 0 and _NAME.fullmatch(name):
            return name
    return whole[:SHORT_ID]
