"""A supervisor for each run of the engine: a process that is given what to do, and tells the end.

A run without a key ends with the conversation that asked for it; one with a key goes on, and its outcome is kept.
"""

from __future__ import annotations

import fcntl
import json
import marshal
import os
import select
import sys
import threading

import hot_deploy
from hot_deploy import entrypoints, importer, own_process
from hot_deploy.failures import ControllerGone, StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable

    from hot_deploy.wire import Wire

    Json = dict[str, Any]
    Show = Callable[[str, bytes], None]

# Also what helpers look for in a command line: a supervisor is no part of the run.
NAME = "hot-deploy-run-supervisor"
MODULES = (
    *("supervisor", "caller", "descendants", "kept_output", "run_process", "run_starting", "slots", "writing"),
    *("descriptors", "files", "later", "masking", "memory_group", "outcomes", "run_memory"),
)
BOOTSTRAP = own_process.bootstrap("supervisor")
# As in the supervisor: where it finds the directory of a run with a key, whose lock says that the run is alive.
LOCK = 3
# Descriptors are moved there first, where none of those that they take the place of is.
ABOVE = 10
CANCEL = b"c"
_codes: Json = {}


class Outcome:
    """How a run ended: facts as supervisor.py tells them, and what it printed."""

    def __init__(self, facts: Json, outputs: dict[str, bytes], repeated: bool = False) -> None:
        self.facts = facts
        self.outputs = outputs
        # Whether another start of the same key had it.
        self.repeated = repeated


class _Process:
    """A supervisor's process, ready to be told what to do. Starting it takes longer than all else that a run costs."""

    def __init__(self, directory: int | None = None) -> None:
        given, self.control = os.pipe()
        self.out, out = os.pipe()
        inherited = [(given, 0), (out, 1)] + ([(directory, LOCK)] if directory is not None else [])
        moved: list[tuple[int, int]] = []
        try:
            for fd, place in inherited:
                moved.append((fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, ABOVE), place))
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", BOOTSTRAP, NAME],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, fd, place) for fd, place in moved],
            )
        except BaseException:
            self._close()
            raise
        finally:
            for fd in [given, out] + [fd for fd, _ in moved]:
                os.close(fd)
        # An interpreter takes longer to start than the program to be compiled.
        self.tell(marshal.dumps(_compiled()))

    def tell(self, payload: bytes) -> None:
        own_process.tell(self.control, payload)

    def _close(self) -> None:
        os.close(self.control)
        os.close(self.out)

    def leave(self, wait: bool = True) -> None:
        """Says that nobody waits for it, so that it ends; one that goes on isn't waited for."""
        self._close()
        try:
            os.waitpid(self.pid, 0 if wait else os.WNOHANG)
        except ChildProcessError:
            pass


class Spare:
    """One supervisor that is ready beforehand: the next one starts while a run is at work."""

    def __init__(self) -> None:
        self._process: _Process | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        with self._lock:
            try:
                self._process = self._process or _Process()
            except OSError:
                pass  # Whoever needs one is told.

    def take(self) -> _Process:
        with self._lock:
            process, self._process = self._process, None
        return process or _Process()

    def close(self) -> None:
        """Nobody needs it any more: it ends with its input."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.leave()


class Supervised:
    """A supervisor that was told to run the engine, and what it says."""

    def __init__(self, settings: Json, spare: Spare | None, directory: int | None = None) -> None:
        """`directory`: that of a run with a key. Raises OSError where nothing was started."""
        payload = marshal.dumps(settings)
        self._process = _Process(directory) if spare is None else spare.take()
        # Whether it may go on when nobody waits for it.
        self._goes_on = bool(settings["keyed"])
        self._process.tell(payload)
        if spare is not None:
            spare.prepare()

    def follow(self, wire: Wire, show: Show) -> Outcome:
        """Waits for the end. When the controller goes away, a run without a key is ended first."""
        try:
            outcome = self._followed(wire, show)
            self._goes_on = False
            return outcome
        except ControllerGone:
            if wire.cancelled:
                self._cancel()
            raise
        except StepFailed:
            self._goes_on = False
            raise
        finally:
            self._process.leave(wait=not self._goes_on)

    def _followed(self, wire: Wire, show: Show) -> Outcome:
        outputs: list[bytes] = []
        out = self._process.out
        frames = _Frames(out)
        while True:
            readable, _, _ = select.select([out, wire.wake_fd], [], [])
            wire.check()
            if out not in readable:
                continue
            for kind, payload in frames.read():
                if kind == b"d":
                    outputs.append(payload)
                elif kind == b"r":
                    return _outcome(payload, outputs)
                else:
                    show("stdout" if kind == b"o" else "stderr", payload)
            if frames.ended:
                raise StepFailed("supervisorEnded")

    def _cancel(self) -> None:
        self._goes_on = False
        try:
            os.write(self._process.control, CANCEL)
        except OSError:
            pass  # It has ended meanwhile.


class _Frames:
    """What a supervisor sends, piece by piece."""

    def __init__(self, fd: int) -> None:
        self.ended = False
        self._fd = fd
        self._held = bytearray()

    def read(self) -> list[tuple[bytes, bytes]]:
        piece = os.read(self._fd, 1 << 20)
        self.ended = not piece
        self._held += piece
        found = []
        while len(self._held) >= 5:
            end = 5 + int.from_bytes(self._held[1:5], "big")
            if len(self._held) < end:
                break
            found.append((bytes(self._held[:1]), bytes(self._held[5:end])))
            del self._held[:end]
        return found


def _compiled() -> Json:
    """The supervisor's program, compiled once by this very interpreter."""
    if not _codes:
        codes: dict[str, CodeType] = importer.compiled(MODULES)
        trial = compile(entrypoints.trial_text(), "launch.py", "exec")
        source = hot_deploy.program["modules"]["importer"]
        _codes.update(modules=codes, trial=trial, importer=compile(source, "importer.py", "exec"))
    return _codes


def _outcome(payload: bytes, outputs: list[bytes]) -> Outcome:
    return Outcome(json.loads(payload.decode("utf-8")), dict(zip(("stdout", "stderr"), outputs)))
