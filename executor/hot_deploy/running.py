"""What a run of the engine is started with, and as whom; and what became of one that has a key."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import select
import sys

from hot_deploy import entrypoints, kept_outcomes, own_environment, ownership
from hot_deploy.failures import StepFailed
from hot_deploy.supervised import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.run_directories import RunDirectory
    from hot_deploy.wire import Wire

    Json = dict[str, Any]

BUSY_SECONDS = 0.05
# The number of the host's own process namespace.
FIRST_NAMESPACE = 0xEFFFFFFC


def settings_of(layout: Layout, args: Json, directory: RunDirectory | None, user: Json) -> Json:
    """What a supervisor is told; see supervisor.py and run_starting.py."""
    start = args["start"]
    live = layout.standing_release() is not None
    own = dict(args.get("secrets") or {})
    environment = own_environment.read()
    environment.setdefault("PYTHONUNBUFFERED", "1")
    environment.setdefault("PYTHONIOENCODING", "utf-8")
    # Of what starts the executor, which may be a run itself.
    environment.pop("HOT_DEPLOY_RELEASE", None)
    environment.update(user["names"])
    environment.update(args.get("environment") or {})
    if args.get("stdinText") is None:
        environment.update(own)
    environment["HOT_DEPLOY_RUN"] = args["run"]
    environment["HOT_DEPLOY_BASE_PATH"] = os.path.realpath(layout.base)
    environment["HOT_DEPLOY_STARTED_BY"] = json.dumps(args["holder"])
    release = args.get("release")
    name = start["name"]
    program = os.path.join(layout.release(release) if release else layout.current if live else layout.base, name)
    return {
        "base": layout.base,
        "directory": os.path.normpath(os.path.join(layout.base, args.get("workingDirectory") or "")),
        "start": [start["kind"], name],
        "words": list(args["arguments"]),
        "runner": entrypoints.shell_of(program) or [sys.executable],
        "release": release,
        "live": live,
        "environment": environment,
        "secrets": _spellings(own.values()),
        "tokens": _tokens(directory),
        "timeoutSeconds": args["timeoutSeconds"],
        "graceSeconds": args["graceSeconds"],
        "memoryBytes": args.get("memoryBytes"),
        "user": user["switch"],
        "keyed": directory.path if directory is not None and directory.keyed else None,
        "shown": bool(args.get("shown")),
        "stdin": None,
        # Of a replay alone: see replaying.py.
        "apart": None,
        "candidate": None,
    }


def _spellings(secrets: Any) -> list[str]:
    """Secrets as they are, and as JSON has them, also inside of a text in JSON."""
    found = set(secrets)
    for _ in range(2):
        found |= {json.dumps(each, ensure_ascii=plain)[1:-1] for each in found for plain in (True, False)}
    return sorted(each for each in found if each)


def _tokens(directory: RunDirectory | None) -> dict[str, str]:
    if directory is None:
        return {}
    given = {"inputFile": directory.input} if directory.input else {}
    return {**given, "outputDirectory": directory.output}


def user_of(layout: Layout, given: str | None) -> Json:
    """Whom a run is started as: `name`, `asRoot` where that is root by nobody's choice, `switch` for the supervisor.

    Without a choice it is whom the base path belongs to, where this process is root and may become them.
    """
    here = os.geteuid()
    if given:
        uid, gid = ownership.user_of(given)
        if here not in (0, uid):
            raise StepFailed("runAsAnother", given=given, user=ownership.name_of(here))
    elif here == 0:
        status = os.stat(layout.base)
        uid, gid = status.st_uid, status.st_gid
    else:
        uid, gid = here, os.getegid()
    found = {"name": ownership.name_of(uid), "asRoot": uid == 0 and not given, "ids": None, "switch": None, "names": {}}
    if uid != here:
        groups, names = _known_of(uid, gid)
        found.update(ids=(uid, gid), switch=(uid, gid, groups), names=names)
    return found


def _known_of(uid: int, gid: int) -> tuple[list[int], dict[str, str]]:
    """A user's groups, and the variables that tell programs who they are."""
    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return [gid], {"HOME": "/", "USER": str(uid), "LOGNAME": str(uid)}
    names = {"HOME": known.pw_dir, "USER": known.pw_name, "LOGNAME": known.pw_name}
    return os.getgrouplist(known.pw_name, gid), names


# -- runs with a key ------------------------------------------------------------------------------------------------------


def kept_outcome(directory: RunDirectory) -> Outcome | None:
    """What became of the run with this key, where it has ended; None where nobody knows."""
    found = kept_outcomes.read(directory.inside)
    return None if found is None else Outcome(*found, repeated=True)


def wait_for(directory: RunDirectory, wire: Wire) -> Outcome | None:
    """Waits for a run that somebody else started with this key."""
    # Its own description of the directory: that one's lock is another one.
    fd = os.open(directory.inside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return kept_outcome(directory)
            except BlockingIOError:
                select.select([wire.wake_fd], [], [], BUSY_SECONDS)
                wire.check()
    finally:
        os.close(fd)


def survives() -> bool:
    """Whether a run goes on that is in the same control group as this process, when that group's main process ends."""
    try:
        with open("/proc/self/cgroup", "rb") as own:
            lines = own.read().split(b"\n")
    except OSError:
        return True
    group = next((line for line in lines if line.startswith((b"0::", b"1:name=systemd"))), lines[0])
    return not group.endswith(b".service") and not _ends_with_process_1()


def _ends_with_process_1() -> bool:
    """In a container that is its only program, and everything ends with it; a whole system's outlives what it starts."""
    try:
        if os.stat("/proc/self/ns/pid").st_ino == FIRST_NAMESPACE:
            return False
        with open("/proc/1/comm", "rb") as handle:
            return handle.read().strip() not in (b"systemd", b"init")
    except OSError:
        return False
