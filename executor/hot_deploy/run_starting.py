"""Becoming a run of the engine: in the process that is to be it, between its fork and its exec.

It follows the texts of the launcher and of the prefix, so that what the node starts is pinned like what a workflow starts.
A root executor takes the mount namespace before it gives up root.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable, NoReturn

    Json = dict[str, Any]

PR_SET_PDEATHSIG, SIGKILL = 1, 9
FAILED = 70
# Of a replay's runs.
NICE = 10
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


class NotStarted(Exception):
    """The engine could not be started: a kind that the client knows, and facts."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.facts = facts


def become(settings: Json, texts: Json, tell: Callable[[Json], None]) -> NoReturn:
    """Becomes what `settings["start"]` names. `tell` gets what is known of it before, or why there is nothing to become."""
    try:
        _become(settings, texts, tell)
    except NotStarted as failed:
        tell({"failed": failed.kind, **failed.facts})
    except OSError as raised:
        tell(of_system(raised))
    except ValueError as raised:  # A name or value that no environment or argument can have.
        tell({"failed": "unusable", "said": str(raised)})
    os._exit(FAILED)


def of_system(raised: OSError) -> Json:
    """What the system said, for people."""
    path = raised.filename if isinstance(raised.filename, (str, bytes)) else ""
    return {"failed": "system", "said": raised.strerror or str(raised), "path": os.fsdecode(path)}


def _become(settings: Json, texts: Json, tell: Callable[[Json], None]) -> None:
    os.environ.clear()
    os.environ.update(settings["environment"])
    directory = settings["directory"]
    try:
        os.chdir(directory)
    except OSError as raised:
        raise NotStarted("workingDirectory", path=directory, said=raised.strerror) from raised
    os.environ["PWD"] = directory
    if settings.get("apart"):
        tell(set_apart(settings["apart"]))
    texts["__file__"] = os.path.join(settings["base"], ".hot-deploy", "launch.py")
    if settings["release"] is None and not settings["live"]:
        user = settings.get("user")
        if user:
            give_up_root(*user)
        settings = dict(settings, words=_filled(settings, ""))
        told, (executable, words) = {"release": None, "pinning": None}, _plain(settings)
    else:
        told, (executable, words) = _pinned(settings, texts)
    tell(told)
    texts["undo_ignored_signals"]()
    try:
        os.execvp(executable, words)
    except OSError as raised:
        raise NotStarted("notStartable", program=executable, said=raised.strerror or str(raised)) from raised


def give_up_root(uid: int, gid: int, groups: list[int]) -> None:
    """From now on this process is somebody else, for good."""
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)
    # The kernel forgets it with the change.
    prctl(PR_SET_PDEATHSIG, SIGKILL)


def set_apart(apart: Json) -> Json:
    """Runs behind the engine's own runs, and without a network where none is allowed and that can be had; tells whether."""
    os.nice(NICE)
    return {"network": "on" if apart["network"] or not _leave_network() else "off"}


def _leave_network() -> bool:
    """Moves this process to a network of its own, in which nobody but itself can be reached."""
    try:
        import ctypes  # noqa: PLC0415 - as below

        libc = ctypes.CDLL(None, use_errno=True)
    except ImportError:
        return False
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if uid == 0 or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", "%d %d 1" % (uid, uid)),
            ("gid_map", "%d %d 1" % (gid, gid)),
        ):
            with open("/proc/self/" + name, "w") as handle:
                handle.write(text)
    _bring_up_loopback()
    return True


def _bring_up_loopback() -> None:
    """As everywhere else: many programs talk to themselves."""
    import fcntl  # noqa: PLC0415 - few runs need it
    import socket  # noqa: PLC0415

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_of_it:
            fcntl.ioctl(any_of_it, SIOCSIFFLAGS, b"lo".ljust(16, b"\0") + IFF_UP.to_bytes(2, sys.byteorder) + bytes(14))
    except OSError:
        pass


def prctl(option: int, value: int) -> None:
    """prctl(2), where it can be had: without it, what forks twice isn't found, and a run outlives its supervisor."""
    try:
        import ctypes  # noqa: PLC0415 - pinning in place needs it, too

        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    except (ImportError, AttributeError, OSError):
        pass


# -- what is started ------------------------------------------------------------------------------------------------------


