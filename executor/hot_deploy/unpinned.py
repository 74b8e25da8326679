"""Processes that run the engine's entrypoint and hold no lease: runs from before an adoption, launchers before theirs.

Of an engine without an entrypoint these are the Python programs that were started in its base path, or from a file in it.
"""

from __future__ import annotations

import os
import re

from hot_deploy import entrypoints, leases, mounts, peeking, usage
from hot_deploy.layout import RELEASE_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.peeking import Process

# A launcher takes less, in seconds, until it has its lease: what looks like one for longer, and keeps back where it
# runs, is somebody's program of the same name.
LONGEST_START = 30.0
# Set for whatever the prefix `launch.py` starts, and inherited.
RELEASE_VARIABLE = b"HOT_DEPLOY_RELEASE"
# What a run that is pinned in place has mounted, and one that is pinned by code has mapped.
_IN_RELEASE = re.compile(b"/releases/" + RELEASE_ID.pattern.encode() + b"/")
# As far as a script is looked for below a base path.
MOST_DIRECTORIES = 16


class Watch:
    """Those that run the entrypoint of an engine without a lease, of all that were there at a moment."""

    def __init__(self, layout: Layout, entrypoint: str, moment: float, longest: float = float("inf")) -> None:
        """`moment`: in seconds since the boot. What may run it in another directory counts as doing so until it has
        run for `longest` seconds."""
        self._layout = layout
        self._entrypoint = entrypoint
        self._moment = moment
        self._longest = longest
        # Whether other users' processes can't even be listed.
        self.hidden = peeking.hides_others()
        # [{processId, command}]
        self.left: list[dict[str, Any]] = []
        # Ids of other users' processes that may run the entrypoint: they don't let themselves be looked into.
        self.unseen: list[int] = []
        self._look(peeking.others())

    def look_again(self) -> None:
        """Looks which of them are still there."""
        self._look(map(peeking.Process, [found["processId"] for found in self.left] + self.unseen))

    @property
    def count_unseen(self) -> int | None:
        """For the answer: None where nobody can tell."""
        return None if self.hidden else len(self.unseen)

    def _look(self, processes: Iterable[Process]) -> None:
        """A run that is pinned in its release has another command line; one that is pinned in place has it mounted, and one
        that is pinned by code has it leased and mapped."""
        engine = _Engine(self._layout, self._entrypoint)
        self.left, self.unseen = [], []
        for process in processes:
            words = process.words()
            runs = engine.run_by(process, words) if words else False
            if runs is not False and engine.is_pinned(process):
                continue
            may = runs is None or (not runs and _may_run_it(process, words))
            started = process.started() if runs or may else float("inf")
            if started > self._moment + 2 * peeking.TICK:
                continue
            if runs or (runs is None and started > self._moment - self._longest):
                command = " ".join(map(os.fsdecode, words))[:200]
                self.left.append({"processId": process.pid, "command": command})
            else:
                self.unseen.append(process.pid)


def _may_run_it(process: Process, words: list[bytes]) -> bool:
    """Whether it is Python, started without the full path of a script, by somebody who keeps back where."""
    script = next((word for word in words[1:] if not word.startswith(b"-")), b"")
    if not usage.may_run(words) or script.startswith(b"/"):
        return False
    process.working_directory()
    return process.kept_back


