"""What is mounted where, as the kernel tells this process: seen from inside a container, its own mounts."""

from __future__ import annotations

import os
import re

from hot_deploy.failures import StepFailed
from hot_deploy.layout import is_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hot_deploy.layout import Layout

_TABLE = "/proc/self/mountinfo"


class Mount:
    """One mount: its device, the directory of that which it shows, where, and the kind of its file system."""

    __slots__ = ("device", "kind", "place", "root")

    def __init__(self, device: bytes, root: bytes, place: bytes, kind: bytes) -> None:
        self.device = device
        self.root = root
        self.place = place
        self.kind = kind


def read(text: bytes) -> Iterator[Mount]:
    """The mounts of a table as the kernel writes it, later ones over earlier ones."""
    for line in text.split(b"\n"):
        first, _, rest = line.partition(b" - ")
        fields = first.split(b" ")
        if len(fields) > 4 and rest:
            yield Mount(fields[2], _plain(fields[3]), _plain(fields[4]), rest.split(b" ", 1)[0])


def own() -> bytes:
    """This process's table; empty where that can't be read."""
    try:
        with open(_TABLE, "rb") as handle:
            return handle.read()
    except OSError:
        return b""


class Table:
    """A process's mount table, as /proc/PID/mountinfo has it. Everybody may read that of everybody."""

    def __init__(self, text: bytes) -> None:
        self._mounts = list(read(text))

    def roots(self) -> set[tuple[bytes, bytes]]:
        """(device, path within its file system) of what is mounted, each."""
        return {(mount.device, mount.root) for mount in self._mounts}

    def locate(self, path: bytes) -> tuple[bytes, bytes] | None:
        """(device, path within its file system) of a path without links; the same in every process's table."""
        best: Mount | None = None
        for mount in self._mounts:
            place = mount.place.rstrip(b"/")
            within = path == place or path.startswith(place + b"/")
            if within and (best is None or len(mount.place) >= len(best.place)):
                best = mount
        if best is None:
            return None
        return best.device, (best.root.rstrip(b"/") + path[len(best.place.rstrip(b"/")) :]) or b"/"

    def place_of(self, home: tuple[bytes, bytes]) -> bytes | None:
        """Where something is shown that locate() of another table told of; None where it isn't, or something hides it."""
        device, within = home
        for mount in self._mounts:
            root = mount.root.rstrip(b"/")
            if mount.device == device and (within == mount.root or within.startswith(root + b"/")):
                place = mount.place.rstrip(b"/") + within[len(root) :].rstrip(b"/") or b"/"
                if self.locate(place) == home:
                    return place
        return None


def kind_of(path: str) -> str | None:
    """The type of the mount that holds `path`, such as `ext4`; None where that isn't known."""
    device = os.stat(path).st_dev
    wanted = "%d:%d" % (os.major(device), os.minor(device))
    kinds = [mount.kind for mount in read(own()) if os.fsdecode(mount.device) == wanted]
    return os.fsdecode(kinds[-1]) if kinds else None


def place_of(path: str) -> str | None:
    """Where the mount that holds `path` begins; None where that isn't known."""
    real = os.path.realpath(path)
    above = [place for place in _own_places() if real == place or real.startswith(place.rstrip("/") + "/")]
    return max(above, key=len, default=None)


def refuse_within(layout: Layout, names: Iterable[str], shared: Iterable[str] = ()) -> None:
    """Names to be adopted have to be the base path's own: no other one can take a mount's place, or hold it as a file.

    `shared`: paths that stay what they are, whatever is mounted there or below.
    """
    stay = [os.path.join(layout.base, path.rstrip("/")) for path in shared]
    places = sorted(place for place in _own_places() if not any(is_within(place, each) for each in stay))
    for name in sorted(names):
        top = os.path.join(layout.base, name)
        for place in places:
            if place == top or place.startswith(top + "/"):
                shown = layout.given.rstrip("/") + place[len(layout.base) :]
                raise StepFailed("mountWithin", path=shown, name=name, basePath=layout.given)


def _own_places() -> list[str]:
    return [os.fsdecode(mount.place) for mount in read(own())]


def _plain(text: bytes) -> bytes:
    """Spaces and the like are octal numbers there."""
    return (
        re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found.group(1), 8) & 255]), text) if b"\\" in text else text
    )
