"""Starting runs of the engine: each gets a supervisor of its own, a process that is given what to do and tells the end.

A run without a key ends with the conversation that asked for it; one with a key goes on, and its outcome is kept.
"""

from __future__ import annotations

import fcntl
import json
import marshal
import os
import pwd
import select
import sys
import threading

import hot_deploy
from hot_deploy import engine_check, entrypoints, importer, outcomes, ownership
from hot_deploy.failures import ControllerGone, StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable

    from hot_deploy.layout import Layout
    from hot_deploy.run_directories import RunDirectory
    from hot_deploy.wire import Wire

    Json = dict[str, Any]
    Show = Callable[[str, bytes], None]

# Also what helpers look for in a command line: a supervisor is no part of the run.
NAME = "hot-deploy-run-supervisor"
MODULES = ("supervisor", "run_starting", "descendants", "outcomes", "files", "later", "masking")
BOOTSTRAP = """\
import marshal, os
def read(length):
    content = b""
    while len(content) < length:
        piece = os.read(0, length - len(content))
        if not piece:
            raise SystemExit
        content += piece
    return content
def message():
    return marshal.loads(read(int.from_bytes(read(8), "big")))
program = message()
exec(program["importer"])
install(program)
import hot_deploy.supervisor
hot_deploy.supervisor.serve(program["trial"], message)
"""
# As in the supervisor: where it finds the lock that says that a run with a key is alive.
LOCK = 3
# Descriptors are moved there first, where none of those that they take the place of is.
ABOVE = 10
CANCEL = b"c"
BUSY_SECONDS = 0.05
_codes: Json = {}


class Outcome:
    """How a run ended: facts as supervisor.py tells them, and what it printed."""

    def __init__(self, facts: Json, outputs: dict[str, bytes], repeated: bool = False) -> None:
        self.facts = facts
        self.outputs = outputs
        # Whether another start of the same key had it.
        self.repeated = repeated


def settings_of(layout: Layout, args: Json, directory: RunDirectory | None, user: Json) -> Json:
    """What a supervisor is told; see supervisor.py and run_starting.py."""
    start = args["start"]
    live = layout.standing_release() is not None
    own = dict(args.get("secrets") or {})
    environment = engine_check.environment()
    environment.setdefault("PYTHONUNBUFFERED", "1")
    environment.setdefault("PYTHONIOENCODING", "utf-8")
    environment.update(args.get("environment") or {})
    if args.get("stdinText") is None:
        environment.update(own)
    environment["HOT_DEPLOY_RUN"] = args["run"]
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
        "secrets": _spellings([*own.values(), *_on_stdin(args)]),
        "tokens": _tokens(directory),
        "timeoutSeconds": args["timeoutSeconds"],
        "graceSeconds": args["graceSeconds"],
        "memoryBytes": args.get("memoryBytes"),
        "user": user.get("switch"),
        "keyed": directory.path if directory is not None and directory.keyed else None,
        "shown": bool(args.get("shown")),
        "stdin": None,
    }


def _on_stdin(args: Json) -> list[str]:
    """Secrets that the run reads from its standard input: what it prints must not have those either."""
    text = args.get("stdinText")
    return [] if text is None else [str(value) for value in json.loads(text).values()]


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
    """Whom a run is started as: `name`, `asRoot` where that is root by nobody's choice, and `switch` for the supervisor.

    Without a choice it is whom the base path belongs to, where this process is root and may become them.
    """
    here = os.geteuid()
    if given:
        uid, gid = ownership.user_of(given)
        if here not in (0, uid):
            raise StepFailed("runAsAnother", given=given, user=_name(here))
    elif here == 0:
        status = os.stat(layout.base)
        uid, gid = status.st_uid, status.st_gid
    else:
        uid, gid = here, os.getegid()
    found = {"name": _name(uid), "asRoot": uid == 0 and not given, "ids": (uid, gid) if uid != here else None}
    if uid != here:
        found["switch"] = _switch(uid, gid)
    return found


def _switch(uid: int, gid: int) -> tuple[int, int, list[int], dict[str, str]]:
    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return uid, gid, [gid], {"HOME": "/"}
    groups = os.getgrouplist(known.pw_name, gid)
    return uid, gid, groups, {"HOME": known.pw_dir, "USER": known.pw_name, "LOGNAME": known.pw_name}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


