"""What pinning in place needs in the base path, and which runs are pinned so.

The launcher mounts a release over the names that are deployed, for its own process alone (see launcher.py). A directory
can't be mounted over a link: so it is mounted over an empty one beside, `.pinned-NAME`, and over the link a link that leads
there, which lies ready in `.hot-deploy/pins`.

A link or launcher that is exchanged, removed or replaced takes along what runs have mounted over it. Who does that asks
first whether there is Room.
"""

from __future__ import annotations

import os
import re
import time

from hot_deploy import files, leases, records, usage
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed
from hot_deploy.layout import PINNED, as_one_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hot_deploy.layout import Layout

# As long as it is waited for runs that are pinned, in seconds.
LONGEST_SECONDS = 2.0
POLL_SECONDS = 0.02
# A launcher goes on after half a second, lock or not.
HELD_SECONDS = 0.4
WAYS = ("auto", "place", "code", "release", "inside")
# In a user's namespace these don't work: who may use none of them is pinned in place, and others are asked for.
PRIVILEGES = re.compile(
    rb"\b(?:sudo|doas|pkexec|runuser|chown|chgrp|[fl]chown|set(?:re|res|e)?[ug]id|setgroups|initgroups)\b"
)
UNPRIVILEGED = "unprivileged"
# More of a program isn't looked at, in bytes: it is text that a person wrote.
LONGEST_PROGRAM = 1 << 20
PROGRAMS = (".py", ".sh", ".bash")


def prepare(
    layout: Layout,
    release_id: str,
    directories: Iterable[tuple[str, bool]],
    folders: Iterable[str] = (),
    shared: Iterable[str] = (),
) -> None:
    """Makes what is needed for a release and the directories that it has deployed: (name from the base path on, whether a
    folder stands for it). `folders`: those of them in which something is shared; `shared`: paths in these at which it has
    links to what lies beside it."""
    for directory in (layout.pins, layout.pinning):
        os.makedirs(directory, 0o755, exist_ok=True)
        layout.give(directory)
    for name, is_folder in directories:
        if "/" not in name:
            _make_directory(layout, os.path.join(layout.base, PINNED + name))
        if not is_folder:
            top, slash, below = name.partition("/")
            _link(layout, name, "../" * name.count("/") + PINNED + top + slash + below)
    for folder in folders:
        _make_directory(layout, os.path.join(layout.pins, as_one_name(PINNED + folder + "/")))
    for path in shared:
        # Where a module that lies in a pinned directory looks for it, by its own path.
        _link(layout, PINNED + path, "../" * path.count("/") + path)
    for other in os.listdir(layout.pinning):
        if not os.path.isdir(os.path.join(layout.releases, other)):
            os.unlink(os.path.join(layout.pinning, other))
    if not os.path.lexists(layout.way(release_id)):
        _write_way(
            layout, release_id, uses_privileges(layout.release(release_id), _programs(layout.release(release_id)))
        )


def decide(layout: Layout, release_id: str, live_id: str | None, changed: Iterable[str]) -> None:
    """As prepare() does it for a release, while it is known what of it is not as in the live one: all else was looked at."""
    try:
        with open(layout.way(live_id or release_id)) as handle:
            known = UNPRIVILEGED not in handle.read()
    except FileNotFoundError:
        return
    if known:
        programs = (path for path in changed if path.endswith(PROGRAMS))
        _write_way(layout, release_id, uses_privileges(layout.release(release_id), programs))


def _write_way(layout: Layout, release_id: str, privileged: bool) -> None:
    """How launchers pin a release: as it was asked for, and whether a user's namespace would do."""
    wanted = (records.read(layout, release_id) or {}).get("pinning")
    words = [wanted if wanted in WAYS else WAYS[0]]
    if privileged:
        words.append(UNPRIVILEGED)
    path = layout.way(release_id)
    files.write_atomically(path, (" ".join(words) + "\n").encode(), sync=False)
    layout.give(path)


