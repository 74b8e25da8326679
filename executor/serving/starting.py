"""Becoming a server: in the process that is to be it, between its fork and its exec.

It follows the text of `launch.py`, which lies beside, so that a service is pinned like a run.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import sys

from serving.commands import FIRST_DESCRIPTOR, environment_of, filled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Json = dict[str, Any]

PR_SET_PDEATHSIG = 1
FAILED = 70
# Set by a launcher or by systemd for what it starts: serve.py may have been started by one.
OF_OTHERS = ("HOT_DEPLOY_RELEASE", "HOT_DEPLOY_PINNED", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class NotStartable(Exception):
    """The server could not be started: what is said of it."""


class Start:
    """What a generation is started with."""

    def __init__(self, base: str, release: str | None, words: list[str], directory: str | None, draining: str) -> None:
        self.base = base
        # The release's id; None for the plain directory.
        self.release = release
        self.words = words
        # As the caller spelled it: a link into a release leads to another one by now.
        self.directory = directory
        # The file that is there while it gets no new connections.
        self.draining = draining


def start(how: Start, sockets: list[int], streams: tuple[int, int]) -> tuple[int, int]:
    """(the process's id, where it tells how it is pinned or why it can't be started, until it has become the server)."""
    reading, writing = os.pipe()
    parent = os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _become(how, sockets, streams, (writing, parent))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(writing)
    os.set_blocking(reading, False)
    return pid, reading


def _become(how: Start, sockets: list[int], streams: tuple[int, int], told: tuple[int, int]) -> NoReturn:
    telling, parent = told
    try:
        telling = fcntl.fcntl(telling, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR + len(sockets))
        _reset_signals()
        os.setsid()
        _arrange(sockets, streams)
        facts, (executable, words) = _prepared(how, len(sockets))
        os.write(telling, json.dumps(facts).encode())
        # Where serve.py is killed, its servers go with it: nobody could hand their sockets over any more. Last of all, since
        # the kernel forgets it when the process gets other rights, as in a user's namespace.
        die_with_parent(parent)
        os.execvp(executable, words)
    except NotStartable as failed:
        said = str(failed)
    except OSError as raised:
        said = "%s: %s" % (raised.filename, raised.strerror) if raised.filename else str(raised.strerror or raised)
    except BaseException as raised:
        said = "%s: %s" % (type(raised).__name__, raised)
    try:
        os.write(telling, b"\n" + json.dumps({"failed": said}).encode())
    finally:
        os._exit(FAILED)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                pass  # One of the C library's own.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _arrange(sockets: list[int], streams: tuple[int, int]) -> None:
    """Puts standard streams and sockets where a server looks for them."""
    above = FIRST_DESCRIPTOR + len(sockets)
    sources = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, above) for each in (*streams, *sockets)]
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, source in zip((1, 2, *range(FIRST_DESCRIPTOR, above)), sources):
        os.dup2(source, number)
        os.close(source)
    if nothing > 2 and nothing >= above:
        os.close(nothing)


def _prepared(how: Start, count: int) -> tuple[Json, tuple[str, list[str]]]:
    """How it is pinned, and (executable, words)."""
    for name in OF_OTHERS:
        os.environ.pop(name, None)
    os.environ.update(environment_of(how.words, count), HOT_DEPLOY_DRAINING=how.draining)
    if how.directory is not None:
        os.chdir(how.directory)
    words = filled(how.words, count)
    if how.release is None:
        return {"pinning": "plain"}, (words[0], words)
    texts = _texts(how.base)
    release = os.path.join(how.base, "releases", how.release)
    try:
        if not texts["held"](release):
            raise NotStartable("the release %s is gone" % release)
    except FileNotFoundError:
        raise NotStartable("the release %s is gone" % release) from None
    environment = texts["lease_environment"](release)
    os.environ["HOT_DEPLOY_RELEASE"] = release
    if environment:
        os.environ["VIRTUAL_ENV"] = environment
        os.environ["PATH"] = os.path.join(environment, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    if os.environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        texts["rarely"]("undo_locale_coercion")()
    if texts["pin_in_place"](how.base, release) is None:
        way, kind = "place", "InPlace"
        if how.directory is not None:
            os.chdir(how.directory)
    elif texts["by_code"](how.base, release):
        way, kind = "code", "ByCode"
    else:
        way, kind = "release", "Leading"
    leading = texts[kind](how.base, release, environment)
    found = leading.command(words)
    if leading.arguments is not None:
        leading.arguments.go_inside()
    return {"pinning": way}, found


def _texts(base: str) -> Json:
    """What `launch.py` defines."""
    path = os.path.join(base, ".hot-deploy", "launch.py")
    with open(path, "rb") as handle:
        text = handle.read()
    names: Json = {"__name__": "hot_deploy_serve", "__file__": path}
    exec(compile(text, path, "exec"), names)

    def stop(sentence: str) -> None:
        raise NotStartable(sentence)

    names["stop"] = stop
    return names


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, as far as that can be had."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    except (AttributeError, OSError):
        return
    if os.getppid() != parent:
        sys.exit(FAILED)
