"""What is mounted where, as the kernel tells this process: seen from inside a container, its own mounts."""

from __future__ import annotations

import os
import re

from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hot_deploy.layout import Layout

_TABLE = "/proc/self/mountinfo"


def read() -> Iterator[tuple[str, str, str]]:
    """Yields (device, place, kind) of each mount, later ones over earlier ones; nothing where that can't be read."""
    try:
        with open(_TABLE, "rb") as handle:
            lines = os.fsdecode(handle.read()).split("\n")
    except OSError:
        return
    for line in lines:
        first, _, rest = line.partition(" - ")
        fields = first.split(" ")
        if len(fields) > 4 and rest:
            yield fields[2], _unescaped(fields[4]), rest.split(" ")[0]


class Table:
    """A process's mount table, as /proc/PID/mountinfo has it. Everybody may read that of everybody."""

    def __init__(self, text: bytes) -> None:
        # (device, root within its file system, place) of each mount, later ones over earlier ones.
        self._mounts: list[tuple[bytes, bytes, bytes]] = []
        for line in text.split(b"\n"):
            fields = line.split(b" ", 5)
            if len(fields) == 6:
                self._mounts.append((fields[2], _plain(fields[3]), _plain(fields[4])))

    @classmethod
    def of_self(cls) -> Table:
        try:
            with open(_TABLE, "rb") as handle:
                return cls(handle.read())
        except OSError:
            return cls(b"")

    def roots(self) -> set[tuple[bytes, bytes]]:
        """(device, path within its file system) of what is mounted, each."""
        return {(device, root) for device, root, _ in self._mounts}

    def locate(self, path: bytes) -> tuple[bytes, bytes] | None:
        """(device, path within its file system) of a path without links; the same in every process's table."""
        best: tuple[bytes, bytes, bytes] | None = None
        for mount in self._mounts:
            place = mount[2].rstrip(b"/")
            if (path == place or path.startswith(place + b"/")) and (best is None or len(mount[2]) >= len(best[2])):
                best = mount
        if best is None:
            return None
        device, root, place = best
        return device, (root.rstrip(b"/") + path[len(place.rstrip(b"/")) :]) or b"/"


def kind_of(path: str) -> str | None:
    """The type of the mount that holds `path`, such as `ext4`; None where that isn't known."""
    device = os.stat(path).st_dev
    wanted = "%d:%d" % (os.major(device), os.minor(device))
    kinds = [kind for number, _, kind in read() if number == wanted]
    return kinds[-1] if kinds else None


def place_of(path: str) -> str | None:
    """Where the mount that holds `path` begins; None where that isn't known."""
    real = os.path.realpath(path)
    above = [place for _, place, _ in read() if real == place or real.startswith(place.rstrip("/") + "/")]
    return max(above, key=len, default=None)


def refuse_within(layout: Layout, names: Iterable[str]) -> None:
    """Names to be adopted have to be the base path's own: no other one can take a mount's place, or hold it as a file."""
    places = sorted(place for _, place, _ in read())
    for name in sorted(names):
        top = os.path.join(layout.base, name)
        for place in places:
            if place == top or place.startswith(top + "/"):
                shown = layout.given.rstrip("/") + place[len(layout.base) :]
                raise StepFailed("mountWithin", path=shown, name=name, basePath=layout.given)


def _unescaped(text: str) -> str:
    return os.fsdecode(_plain(os.fsencode(text)))


def _plain(text: bytes) -> bytes:
    """Spaces and the like are octal numbers there."""
    return (
        re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found.group(1), 8) & 255]), text) if b"\\" in text else text
    )
