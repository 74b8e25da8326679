"""What starts a release: which names, as what kind of program, and the launchers that stand there for it.

A launcher takes its first line from the program that it starts, so that `./run.py` goes on starting the interpreter that
the engine's author named, and mode and owner from the file in whose place it comes.
"""

from __future__ import annotations

import os
import re
import stat
import sys

import hot_deploy
from hot_deploy import files, records, shell_launcher
from hot_deploy.failures import StepFailed
from hot_deploy.later import py_compile
from hot_deploy.layout import LAUNCHER_MARKER, LAUNCHER_START, checked_path, parents
from hot_deploy.serve_text import serve_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Mapping

    from hot_deploy.layout import Layout

# Between the names of several entrypoints.
SEPARATOR = ","
# As much of a first line as the kernel reads.
LONGEST_LINE = 255
SHELLS = (b"sh", b"bash", b"dash", b"ash", b"ksh", b"zsh")
SHELL_SUFFIXES = (".sh", ".bash")
PYTHON = re.compile(rb"(?:python|pypy)[0-9.]*")
# What the prefix has of the launcher stands in front of it.
FROM_OTHERS = re.compile(r"^from (?:launcher|launch) import (?:\([^)]*\)|.*)$", re.MULTILINE)
# Launchers are small: what is larger need not be opened to be known for something else.
LARGEST_LAUNCHER = 64 * 1024


class Launcher:
    """What is to stand in the base path for a release: launchers with this text at the names of `entrypoint`, and folders
    for the directories above them and for `folders`, in which something is shared."""

    def __init__(self, entrypoint: str, content: bytes, folders: Iterable[str] = ()) -> None:
        self.entrypoint, self.content = entrypoint, content
        self.starting = listed(entrypoint)
        self.shared = {each for name in folders if _is_usable(name) for each in (name, *parents(name))}
        self._above = {above for name in self.starting for above in parents(name)}

    def of(self, layout: Layout, release_id: str, otherwise: bool = True) -> Launcher:
        """As a release needs it: its folders and, unless not `otherwise`, its own entrypoint."""
        record = records.read(layout, release_id) or {}
        own = record.get("entrypoint") if otherwise else None
        return Launcher(own if isinstance(own, str) else self.entrypoint, self.content, record.get("folders") or ())

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Launcher:
        """Where something is to stand for a release, as its record says it; without a text."""
        own = record.get("entrypoint")
        return cls(own if isinstance(own, str) else "", b"", record.get("folders") or ())

    def starts(self, name: str) -> bool:
        """Whether a launcher stands for a name or below it: those come last, or first where they go."""
        return name in self.starting or name in self._above

    def has_folder(self, name: str) -> bool:
        """Whether a folder stands for a name."""
        return name in self._above or name in self.shared


def _is_usable(folder: str) -> bool:
    """Whether a record that anybody may have written names a directory that could be one of these."""
    try:
        return bool(checked_path(folder))
    except StepFailed:
        return False


def listed(entrypoint: str) -> list[str]:
    """The names in an argument or record that may hold several, or none."""
    return [name for name in entrypoint.split(SEPARATOR) if name]


def of_release(layout: Layout, release_id: str | None, otherwise: str) -> str:
    """Each release names its own, or that it has none; `otherwise` for one that doesn't say."""
    found = (records.read(layout, release_id) or {}).get("entrypoint") if release_id is not None else None
    return found if isinstance(found, str) else otherwise


def is_launcher(path: str) -> bool:
    """Whether a launcher of ours stands at `path`, of whatever version."""
    try:
        with open(path, "rb") as handle:
            return LAUNCHER_MARKER in handle.read(LAUNCHER_START)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        return False