# -- the supervisor -------------------------------------------------------------------------------------------------------


class _Process:
    """A supervisor's process, ready to be told what to do. Starting it takes longer than all else that a run costs."""

    def __init__(self, lock: int | None = None) -> None:
        payload = marshal.dumps(_compiled())
        given, self.control = os.pipe()
        self.out, out = os.pipe()
        inherited = [(given, 0), (out, 1)] + ([(lock, LOCK)] if lock is not None else [])
        moved = [(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, ABOVE), place) for fd, place in inherited]
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", BOOTSTRAP, NAME],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, fd, place) for fd, place in moved],
            )
        finally:
            for fd in [given, out] + [fd for fd, _ in moved]:
                os.close(fd)
        self.tell(payload)

    def tell(self, payload: bytes) -> None:
        try:
            _write(self.control, len(payload).to_bytes(8, "big") + payload)
        except BrokenPipeError:
            pass  # What it says, or doesn't, tells why.


class Spare:
    """One supervisor that is ready beforehand: the next one starts while a run is at work."""

    def __init__(self) -> None:
        self._process: _Process | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        with self._lock:
            if self._process is None:
                self._process = _Process()

    def take(self) -> _Process:
        with self._lock:
            process, self._process = self._process, None
        return process or _Process()

    def close(self) -> None:
        """Nobody needs it any more: it ends with its input."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            os.close(process.control)
            os.close(process.out)
            os.waitpid(process.pid, 0)


class Supervised:
    """A supervisor that was told to run the engine, and what it says."""

    def __init__(self, settings: Json, spare: Spare, lock: int | None) -> None:
        self._keyed = bool(settings["keyed"])
        self._process = spare.take() if lock is None else _Process(lock)
        self._process.tell(marshal.dumps(settings))
        spare.prepare()

    def follow(self, wire: Wire, show: Show) -> Outcome:
        """Waits for the end. When the controller goes away, a run without a key is ended first."""
        outputs: list[bytes] = []
        out = self._process.out
        frames = _Frames(out)
        try:
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
        except ControllerGone:
            self._leave(wire.cancelled)
            raise
        finally:
            self._close()

    def _leave(self, cancelled: bool) -> None:
        if cancelled:
            try:
                os.write(self._process.control, CANCEL)
            except OSError:
                pass  # It has ended meanwhile.
        self._keyed = self._keyed and not cancelled

    def _close(self) -> None:
        os.close(self._process.control)
        os.close(self._process.out)
        try:
            # One with a key goes on when nobody waits for it; whoever becomes its parent then waits for its end.
            os.waitpid(self._process.pid, os.WNOHANG if self._keyed else 0)
        except ChildProcessError:
            pass


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


def _write(fd: int, payload: bytes) -> None:
    view = memoryview(payload)
    while view:
        view = view[os.write(fd, view) :]


# -- runs with a key ------------------------------------------------------------------------------------------------------


def kept_outcome(directory: RunDirectory) -> Outcome | None:
    """What became of the run with this key, where it has ended; None where nobody knows."""
    found = outcomes.read(directory.path)
    return None if found is None else Outcome(*found, repeated=True)


def wait_for(directory: RunDirectory, wire: Wire) -> Outcome | None:
    """Waits for a run that somebody else started with this key."""
    fd = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
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


def survives(layout: Layout) -> bool:
    """Whether a run goes on that is in the same control group as this process, when that group's main process ends."""
    try:
        with open("/proc/self/cgroup", "rb") as own, open("/proc/1/cgroup", "rb") as first:
            lines, others = own.read().split(b"\n"), first.read()
    except OSError:
        return True
    group = next((line for line in lines if line.startswith((b"0::", b"1:name=systemd"))), lines[0])
    path = group.rpartition(b":")[2]
    if path.endswith(b".service"):
        return False
    # In a container, process 1 is the container's own, and everything ends with it.
    return not (_in_container() and group in others)


def _in_container() -> bool:
    return any(os.path.exists(mark) for mark in ("/.dockerenv", "/run/.containerenv"))