class _Engine:
    """The base path and its entrypoint, to be known again in command lines."""

    def __init__(self, layout: Layout, entrypoint: str) -> None:
        self._layout = layout
        self._entrypoints = [os.fsencode(name) for name in entrypoints.listed(entrypoint)]
        self._stems = [os.path.splitext(name)[0].replace(b"/", b".") for name in self._entrypoints]
        status = os.stat(layout.base)
        self._identity = (status.st_dev, status.st_ino)
        self._table = mounts.Table(mounts.own())
        self._home = self._table.locate(os.fsencode(layout.base))
        # Who holds a lease, once it was asked for.
        self._leasing: set[int] | None = None

    def run_by(self, process: Process, words: list[bytes]) -> bool | None:
        """Whether it runs the entrypoint; None where its command line says so, but not in which directory."""
        if not self._entrypoints:
            return self._started_in(process, words)
        answers = [self._leads_here(process, place) for word in words for place in self._bases(word)]
        if self._as_module(words) or self._from_input(process, words):
            answers.append(self._leads_here(process, b""))
        if True in answers:
            return True
        return None if None in answers else False

    def is_pinned(self, process: Process) -> bool:
        """Whether it alone has a release mounted, or has leased or mapped one: this engine's, or another's, which is as good."""
        own = self._table.roots()
        if any(_IN_RELEASE.search(root) for _, root in mounts.Table(process.mounts()).roots() - own):
            return True
        if self._leasing is None:
            self._leasing = leases.holders(self._layout)
        return process.pid in self._leasing or _IN_RELEASE.search(process.mapped()) is not None

    def _started_in(self, process: Process, words: list[bytes]) -> bool | None:
        """Whether it is Python, runs in the base path or from a file in it, and has not been given a release."""
        if not usage.is_python(words[0]) or any(process.variables((RELEASE_VARIABLE,))):
            return False
        places = [b"", *(word for word in words[1:] if b"/" in word and not word.startswith(b"-"))]
        answers = [self._leads_here(process, place) for word in places for place in _upwards(word)]
        if True in answers:
            return True
        return None if None in answers else False

    def _bases(self, word: bytes) -> Iterator[bytes]:
        """Where the base path would be, as a process would name it, if a word names an entrypoint."""
        for name in self._entrypoints:
            if word.rpartition(b"/")[2] == name.rpartition(b"/")[2]:
                yield os.path.join(os.path.dirname(word), *[b".."] * name.count(b"/"))

    def _as_module(self, words: list[bytes]) -> bool:
        return any(
            (word.endswith(b"m") and word.startswith(b"-") and after in self._stems) or self._with_module(word)
            for word, after in zip(words, words[1:] + [b""])
        )

    def _with_module(self, word: bytes) -> bool:
        """Whether it is the option and the module in one, such as `-mrun` or `-Bmrun`."""
        options = [word[: -len(stem)] for stem in self._stems if word.endswith(stem)]
        return any(option[:1] == b"-" and option[-1:] == b"m" and option[1:].isalpha() for option in options)

    def _from_input(self, process: Process, words: list[bytes]) -> bool:
        """`python3 - < run.py`: once it is read it stays open."""
        if not usage.is_python(words[0]) or any(not word.startswith(b"-") for word in words[1:2]):
            return False
        try:
            return any(True for _ in self._bases(os.fsencode(os.readlink(process.path("fd/0")))))
        except OSError:
            return False

    def _leads_here(self, process: Process, directory: bytes) -> bool | None:
        """Whether a directory, as a process names it, is the base path; None where its own is kept back."""
        if not directory.startswith(b"/"):
            seen = _identity_in(process.path("cwd/"), directory)
            return seen if seen is None else seen == self._identity
        seen = _identity_in(process.path("root"), directory)
        if seen is not None:
            return seen == self._identity
        if _identity_in("", directory) == self._identity:
            return True
        return mounts.Table(process.mounts()).locate(directory) == self._home


def _upwards(path: bytes) -> Iterator[bytes]:
    """A path's directories, the nearest first; for an empty one itself."""
    yield os.path.dirname(path)
    for _ in range(MOST_DIRECTORIES):
        path = os.path.dirname(path)
        if not path.strip(b"/"):
            return
        yield os.path.dirname(path)


def _identity_in(root: str, directory: bytes) -> tuple[int, int] | None:
    """None where that is kept back. What is not there is no directory of ours."""
    try:
        status = os.stat(os.fsencode(root) + directory)
    except PermissionError:
        return None
    except OSError:
        return (0, 0)
    return status.st_dev, status.st_ino
