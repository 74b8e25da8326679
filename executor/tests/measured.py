"""An interpreter that measures which lines of the streamed program run. `npm run coverage:python` uses it for Python.

It is run by a script that names the interpreter and this file, and hands over `settings`: `script`, its own path,
`packages`, where coverage is, its `configuration`, and the file for its `data`. What is no executor runs as ever.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ISOLATED = ["-I", "-S", "-c"]
# How a script that changes Python beforehand names its interpreter: test/support/changedPython.ts.
CHANGED = ["-IS"]


def main(settings: dict[str, str]) -> None:
    given = sys.argv[1:]
    if given[:3] == ISOLATED:
        sys.argv = ["-c", *given[4:]]
        _run(given[3], "<string>", settings)
    elif given[:1] == CHANGED:
        sys.argv = given[1:]
        with open(given[1], encoding="utf-8") as script:
            text = script.read()
        _run(text, given[1], settings)
    else:
        os.execv(sys.executable, [sys.executable, *given])


def _run(text: str, name: str, settings: dict[str, str]) -> None:
    _measure(settings)
    _follow(settings["script"])
    exec(compile(text, name, "exec"), {"__name__": "__main__"})


def _measure(settings: dict[str, str]) -> None:
    """Measures from here on. A process that is killed leaves nothing; forks end with os._exit, which is patched."""
    sys.path.insert(0, settings["packages"])
    from coverage import Coverage, sqldata  # noqa: F401, PLC0415 - only there is it found; saving needs the latter.

    measuring = Coverage(data_file=settings["data"], config_file=settings["configuration"])
    measuring.start()
    # The program must find what it finds without us.
    sys.path.remove(settings["packages"])
    atexit.register(_save, measuring)


def _save(measuring: Any) -> None:
    measuring.stop()
    # As another user, it can't be written: the program's own output must stay what it is.
    with contextlib.suppress(Exception):
        measuring.save()


def _follow(script: str) -> None:
    """Has the executor's own processes measured, too: they are started with sys.executable, which stays the real one."""

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, args: Any, **options: Any) -> None:
            if list(args[:4]) == [sys.executable, *ISOLATED]:
                args = [script, *args[1:]]
            super().__init__(args, **options)

    subprocess.Popen = Popen  # type: ignore[assignment, misc]
