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
    """Spaces and the like are octal numbers there."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), text)
