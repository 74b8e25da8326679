"""Has a service, which goes on with the code that it has loaded, load what is live now: one action, of one of five kinds.

The action is done again when a switch is taken back. It is never read from the engine's side: whoever may write there
could have anything run.
"""

from __future__ import annotations

import os
import re
import time

from hot_deploy import peeking
from hot_deploy.census import Census
from hot_deploy.failures import StepFailed
from hot_deploy.later import shutil, signal, subprocess
from hot_deploy.listeners import listening
from hot_deploy.masking import Mask
from hot_deploy.stopping import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]
    Check = Callable[[], None]

CONTAINER_PROGRAMS = ("docker", "podman")
PROCESS_ID = re.compile(rb"\s*([1-9][0-9]{0,9})\s*")
# What a program says when it fails stands at its end.
SAID_BYTES = 4096
POLL_SECONDS = 0.02
# A file's time comes from a coarser clock than a process's start.
CLOCKS_DIFFER_SECONDS = 2.0


def act(layout: Layout, action: Json, left: str | None, check: Check) -> None:
    """Carries the action out. `left`: the release that the service is to leave; `check` raises when nobody waits any more.

    Raises StepFailed `serviceActionFailed`, `serviceProgramMissing`, `servicePidFile` or `serviceNobody`.
    """
    by = action["by"]
    if by == "pidFile":
        _signal_named(layout, action)
    elif by == "processes":
        _signal_listeners(layout, action, left)
    else:
        _run(layout, _command_of(action), action, check)


# -- programs ----------------------------------------------------------------------------------------------------------


def _command_of(action: Json) -> list[str]:
    by = action["by"]
    if by == "unit":
        whose = ["--user"] if action.get("userUnit") else []
        return ["systemctl", *whose, "--no-ask-password", action["unitAction"], "--", action["unit"]]
    if by == "container":
        program = next((name for name in CONTAINER_PROGRAMS if shutil.which(name)), None)
        if program is None:
            raise StepFailed("serviceProgramMissing", program=" ".join(CONTAINER_PROGRAMS))
        return [program, "restart", action["container"]]
    command: list[str] = action["command"]
    return command


def _run(layout: Layout, argv: list[str], action: Json, check: Check) -> None:
    """Runs a program to its end. What it has started in the background stays: that may be the service."""
    environment = dict(os.environ)
    own = "/run/user/%d" % os.getuid()
    if action.get("userUnit") and os.path.isdir(own):
        environment.setdefault("XDG_RUNTIME_DIR", own)
    try:
        process = subprocess.Popen(
            argv,
            cwd=layout.base,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise StepFailed("serviceProgramMissing", program=argv[0]) from None
    except OSError as raised:
        raise StepFailed("serviceActionFailed", by=action["by"], said=raised.strerror or "", exitCode=None) from raised
    try:
        said, in_time = _wait(process, time.monotonic() + action["timeoutSeconds"], check)
    finally:
        if process.stdout is not None:
            process.stdout.close()
    if in_time and process.returncode == 0:
        return
    mask = Mask(environment, ())
    text = (mask.feed(said) + mask.rest()).decode("utf-8", "replace")
    code = process.returncode if in_time else None
    raise StepFailed("serviceActionFailed", by=action["by"], said=text, exitCode=code)


def _wait(process: subprocess.Popen[bytes], deadline: float, check: Check) -> tuple[bytes, bool]:
    """(the end of what it printed, whether it ended in time). One that didn't is ended, with its group."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    said, in_time = b"", True
    try:
        while process.poll() is None:
            check()
            said = (said + (process.stdout.read() or b""))[-SAID_BYTES:]
            if time.monotonic() >= deadline:
                in_time = False
                break
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        return (said + (process.stdout.read() or b""))[-SAID_BYTES:], in_time
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


# -- signals -----------------------------------------------------------------------------------------------------------


def _signal_named(layout: Layout, action: Json) -> None:
    """Signals the process that a file names, if it can be the one that the file was written for."""
    path = os.path.join(layout.base, action["path"])

    def refused(why: str) -> StepFailed:
        return StepFailed("servicePidFile", path=path, why=why)

    try:
        with open(path, "rb") as handle:
            found, about = PROCESS_ID.fullmatch(handle.read(64)), os.fstat(handle.fileno())
    except FileNotFoundError:
        raise refused("missing") from None
    if found is None:
        raise refused("noNumber")
    process = peeking.Process(int(found.group(1)))
    stat = process.stat()
    if stat is None:
        raise refused("ended")
    # Whoever began after it was written has only its number; and who wrote it may name no other user's.
    if _began_at(stat) > about.st_mtime + CLOCKS_DIFFER_SECONDS:
        raise refused("another")
    if about.st_uid not in (0, process.user()):
        raise refused("user")
    _signal((process.pid, stat.started), action)


def _began_at(stat: peeking.Stat) -> float:
    """When a process began, by the clock that files' times come from."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + stat.started * peeking.TICK


def _signal_listeners(layout: Layout, action: Json, left: str | None) -> None:
    """Signals each run of the release that is left, as far as it listens: extractions are none of a service's."""
    chosen = [
        run.root.identity
        for run in Census(layout).runs
        if left in run.releases and any(listening(member.pid) for member in run.members)
    ]
    if not chosen:
        raise StepFailed("serviceNobody", release=left)
    for identity in chosen:
        _signal(identity, action)


def _signal(identity: tuple[int, int], action: Json) -> None:
    held = Held(identity)
    try:
        held.signal(signal.Signals["SIG" + action["signal"]])
    except PermissionError:
        raise StepFailed("serviceActionFailed", by=action["by"], said="EPERM", exitCode=None) from None
    finally:
        held.close()
