"""A release that is watched after its switch: what is written down of that, and whether somebody is there who decides.

The rollout of an engine is one file, which whoever holds the engine's lock writes, and nobody else; the guard, a process of its
own, writes what it has counted beside it. `.hot-deploy/rollout.lock` is the guard's for as long as it lives.
"""

from __future__ import annotations

import os

from hot_deploy import files, history, locking
from hot_deploy.layout import is_release_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]

WATCHING, SUPERSEDED = "watching", "superseded"
# What a decision makes of a rollout.
STATES = {"promote": "promoted", "abort": "aborted", "inconclusive": "inconclusive"}
# What a guard writes down.
COUNTED = ("candidate", "control", "unknown", "check")
# Of what is written down, what the client is told.
TOLD = (
    *("id", "state", "release", "fallback", "startedAt", "until", "rule", "survives", "ended"),
    *COUNTED,
)


def none_counted() -> Json:
    """The counts of a release that nobody has run yet."""
    return {"runs": 0, "failed": 0}


def read(layout: Layout) -> Json | None:
    """The last rollout; None where there never was one, or what lies there is none of ours."""
    found = files.read_json(layout.rollout)
    if not _is_ours(found):
        return None
    counted = files.read_json(layout.rollout_counts) if found["state"] == WATCHING else None
    rollout: Json = found
    if not isinstance(counted, dict) or counted.get("id") != rollout["id"]:
        return rollout
    merged = {**rollout, **{name: counted.get(name) for name in COUNTED}}
    return merged if _is_ours(merged) else rollout


def watching(layout: Layout) -> Json | None:
    """The rollout that nobody has decided on yet."""
    found = read(layout)
    return found if found is not None and found["state"] == WATCHING else None


def write(layout: Layout, rollout: Json) -> None:
    files.write_json(layout.rollout, rollout)
    layout.give(layout.rollout)


def write_counts(layout: Layout, rollout_id: str, counted: Json) -> None:
    """What the guard has counted: of another rollout than the last one it is nothing."""
    files.write_json(layout.rollout_counts, dict(counted, id=rollout_id), sync=False)
    layout.give(layout.rollout_counts)


def forget(layout: Layout) -> None:
    """Removes all that is there of rollouts; a guard that is left finds that out by itself."""
    for path in (layout.rollout, layout.rollout_counts, layout.rollout_lock, layout.guard):
        if os.path.lexists(path):
            os.unlink(path)


def supersede(layout: Layout, live: str | None) -> None:
    """Ends the rollout of a release that is live no more: somebody has switched to another one."""
    found = watching(layout)
    if found is None or found["release"] == live:
        return
    write(layout, dict(found, state=SUPERSEDED, ended={"at": history.now(), "by": "switch", "release": live}))


def needed(layout: Layout) -> set[str]:
    """Releases that nobody may remove: one that is watched, and what it would go back to."""
    found = watching(layout)
    return set() if found is None else {found["release"], found["fallback"]}


def told(layout: Layout) -> Json | None:
    """The last rollout as it is told to the client; `overdue`: nobody is there any more who would decide."""
    found = read(layout)
    if found is None:
        return None
    overdue = found["state"] == WATCHING and not has_guard(layout)
    return {**{name: found.get(name) for name in TOLD}, "overdue": overdue}


def has_guard(layout: Layout) -> bool:
    return locking.is_taken(layout.rollout_lock)


def take_guard_lock(layout: Layout) -> int | None:
    """The guard's own lock, for as long as the descriptor is open; None while another guard has it."""
    fd = os.open(layout.rollout_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        # The next guard may be the owner's.
        locking.keep_to_owner(layout, fd)
        if locking.try_lock(fd):
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


def _is_ours(found: Any) -> bool:
    """Whether it has the form of ours: it says which release goes live."""
    return (
        isinstance(found, dict)
        and all(is_release_id(found.get(field)) for field in ("release", "fallback"))
        and all(isinstance(found.get(field), str) for field in ("id", "state", "entrypoint"))
        and all(_is_a_moment(found.get(field)) for field in ("startedAt", "until"))
        and all(are_counts(found.get(field)) for field in ("candidate", "control"))
        and files.is_count(found.get("unknown"))
        and isinstance(found.get("rule"), dict)
        and isinstance(found.get("survives"), bool)
    )


def _is_a_moment(value: object) -> bool:
    return isinstance(value, str) and history.MOMENT.fullmatch(value) is not None


def are_counts(value: object) -> bool:
    """Whether something that was read has the form of a release's counts."""
    return isinstance(value, dict) and all(files.is_count(value.get(field)) for field in ("runs", "failed"))
