"""Starts the conversation: says who and what is here, then serves."""

from __future__ import annotations

import _imp  # importlib.machinery has the same, and has to be imported first.
import gc
import os
import pwd
import sys

from hot_deploy.contract import PROTOCOL
from hot_deploy.conversation import Conversation
from hot_deploy.session import Session
from hot_deploy.verbs import VERBS
from hot_deploy.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

OLDEST_PYTHON = (3, 8)
# After this many objects, looking for circles of garbage begins. There is next to none here, and a tree of 10,000 files is
# more objects than Python takes for a reason to look, again and again.
OBJECTS = 100000
IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}


def hello() -> dict[str, Any]:
    suffixes = _imp.extension_suffixes()
    return {
        "event": "hello",
        "protocol": PROTOCOL,
        "python": {
            "version": sys.version.split()[0],
            "implementation": IMPLEMENTATIONS.get(sys.implementation.name, sys.implementation.name),
            "executable": sys.executable or "",
            # What an environment is built from and for: the interpreter behind all links, and its ABI.
            "base": os.path.realpath(sys.executable) if sys.executable else "",
            "abi": suffixes[0] if suffixes else "",
            "supported": sys.version_info >= OLDEST_PYTHON,
        },
        "user": _user(),
        "hostname": os.uname().nodename,
        "processId": os.getpid(),
        "system": sys.platform,
        "freeBytes": _free_bytes(),
    }


def _is_supported(told: dict[str, Any]) -> bool:
    """As the client decides."""
    return bool(told["python"]["supported"]) and told["system"] == "linux"


def _free_bytes() -> int:
    """Of the root file system, for somebody who has named no base path yet."""
    status = os.statvfs("/")
    return status.f_bavail * status.f_frsize


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _read_ahead() -> bytes:
    """What the bootstrap has read beyond the program: the client's first requests may follow it at once.

    Reading to an end that is put in place of the input gives what is buffered, and waits for nothing.
    """
    kept = os.dup(0)
    ended, writing = os.pipe()
    os.close(writing)
    os.dup2(ended, 0)
    os.close(ended)
    try:
        return sys.stdin.buffer.read()
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def main(silence_seconds: float, allowed: Iterable[str] | None = None) -> None:
    """Serves until the client is gone. `allowed` names the steps that are carried out, without
    programs of the engine's being started; all of them when None."""
    # Our own end of the conversation: whatever a library prints goes to standard error instead.
    output = os.dup(1)
    os.dup2(2, 1)
    os.umask(0o022)
    gc.set_threshold(OBJECTS)
    wire = Wire(0, output, silence_seconds, _read_ahead())
    wire.start()
    told = hello()
    wire.send(told)
    session = Session(wire, may_start=allowed is None)
    # What was sent before the client could see that it is not supported isn't carried out.
    known: Iterable[str] = VERBS if allowed is None else allowed
    Conversation(session, frozenset(known if _is_supported(told) else ())).serve()
