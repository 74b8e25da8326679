"""Starting a guard: a process that outlives the conversation which asked for it."""

from __future__ import annotations

import marshal
import os
import select
import sys
import time

import hot_deploy
from hot_deploy import guard, own_process
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.wire import Wire

    Json = dict[str, Any]

NAME = "hot-deploy-guard"
BOOTSTRAP = own_process.bootstrap("guard")
START_SECONDS = 30.0


def start(settings: Json, wire: Wire) -> None:
    """Returns once it counts. Raises StepFailed `guardNotStarted`."""
    given, control = os.pipe()
    out, told = os.pipe()
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", BOOTSTRAP, NAME],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, given, 0),
                (os.POSIX_SPAWN_DUP2, told, 1),
                # Whoever waits for the end of ours must not wait for its end.
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
    finally:
        os.close(given)
        os.close(told)
    try:
        program = hot_deploy.program
        own_process.tell(control, marshal.dumps(dict(program, importer=program["modules"]["importer"])))
        own_process.tell(control, marshal.dumps(settings))
        if _answer(out, wire) != guard.READY:
            raise StepFailed("guardNotStarted")
    except BaseException:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(control)
        os.close(out)


def _answer(out: int, wire: Wire) -> bytes:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        readable, _, _ = select.select([out, wire.wake_fd], [], [], 1.0)
        wire.check()
        if out in readable:
            return os.read(out, len(guard.READY))
    return b""