def stands_at(path: str) -> bool:
    """As is_launcher(), for any name of the base path: a link, a directory or a device is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_LAUNCHER and is_launcher(path)


def content_for(program: str, name: str, launcher: bytes) -> bytes:
    """The launcher that starts the program at a path, under its name from the base path on: with that one's first line,
    and a shell script for a shell script."""
    line = _first_line(program)
    interpreter = _interpreter(line)
    if _is_for_shell(program, line):
        head = line if line.startswith(b"#!") else shell_launcher.DEFAULT_LINE
        return shell_launcher.content(head, name, sys.executable)
    if PYTHON.fullmatch(interpreter) and launcher.startswith(b"#!"):
        return line + b"\n" + launcher.split(b"\n", 1)[1]
    return launcher


def is_shell(program: str) -> bool:
    """Whether a program is a script for a shell, by its first line or its name."""
    return _is_for_shell(program, _first_line(program))


def _is_for_shell(program: str, line: bytes) -> bool:
    return _interpreter(line) in SHELLS or (not line.startswith(b"#!") and program.endswith(SHELL_SUFFIXES))


def shell_of(program: str) -> list[str]:
    """What a script for a shell is started with, by its first line or its name; nothing for another program."""
    line = _first_line(program)
    if not _is_for_shell(program, line):
        return []
    return [os.fsdecode(word) for word in line[2:].split()] or ["sh"]


def is_startable(program: str) -> bool:
    """Whether it is a program that a launcher can stand for: Python, or a script of a POSIX shell."""
    line = _first_line(program)
    if line.startswith(b"\x7fELF"):
        return False
    interpreter = _interpreter(line)
    known = PYTHON.fullmatch(interpreter) or interpreter in SHELLS or program.endswith(".py")
    return bool(known) or not line.startswith(b"#!")


def python_of(program: str) -> str | None:
    """The absolute path of the Python that a script's first line names; None where it is found by `env`, or none is named."""
    line = _first_line(program)
    words = line[2:].split() if PYTHON.fullmatch(_interpreter(line)) else []
    named = os.fsdecode(words[0]) if words and words[0].startswith(b"/") else None
    return named if named is not None and os.path.basename(named) != "env" else None


def _interpreter(line: bytes) -> bytes:
    """The name of the program that a first line asks for, by `env` or directly; empty where it asks for none.

    A line that ends in a carriage return asks for one that isn't there.
    """
    if not line.startswith(b"#!") or b"\r" in line:
        return b""
    names = [word.rpartition(b"/")[2] for word in line[2:].split()]
    if names[:1] == [b"env"]:
        names = [name for name in names[1:] if not name.startswith(b"-") and b"=" not in name]
    return names[0] if names else b""


def _first_line(program: str) -> bytes:
    """Empty where it is longer than the kernel reads, or can't be read."""
    try:
        with open(program, "rb") as handle:
            line = handle.read(LONGEST_LINE + 1).split(b"\n", 1)[0]
    except OSError:
        return b""
    return line if len(line) <= LONGEST_LINE else b""


def launch_text() -> str:
    """The prefix's text; empty where the package is imported from files, as in its own tests."""
    own = getattr(hot_deploy, "launch", "")
    if not own:
        return ""
    return _followed_by(hot_deploy.launcher, own)


def trial_text() -> str:
    """The text of what starts a release that is not live yet, for a check: it follows the prefix's."""
    return _followed_by(launch_text(), hot_deploy.try_release)


def _followed_by(text: str, own: str) -> str:
    """A text without its last lines, which start it, and behind it one that imports from it."""
    return text.split("\nif __name__ == ", 1)[0] + "\n\n" + FROM_OTHERS.sub("", own)


def place_launch(layout: Layout) -> None:
    """Puts the prefix there that runs any command with what is current: `python3 .hot-deploy/launch.py COMMAND…`, and
    what does so for a service: `python3 .hot-deploy/serve.py --listen ADDRESS -- COMMAND…`."""
    for path, text in ((layout.launch, launch_text()), (layout.serve, serve_text())):
        if text:
            _write(layout, path, text.encode("utf-8"), 0o755)


def place_by_code(layout: Layout) -> None:
    """Puts there what Python imports, by itself, in runs that are pinned by code: see by_code.py."""
    content = getattr(hot_deploy, "by_code", "").encode("utf-8")
    if not content:
        return
    os.makedirs(layout.code, 0o755, exist_ok=True)
    layout.give(layout.code)
    path = os.path.join(layout.code, "sitecustomize.py")
    if _write(layout, path, content, 0o644):
        py_compile.compile(path, doraise=True)


def _write(layout: Layout, path: str, content: bytes, mode: int) -> bool:
    """Writes a file of ours; False where it is there already."""
    try:
        with open(path, "rb") as handle:
            if handle.read() == content:
                return False
    except FileNotFoundError:
        pass
    files.write_atomically(path, content, mode=mode)
    layout.give(path)
    return True
