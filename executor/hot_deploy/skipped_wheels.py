"""What pip skips without a word: wheels of a package that it says is not there, for other machines or Pythons."""

from __future__ import annotations

import re

NOT_FOUND = re.compile(r"No matching distribution found for ([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:==([^\s,;]+))?")
SKIPPED = "Skipping link: none of the wheel's tags"
MOST = 20
# A page that has no line end in it must not be held whole.
LONGEST_LINE = 64 * 1024


class SkippedWheels:
    """Finds, in what `pip -vv` prints, the wheels of what `output` says was not found."""

    def __init__(self, output: str) -> None:
        found = NOT_FOUND.search(output)
        self.name: str | None = found.group(1) if found else None
        self._version: str | None = found.group(2) if found else None
        self.wheels: list[str] = []
        self._held = b""
        others = self._version is None and "(from versions: none)" not in output
        if others or "Retrying (" in output:
            self.name = None  # There are versions that this Python could take, or an index is out of reach.

    def feed(self, piece: bytes) -> None:
        """Takes the next piece of the output; `wheels` has the names of the last ones found, at most MOST."""
        lines = (self._held + piece).split(b"\n")
        self._held = lines.pop()[-LONGEST_LINE:]
        for line in lines:
            wheel = _skipped_wheel(line.decode("utf-8", "replace"))
            if wheel and self._is_meant(wheel):
                self.wheels = [*self.wheels, wheel][-MOST:]

    def _is_meant(self, wheel: str) -> bool:
        name, version = [*wheel.split("-"), ""][:2]
        if self.name is None:
            return False
        return _normalized(name) == _normalized(self.name) and self._version in (None, version)


def _skipped_wheel(line: str) -> str | None:
    """The first file name in what pip says of a wheel that it skips; each part of an address is looked at once."""
    for word in re.split(r"[/\s]", line.partition(SKIPPED)[2]):
        name, ending, _ = word.rpartition(".whl")
        if name:
            return name + ending
    return None


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