def _plain(settings: Json) -> tuple[str, list[str]]:
    """(executable, words) in a plain directory."""
    base, (kind, name), words = settings["base"], settings["start"], settings["words"]
    if kind in ("entrypoint", "script"):
        _look_for(os.path.join(base, name), name)
        command = [*settings["runner"], _spelled(settings, name), *words]
    elif kind == "module":
        command = [sys.executable, "-m", name, *words]
    else:
        command = [name, *words]
    return command[0], command


def _pinned(settings: Json, texts: Json) -> tuple[Json, tuple[str, list[str]]]:
    """What is known of the run, and (executable, words), once this process has leased its release and sees it."""
    base, (kind, name) = settings["base"], settings["start"]
    release = _lease(settings, texts)
    environment = texts["lease_environment"](release)
    if kind in ("entrypoint", "script"):
        _look_for(os.path.join(release, name), name, os.path.basename(release))
    settings = dict(settings, words=_filled(settings, os.path.basename(release)))
    os.environ["HOT_DEPLOY_RELEASE"] = release
    way = _way(settings, release, name if kind == "entrypoint" else None, texts)
    user = settings.get("user")
    if user:
        give_up_root(*user)
    told = {"release": os.path.basename(release), "pinning": way}
    if kind == "entrypoint":
        how = (environment, settings["runner"], settings["words"])
        spelled = name if way == "release" else _spelled(settings, name)
        return told, texts["started"](base, release, way, spelled, how)
    return told, texts["prefixed"](base, release, way, environment, _command(settings))


def texts_of(trial: CodeType) -> Json:
    """What the launcher, the prefix and the trial of a release define."""
    names: Json = {"__name__": "hot_deploy_run"}
    exec(trial, names)

    def stop(sentence: str) -> None:
        raise NotStarted("launcherSaid", said=sentence)

    names["stop"] = stop
    return names


def _lease(settings: Json, texts: Json) -> str:
    """The release's directory, kept from removal for as long as this process lives."""
    if settings["release"] is None:
        return texts["lease"](settings["base"])  # type: ignore[no-any-return]
    release = os.path.join(settings["base"], "releases", settings["release"])
    try:
        if texts["held"](release):
            return release
    except FileNotFoundError:
        pass
    raise NotStarted("releaseMissing", release=settings["release"])


def _way(settings: Json, release: str, entrypoint: str | None, texts: Json) -> str:
    base, wanted = settings["base"], settings.get("candidate")
    if wanted is None:
        in_place = texts["pin_in_place"](base, release, entrypoint) is None
    else:  # It is not what is live, and may be the first: see try_release.py.
        in_place = wanted not in ("code", "release", "inside") and texts["shown"](base, release) is None
    if in_place:
        return "place"
    if wanted in ("release", "inside"):
        return "release"
    return "code" if texts["by_code"](base, release) else "release"


def _command(settings: Json) -> list[str]:
    """What a workflow would put behind the prefix."""
    base, (kind, name), words = settings["base"], settings["start"], settings["words"]
    if kind == "script":
        return [*settings["runner"], os.path.join(base, name), *words]
    return [sys.executable, "-m", name, *words] if kind == "module" else [name, *words]


def _filled(settings: Json, release: str) -> list[str]:
    """The arguments, with what tokens stand for: alone, behind `--name=`, and before a path."""
    values = dict(settings["tokens"], release=release)
    return [_with_token(word, values) for word in settings["words"]]


def _with_token(word: str, values: dict[str, str]) -> str:
    begin = word.find("={") + 1 if word.startswith("--") else 0
    end = word.find("}", begin)
    name = word[begin + 1 : end] if word.startswith("{", begin) and end > 0 else ""
    if name not in values or word[end + 1 : end + 2] not in ("", "/"):
        return word
    return word[:begin] + values[name] + word[end + 1 :]


def _spelled(settings: Json, name: str) -> str:
    """A program's path as a workflow would write it behind `cd /app`, or from elsewhere."""
    return name if settings["directory"] == settings["base"] else os.path.join(settings["base"], name)


def _look_for(path: str, name: str, release: str = "") -> None:
    if not os.path.isfile(path):
        raise NotStarted("programMissing", name=name, **({"release": release} if release else {}))
