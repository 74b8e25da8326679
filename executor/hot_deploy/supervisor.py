"""Supervises one run of the engine, in a process of its own: starts it, bounds it, and tells how it ended.

The executor gives it its settings over standard input, which stays open as long as somebody waits for the run: an end of
it without a word is n8n's. What the run leaves behind becomes this process's child (see prctl(2), subreaper), so that
nothing of a run survives it.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import signal
import time

from hot_deploy import descendants, run_starting
from hot_deploy.run_starting import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable

    from hot_deploy.masking import Mask

    Json = dict[str, Any]

PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG = 36, 1
SAMPLE_SECONDS = 0.5
# Before the first look at its memory: few short runs need one.
FIRST_SAMPLE_SECONDS = 0.1
SLOT_SECONDS = 0.02
KILL_SECONDS = 3.0
# As much of an output as is kept: of its beginning, and in all.
HEAD_BYTES = 64 * 1024
MOST_STDOUT = 10 * 1024 * 1024
MOST_STDERR, STDERR_HEAD_BYTES = 48 * 1024, 8 * 1024
# Once the run has ended, so much is read of what it left in its pipes.
PIPE_BYTES = 1 << 16
CANCEL = b"c"
# Where the executor puts the lock that says that a run with a key is alive.
LOCK = 3


class Kept:
    """The first and last bytes of an output, without its secrets, and how many in between were left out."""

    def __init__(
        self, most: int, head: int, secrets: list[str], variables: dict[str, str] | None = None
    ) -> None:
        """`variables`: those of the run, whose secrets words for people must not have; data may."""
        self.total = 0
        self._first, self._most = head, most - head
        self._head, self._tail = bytearray(), bytearray()
        self._secrets, self._variables = secrets, variables
        self._mask: Mask | None = None

    def add(self, piece: bytes) -> bytes:
        """Takes a piece as it came; returns what can be shown of it by now."""
        return self._add(self._masked(piece))

    def end(self) -> bytes:
        return self._add(self._mask.rest() if self._mask is not None else b"")

    def _add(self, piece: bytes) -> bytes:
        self.total += len(piece)
        room = max(0, self._first - len(self._head))
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._most:
            del self._tail[: -self._most]
        return piece

    def _masked(self, piece: bytes) -> bytes:
        if not self._secrets and self._variables is None:
            return piece
        if self._mask is None:
            from hot_deploy.masking import Mask  # noqa: PLC0415 - few runs have secrets

            self._mask = Mask(self._variables or {}, self._secrets, addresses=self._variables is not None)
        return self._mask.feed(piece)

    def content(self) -> tuple[bytes, int, int]:
        """(what is kept, where in it something is left out, how many bytes that is)."""
        tail = bytes(self._tail[-self._most :])
        left = self.total - len(self._head) - len(tail)
        return bytes(self._head) + tail, len(self._head), left


class Pipes:
    """What the run prints, and what it says before it is the engine."""

    def __init__(self) -> None:
        self.read: dict[str, int] = {}
        self.write: dict[str, int] = {}
        for name in ("stdout", "stderr", "told"):
            self.read[name], self.write[name] = os.pipe()

    def in_parent(self) -> None:
        for fd in self.write.values():
            os.close(fd)

    def in_child(self) -> None:
        os.dup2(self.write["stdout"], 1)
        os.dup2(self.write["stderr"], 2)


class Supervisor:
    """One run. `settings`: see running.py, which makes them."""

    def __init__(self, settings: Json, texts: Json, out: int) -> None:
        self.settings = settings
        self._texts = texts
        self._out = out
        self._listening = True
        # Why the run is ended from here: `timeout`, `cancelled`, `memory` or `left`, when nobody waits for it.
        self.why: str | None = None
        self._peak = 0
        self._told = b""
        self._status: int | None = None
        self._child = 0
        secrets = list(settings["secrets"])
        errors = Kept(MOST_STDERR, STDERR_HEAD_BYTES, secrets, settings["environment"])
        self._kept = {"stdout": Kept(MOST_STDOUT, HEAD_BYTES, secrets), "stderr": errors}

    def run(self) -> Json:
        """Runs the engine to its end, and whatever it left behind. Returns how it ended."""
        asked = time.monotonic()
        slot = self._take_slot()
        started = time.monotonic()
        if self.why is None:
            self._start()
            self._watch(started)
            self._end_all()
            ended = time.monotonic()
            self._show_rest()
        else:
            ended = started
        if slot is not None:
            os.close(slot)
        return self._report(started - asked, ended - started)

    # -- before -----------------------------------------------------------------------------------------------------

    def _take_slot(self) -> int | None:
        """One of the engine's slots, where their number is limited. Who waits has the queue, and only he looks."""
        slots = self.settings.get("slots")
        if not slots:
            return None
        queue = os.open(os.path.join(slots["directory"], "queue"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            while not self._has(queue) and self._waits():
                pass
            while self.why is None:
                for number in range(slots["count"]):
                    path = os.path.join(slots["directory"], "slot-%d" % number)
                    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
                    if self._has(fd):
                        return fd
                    os.close(fd)
                self._waits()
            return None
        finally:
            os.close(queue)

    @staticmethod
    def _has(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _waits(self) -> bool:
        """Waits for a moment, unless nobody waits for the run any more."""
        if select.select([0] if self._listening else [], [], [], SLOT_SECONDS)[0]:
            self._hear()
        return self.why is None

    def _start(self) -> None:
        self.pipes = Pipes()
        self._child = os.fork()
        if self._child == 0:
            try:
                self._be_the_run()
            finally:
                os._exit(run_starting.FAILED)
        self.pipes.in_parent()

    def _be_the_run(self) -> None:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open(self.settings["stdin"] or os.devnull, os.O_RDONLY), 0)
        self.pipes.in_child()
        told = self.pipes.write["told"]
        run_starting.become(
            self.settings,
            self._texts,
            lambda facts: _write_all(told, json.dumps(facts).encode("utf-8", "replace") + b"\n"),
        )

    # -- while it runs ----------------------------------------------------------------------------------------------

    def _watch(self, started: float) -> None:
        """Until the program itself has ended, or is to be ended."""
        deadline = started + self.settings["timeoutSeconds"]
        look_at = started + FIRST_SAMPLE_SECONDS
        wake = _woken_by_children()
        open_ended = dict(self.pipes.read)
        while not self._has_ended():
            now = time.monotonic()
            if now >= deadline:
                self.why = "timeout"
            if now >= look_at:
                look_at = now + SAMPLE_SECONDS
                self._weigh()
            if self.why is not None:
                return
            waiting = [*open_ended.values(), wake] + ([0] if self._listening else [])
            readable = select.select(waiting, [], [], max(0, min(deadline, look_at) - now))[0]
            if 0 in readable:
                self._hear()
            if wake in readable:
                os.read(wake, 4096)
            for name, fd in list(open_ended.items()):
                if fd in readable and not self._take(name, fd):
                    del open_ended[name]

    def _has_ended(self) -> bool:
        """Whether the program has; what came to us by its parent's end is waited for, too."""
        while self._status is None:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self._child:
                self._status = status
        return True

    def _hear(self) -> None:
        """Somebody cancelled the run, or is gone: a run with a key goes on then."""
        said = os.read(0, 64)
        if CANCEL in said:
            self.why = "cancelled"
        elif not said:
            self._listening = False
            if not self.settings["keyed"]:
                self.why = "left"

    def _take(self, name: str, fd: int) -> bool:
        piece = os.read(fd, PIPE_BYTES)
        if name == "told":
            self._told += piece
        elif piece:
            self._show(name, self._kept[name].add(piece))
        return bool(piece)

    def _show(self, name: str, piece: bytes) -> None:
        """Passes output on as it comes, where somebody reads it; the end has all that is kept."""
        if not (piece and self.settings["shown"] and self._listening):
            return
        try:
            if select.select([], [self._out], [], 0)[1]:
                send(self._out, b"o" if name == "stdout" else b"e", piece[-PIPE_BYTES // 2 :])
        except OSError:
            self.settings["shown"] = False  # Nobody reads it any more.

    def _weigh(self) -> None:
        memory = sum(process.resident for process in descendants.below(os.getpid()))
        self._peak = max(self._peak, memory)
        most = self.settings.get("memoryBytes")
        if most and memory > most and self.why is None:
            self.why = "memory"

    # -- the end ----------------------------------------------------------------------------------------------------

    def _end_all(self) -> None:
        """Ends what is left of the run: asks, waits for as long as it may take, and insists."""
        left = descendants.below(os.getpid())
        if left:
            descendants.signal_each(left, signal.SIGTERM)
            self._wait_for_all(time.monotonic() + self.settings["graceSeconds"])
        until = time.monotonic() + KILL_SECONDS
        while time.monotonic() < until:
            left = descendants.below(os.getpid())
            if not left:
                break
            descendants.signal_each(left, signal.SIGKILL)
            self._wait_for_all(time.monotonic() + 0.05)
        self._has_ended()

    def _wait_for_all(self, until: float) -> None:
        """Reaps and reads until nothing is left, or the time is up."""
        while True:
            self._reap()
            now = time.monotonic()
            if now >= until or not descendants.below(os.getpid()):
                return
            readable = select.select(list(self.pipes.read.values()), [], [], min(0.02, until - now))[0]
            for name, fd in self.pipes.read.items():
                if fd in readable and not self._take(name, fd):
                    time.sleep(0.005)

    def _reap(self) -> None:
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._child:
                    self._status = status
        except ChildProcessError:
            return

    def _show_rest(self) -> None:
        """What the run left in its pipes."""
        for name, fd in self.pipes.read.items():
            os.set_blocking(fd, False)
            try:
                while self._take(name, fd):
                    pass
            except BlockingIOError:
                pass  # Something that can't be ended holds it open.
        for name, kept in self._kept.items():
            self._show(name, kept.end())

    def _report(self, waited: float, lasted: float) -> Json:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        status = self._status
        signalled = status is not None and os.WIFSIGNALED(status)
        # What it found out, and then perhaps why it could not be started after all.
        told: Json = {}
        for line in self._told.splitlines():
            told.update(json.loads(line.decode("utf-8", "replace")))
        facts = {
            "release": told.get("release"),
            "pinning": told.get("pinning"),
            "exitCode": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "signal": _name_of(os.WTERMSIG(status)) if status is not None and signalled else None,
            "why": self.why,
            "durationMs": round(lasted * 1000),
            "waitedMs": round(waited * 1000),
            "cpuMs": round((used.ru_utime + used.ru_stime) * 1000),
            "peakMemoryBytes": max(self._peak, used.ru_maxrss * 1024),
            "left": len(descendants.below(os.getpid())),
        }
        if "failed" in told:
            facts["failed"] = told
        return facts

    def outputs(self) -> dict[str, tuple[bytes, int, int]]:
        """What is kept of what it printed; see Kept.content()."""
        return {name: kept.content() for name, kept in self._kept.items()}


def serve(trial: CodeType, message: Callable[[], Json]) -> None:
    """What the process does, from the moment that `message` gives the settings; all else is ready by then.

    Its standard output goes to the executor.
    """
    out = os.dup(1)
    os.dup2(2, 1)
    os.setsid()
    try:
        os.set_inheritable(LOCK, False)
    except OSError:
        pass  # There is none.
    # What its descendants leave comes to this process.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    texts = run_starting.texts_of(trial)
    settings = message()
    supervisor = Supervisor(settings, texts, out)
    facts = supervisor.run()
    outputs = supervisor.outputs()
    if settings["keyed"]:
        from hot_deploy import outcomes  # noqa: PLC0415 - few runs have a key

        outcomes.write(settings["keyed"], facts, outputs)
    for name, (content, head, left) in outputs.items():
        facts[name] = {"bytes": len(content), "head": head, "left": left}
    try:
        for content, _, _ in outputs.values():
            send(out, b"d", content)
        send(out, b"r", json.dumps(facts).encode("utf-8"))
    except OSError:
        pass  # Nobody is left to hear of it.
    # An interpreter takes its time to leave.
    os._exit(0)


def _woken_by_children() -> int:
    """A descriptor that can be read when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def send(fd: int, kind: bytes, payload: bytes) -> None:
    """One frame to the executor: a byte of kind, four of length, the payload."""
    _write_all(fd, kind + len(payload).to_bytes(4, "big") + payload)


def _write_all(fd: int, payload: bytes) -> None:
    view = memoryview(payload)
    while view:
        view = view[os.write(fd, view) :]


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number