def uses_privileges(directory: str, programs: Iterable[str]) -> bool:
    """Whether one of the programs in a release seems to use what a user's namespace keeps from it."""
    return any(PRIVILEGES.search(_text(os.path.join(directory, path))) for path in programs)


def _programs(directory: str) -> Iterator[str]:
    for above, _, names in os.walk(directory):
        below = os.path.relpath(above, directory)
        yield from (os.path.join(below, name) for name in names if name.endswith(PROGRAMS))


def _text(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as handle:
            return handle.read(LONGEST_PROGRAM)
    except OSError:
        return b""


def _make_directory(layout: Layout, path: str) -> None:
    try:
        os.mkdir(path, 0o755)
    except FileExistsError:
        return
    layout.give(path)


def _link(layout: Layout, name: str, target: str) -> None:
    """Makes a link that is mounted over the one at a name, where there is none yet."""
    path = os.path.join(layout.pins, as_one_name(name))
    if os.path.lexists(path):
        return
    temporary = files.temporary_name(layout.state, "pin")
    os.symlink(target, temporary)
    layout.give(temporary)
    os.rename(temporary, path)


def names(layout: Layout) -> list[str]:
    """The deployed directories that have an empty one beside."""
    return [name[len(PINNED) :] for name in os.listdir(layout.base) if name.startswith(PINNED)]


def remove(layout: Layout, unneeded: Iterable[str]) -> None:
    """Removes what is there for directories that are not deployed any more."""
    for name in unneeded:
        try:
            os.rmdir(os.path.join(layout.base, PINNED + name))
        except OSError:
            pass  # Something lies in it, which is not ours.


def remove_all(layout: Layout) -> None:
    """Removes all that pinning in place needs: nobody is pinned so any more, and there is nothing to pin."""
    remove(layout, names(layout))
    files.remove_tree(layout.pins)
    files.remove_tree(layout.pinning)
    files.remove_tree(layout.code)


class Room:
    """Whether names may be exchanged, removed or replaced: asked at most once, and only where something is to be.

    For moments, launchers are kept waiting: so runs that are short come to an end, however many there are. As long as
    there is room, no run begins.
    """

    def __init__(
        self, layout: Layout, seconds: float = LONGEST_SECONDS, check: Callable[[], None] | None = None
    ) -> None:
        self._layout = layout
        self._seconds = seconds
        self._check = check
        self._lock: int | None = None
        self._runs: list[int] | None = None

    def runs(self) -> list[int]:
        """The runs that are pinned in place, after waiting for them to end."""
        if self._runs is None:
            until = time.monotonic() + self._seconds
            self._runs = self._wait(until)
            while self._runs and time.monotonic() < until:
                # Those that were kept waiting go on.
                self._unlock()
                time.sleep(HELD_SECONDS)
                self._runs = self._wait(until)
            if self._runs:
                self._unlock()
        return self._runs

    def is_free(self) -> bool:
        return not self.runs()

    def demand(self) -> None:
        """Raises StepFailed `runsPinned` where there is none."""
        if self.runs():
            waited = round(self._seconds)
            raise StepFailed(
                "runsPinned", basePath=self._layout.given, processes=self.runs()[:MANY], waitedSeconds=waited
            )

    def _wait(self, until: float) -> list[int]:
        """The runs that are left after a moment in which none could begin."""
        if not os.path.isdir(self._layout.pins):
            return []
        until = min(until, time.monotonic() + HELD_SECONDS)
        while True:
            if self._check is not None:
                self._check()
            locked = self._try_lock()
            runs = self._look()
            if (locked and not runs) or time.monotonic() >= until:
                return runs
            time.sleep(POLL_SECONDS)

    def _try_lock(self) -> bool:
        """Keeps launchers from pinning; False while one is about to. Where there are no locks, nobody can be kept from it."""
        if self._lock is None:
            self._lock = leases.take_exclusively(self._layout.pins)
        return self._lock is not None

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _look(self) -> list[int]:
        releases = [self._layout.release(name) for name in leases.release_names(self._layout)]
        return sorted(usage.mounted(releases))

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self._unlock()
