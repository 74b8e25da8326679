"""Which interpreters a plain engine may be started with: those that first lines name, and virtual environments beside."""

from __future__ import annotations

import os
import re

from hot_deploy import entrypoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

# As tools and tutorials call them.
ENVIRONMENTS = (".venv", "venv", "env", ".env")
# The line of pyvenv.cfg: `version = 3.11.2`, or `version_info = 3.11.2.final.0` of virtualenv and uv.
_VERSION = re.compile(r"version(?:_info)?[ \t]*=[ \t]*([0-9]{1,3}\.[0-9]{1,3})[^\n]*")
LARGEST_CONFIGURATION = 8 * 1024


def found(layout: Layout, names: list[str]) -> list[dict[str, Any]]:
    """[{path, interpreter, version}]: of scripts among `names` whose first line names a Python by its path, and of
    virtual environments beside. `version` is `major.minor` of an environment, None for what is none."""
    rows = []
    for name in names:
        interpreter = entrypoints.python_of(os.path.join(layout.base, name))
        if interpreter is not None:
            directory = os.path.dirname(os.path.dirname(interpreter))
            rows.append({"path": name, "interpreter": interpreter, "version": _version(directory)})
    for name in ENVIRONMENTS:
        directory = os.path.join(layout.base, name)
        version = _version(directory)
        if version is not None:
            interpreter = os.path.join(layout.given, name, "bin/python")
            rows.append({"path": name, "interpreter": interpreter, "version": version})
    return rows


def _version(directory: str) -> str | None:
    try:
        with open(os.path.join(directory, "pyvenv.cfg"), encoding="utf-8", errors="replace") as handle:
            lines = handle.read(LARGEST_CONFIGURATION).splitlines()
    except OSError:
        return None
    matches = [_VERSION.fullmatch(line) for line in lines]
    return next((match.group(1) for match in matches if match), None)
