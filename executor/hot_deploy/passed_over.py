"""What pip passes over without a word: wheels of a package that it says is not there, for other machines or Pythons."""

import re

NOT_FOUND = re.compile(r"No matching distribution found for ([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?(?:==([^\s,;]+))?")
SKIPPED = re.compile(r"Skipping link: none of the wheel's tags.*?([^/\s]+\.whl)")
MOST = 20
# A page that has no line end in it must not be held whole.
LONGEST_LINE = 64 * 1024


class PassedOver:
    """Finds, in what `pip -vv` prints, the wheels of what `output` says was not found."""

    def __init__(self, output):
        found = NOT_FOUND.search(output)
        self.name, self._version = found.groups() if found else (None, None)
        self.wheels = []
        self._held = b""
        others = self._version is None and "(from versions: none)" not in output
        if others or "Retrying (" in output:
            self.name = None  # There are versions that this Python could take, or an index is out of reach.

    def feed(self, piece):
        lines = (self._held + piece).split(b"\n")
        self._held = lines.pop()[-LONGEST_LINE:]
        for line in lines:
            found = SKIPPED.search(line.decode("utf-8", "replace"))
            if found and self._is_meant(found.group(1)):
                self.wheels = (self.wheels + [found.group(1)])[-MOST:]

    def _is_meant(self, wheel):
        name, version = (wheel.split("-") + [""])[:2]
        return _normalized(name) == _normalized(self.name) and self._version in (None, version)


def _normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()
