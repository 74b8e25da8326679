"""Runs a long function in a process of its own, beside this one, and dead when this one is.

As a thread it would compete with the other steps for the interpreter's lock: with 10,000 files both take three times as
long. A step of its own gets a new process, which is given the program the way this one was, over standard input, and
imports of it what it needs. A part of a step is a copy of this process, which has everything the part needs.
"""

from __future__ import annotations

import errno
import json
import os
import select
import sys

import hot_deploy
from hot_deploy import files, processes
from hot_deploy.failures import StepFailed, from_text_error
from hot_deploy.later import ctypes
from hot_deploy.writing import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from hot_deploy.wire import Wire

PR_SET_PDEATHSIG = 1
SIGKILL = 9  # As in signal, which is not to be imported in a fork of a process with threads.
POLL_SECONDS = 0.05
BOOTSTRAP = "import sys; exec(sys.stdin.buffer.read())"
PROGRAM = """\
import json
program = json.loads(%r)
exec(program['loader'])
import hot_deploy.workers, hot_deploy.%s
package.workers.serve(%d, %r, %r, json.loads(%r))
"""


def call(module: str, function: str, arguments: Sequence[Any], wire: Wire) -> Any:
    """What `hot_deploy.<module>.<function>(*arguments)` returns, arguments and result being plain JSON.

    Raises what it raises, as far as that is StepFailed or OSError, and ControllerGone when the client goes away.
    """
    program = json.dumps(hot_deploy.program)
    text = PROGRAM % (program, module, os.getpid(), module, function, json.dumps(arguments))
    argv = [sys.executable, "-I", "-S", "-X", "utf8", "-c", BOOTSTRAP]
    ended = processes.run(argv, "/", dict(os.environ), float("inf"), wire, text)
    return _result(ended, function)


def _result(ended: dict[str, Any], function: str) -> Any:
    try:
        answer = json.loads(ended["output"].rpartition("\x01")[2])
    except ValueError:
        raise StepFailed("workerEnded", function=function, output=ended["output"].strip()) from None
    return _outcome(answer)


def serve(parent: int, module: str, function: str, arguments: Sequence[Any]) -> None:
    """The other end of call(): what the process does."""
    if not _dies_with(parent):
        return
    os.umask(0o022)
    answer = _answer(getattr(sys.modules["hot_deploy." + module], function), arguments)
    print("\x01" + json.dumps(answer), flush=True)


class Part:
    """A call of a function in a forked process; arguments may be anything, the result is plain JSON.

    Raises OSError where there can't be another process. stop() is due in any case.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        files.libc()  # Not to be loaded in a fork of a process with threads.
        parent = os.getpid()
        self._reading, writing = os.pipe()
        try:
            self._process = os.fork()
        except OSError:
            os.close(self._reading)
            raise
        finally:
            # In the fork, nothing of what the other threads were doing goes on, and nothing of it may be undone.
            if self.__dict__.get("_process") == 0:
                _serve_part(writing, parent, function, arguments)
            os.close(writing)

    def result(self, check: Callable[[], None]) -> Any:
        """What the function returns, or raises, as far as that is StepFailed or OSError. `check` is asked meanwhile."""
        pieces: list[bytes] = []
        while not pieces or pieces[-1]:
            check()
            if select.select([self._reading], [], [], POLL_SECONDS)[0]:
                pieces.append(os.read(self._reading, 1 << 20))
        if not any(pieces):
            raise StepFailed("partEnded")
        return _outcome(json.loads(b"".join(pieces).decode("utf-8")))

    def stop(self) -> None:
        """Ends the process, which may have ended by itself."""
        os.close(self._reading)
        os.kill(self._process, SIGKILL)
        os.waitpid(self._process, 0)


def _serve_part(writing: int, parent: int, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    try:
        if _dies_with(parent):
            write_all(writing, json.dumps(_answer(function, arguments)).encode("utf-8"))
    finally:
        os._exit(0)


def _dies_with(parent: int) -> bool:
    """Asks to be ended together with the parent. False when that is gone already."""
    files.libc().prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(SIGKILL), 0, 0, 0)
    return os.getppid() == parent  # It may have died before it could be asked for.


def _answer(function: Callable[..., Any], arguments: Sequence[Any]) -> dict[str, Any]:
    """A call's outcome as plain JSON."""
    try:
        return {"result": function(*arguments)}
    except StepFailed as failed:
        return {"failure": failed.as_json()}
    except OSError as raised:
        return {"system": [raised.errno or errno.EIO, raised.strerror, raised.filename]}
    except ValueError as raised:
        known = from_text_error(raised)
        if known is None:
            raise
        return {"failure": known.as_json()}


def _outcome(answer: dict[str, Any]) -> Any:
    """The result that an answer holds. Raises what it says was raised."""
    if "failure" in answer:
        failure = answer["failure"]
        raise StepFailed(failure["kind"], **failure["facts"])
    if "system" in answer:
        raise OSError(*answer["system"])
    return answer["result"]
