"""Supervises one run of the engine, in a process of its own: starts it, bounds it, and tells how it ended.

The executor gives it its settings over standard input, which stays open as long as somebody waits for the run: an end of
it without a word is n8n's. What the run leaves behind becomes this process's child (see prctl(2), subreaper), so that
nothing of a run survives it.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import time

from hot_deploy import caller, descendants, descriptors, kept_output, run_process, run_starting, slots
from hot_deploy.caller import Caller
from hot_deploy.kept_output import Kept
from hot_deploy.run_memory import RunMemory
from hot_deploy.run_starting import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Json = dict[str, Any]

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.5
# Before the first look at its memory: few short runs need one.
FIRST_SAMPLE_SECONDS = 0.1
SLOT_SECONDS = 0.02
KILL_SECONDS = 3.0
# What is read of an output at once, and so often once the run has ended: more than pipes hold. What can't be ended may
# go on filling them.
PIPE_BYTES = 1 << 16
LAST_PIECES = 32
# Where the executor puts the directory of a run with a key, whose lock says that the run is alive.
LOCK = 3


class Supervisor:
    """One run. `settings`: see running.py, which makes them."""

    def __init__(self, settings: Json, texts: Json, caller: Caller) -> None:
        self.settings = settings
        self._texts = texts
        self._caller = caller
        # Why the run is ended from here: `timeout`, `cancelled`, `memory` or `left`, when nobody waits for it.
        self.why: str | None = None
        self._memory = RunMemory(None)
        self._told = b""
        self._status: int | None = None
        self._child = 0
        self._pipes: dict[str, int] = {}
        secrets = list(settings["secrets"])
        errors = Kept(kept_output.STDERR, secrets, settings["environment"])
        # What a replay prints is shown to people, where it differs.
        shown = settings["environment"] if settings.get("apart") else None
        self._kept = {"stdout": Kept(kept_output.STDOUT, secrets, shown), "stderr": errors}

    def run(self) -> Json:
        """Runs the engine to its end, and whatever it left behind. Returns how it ended."""
        asked = started = ended = time.monotonic()
        try:
            # Now: as long as the executor is there, and before anybody waits.
            stdin = os.open(self.settings["stdin"] or os.devnull, os.O_RDONLY)
            slot = self._slot()
            started = ended = time.monotonic()
            if self.why is None:
                self._memory = RunMemory(self.settings.get("memoryBytes"))
                group = self._memory.group
                self._child, self._pipes = run_process.start(self.settings, self._texts, stdin, group)
                self._watch(started)
                if self.why is None and self._memory.was_too_much():
                    self.why = "memory"
                self._end_all()
                ended = time.monotonic()
                self._memory.close()
                self._show_rest()
            if slot is not None:
                os.close(slot)
        except OSError as raised:
            self._told += run_process.line(run_starting.of_system(raised))
        return self._report(started - asked, ended - started)

    # -- before -----------------------------------------------------------------------------------------------------

    def _slot(self) -> int | None:
        """One of the engine's slots, where their number is limited and the run is still wanted."""
        return slots.take(self.settings["slots"], self._waits) if self.settings.get("slots") else None

    def _waits(self) -> bool:
        """Waits for a moment, unless nobody waits for the run any more."""
        if select.select(self._caller.input(), [], [], SLOT_SECONDS)[0]:
            self.why = self._caller.hear()
        return self.why is None

    # -- while it runs ----------------------------------------------------------------------------------------------

    def _watch(self, started: float) -> None:
        """Until the program itself has ended, or is to be ended."""
        deadline = started + self.settings["timeoutSeconds"]
        look_at = started + FIRST_SAMPLE_SECONDS
        wake = _woken_by_children()
        open_ended = dict(self._pipes)
        while not self._has_ended():
            now = time.monotonic()
            if now >= deadline:
                self.why = "timeout"
            if now >= look_at:
                look_at = now + SAMPLE_SECONDS
                if self._memory.is_too_much() and self.why is None:
                    self.why = "memory"
            if self.why is not None:
                return
            waiting = [*open_ended.values(), wake, *self._caller.input()]
            readable = select.select(waiting, [], [], max(0, min(deadline, look_at) - now))[0]
            if caller.INPUT in readable:
                self.why = self._caller.hear()
            if wake in readable:
                os.read(wake, 4096)
            for name, fd in list(open_ended.items()):
                if fd in readable and not self._take(name, fd):
                    del open_ended[name]

    def _has_ended(self) -> bool:
        """Whether the program has; what came to us by its parent's end is waited for, too."""
        return not self._reap() or self._status is not None

    def _reap(self) -> bool:
        """Waits for what has ended. Returns whether anything of ours is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self._child:
                    self._status = status
        except ChildProcessError:
            return False

    def _take(self, name: str, fd: int) -> bool:
        piece = os.read(fd, PIPE_BYTES)
        if name == "told":
            self._told += piece
        elif piece:
            self._show(name, self._kept[name].add(piece))
        return bool(piece)

    def _show(self, name: str, piece: bytes) -> None:
        """Passes output on as it comes, where somebody wants it; the end has all that is kept."""
        if self.settings["shown"]:
            self._caller.show(b"o" if name == "stdout" else b"e", piece)

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
            descendants.kill(left)
            self._wait_for_all(time.monotonic() + 0.05)
        self._reap()

    def _wait_for_all(self, until: float) -> None:
        """Reaps and reads until nothing is left, or the time is up."""
        while True:
            self._reap()
            now = time.monotonic()
            if now >= until or not descendants.below(os.getpid()):
                return
            readable = select.select(list(self._pipes.values()), [], [], min(0.02, until - now))[0]
            for name, fd in self._pipes.items():
                if fd in readable and not self._take(name, fd):
                    time.sleep(0.005)

    def _show_rest(self) -> None:
        """What the run left in its pipes."""
        for name, fd in self._pipes.items():
            os.set_blocking(fd, False)
            try:
                for _ in range(LAST_PIECES):
                    if not self._take(name, fd):
                        break
            except BlockingIOError:
                pass  # Something that can't be ended holds it open.
        for name, kept in self._kept.items():
            self._show(name, kept.end())

    def _report(self, waited: float, lasted: float) -> Json:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        status = self._status
        signalled = status is not None and os.WIFSIGNALED(status)
        told = self._all_told()
        facts = {
            "release": told.get("release"),
            "pinning": told.get("pinning"),
            **({"network": told["network"]} if "network" in told else {}),
            "exitCode": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "signal": _name_of(os.WTERMSIG(status)) if status is not None and signalled else None,
            "why": self.why,
            "durationMs": round(lasted * 1000),
            "waitedMs": round(waited * 1000),
            "cpuMs": round((used.ru_utime + used.ru_stime) * 1000),
            "peakMemoryBytes": max(self._memory.peak, used.ru_maxrss * 1024),
            "left": len(descendants.below(os.getpid())),
        }
        if "failed" in told:
            facts["failed"] = told
        return facts

    def _all_told(self) -> Json:
        """What it found out, and then perhaps why it could not be started after all."""
        told: Json = {}
        for line in self._told.splitlines():
            told.update(json.loads(line.decode("utf-8", "replace")))
        return told

    def outputs(self) -> dict[str, tuple[bytes, int, int]]:
        """What is kept of what it printed; see Kept.content()."""
        return {name: kept.content() for name, kept in self._kept.items()}


def serve(program: Json, message: Callable[[], Json]) -> None:
    """What the process does, from the moment that `message` gives the settings; all else is ready by then.

    Its standard output goes to the executor.
    """
    out = os.dup(1)
    os.dup2(2, 1)
    os.setsid()
    # What its descendants leave comes to this process.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    texts = run_starting.texts_of(program["trial"])
    settings = message()
    # What whoever started the executor left open is nothing of the run's, and neither is this.
    descriptors.keep_only(out, *([LOCK] if settings["keyed"] else []))
    if settings["keyed"]:
        # It may outlive the executor, whose streams must end with that: somebody waits for it.
        for fd in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), fd)
    waiting = Caller(out, bool(settings["keyed"]))
    supervisor = Supervisor(settings, texts, waiting)
    facts = supervisor.run()
    outputs = supervisor.outputs()
    if settings["keyed"]:
        _keep_outcome(facts, outputs)
    for name, (content, head, left) in outputs.items():
        facts[name] = {"bytes": len(content), "head": head, "left": left}
    contents = [(b"d", content) for content, _, _ in outputs.values()]
    waiting.tell_all([*contents, (b"r", json.dumps(facts).encode("utf-8"))])
    # An interpreter takes its time to leave.
    os._exit(0)


def _keep_outcome(facts: Json, outputs: dict[str, tuple[bytes, int, int]]) -> None:
    from hot_deploy import outcomes  # noqa: PLC0415 - few runs have a key

    try:
        # By the descriptor: whatever is at its path by now, it is this run's.
        outcomes.write("/proc/self/fd/%d" % LOCK, facts, outputs)
    except OSError:
        pass  # On a full disk, whoever waits still hears of it; nobody else knows its end.


def _woken_by_children() -> int:
    """A descriptor that can be read when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number
