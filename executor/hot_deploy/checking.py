"""The kinds of `run`: what a check looks at, and with which interpreter. What a result means, the client decides."""

from __future__ import annotations

import json
import os
import sys
import time

from hot_deploy import bytecode, processes
from hot_deploy.failures import StepFailed
from hot_deploy.later import shlex
from hot_deploy.layout import VIRTUAL_ENVIRONMENT, is_beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Container, Iterable

    from hot_deploy.tree import Entry
    from hot_deploy.wire import Wire

    Check = Callable[[], None]
    OnOutput = Callable[[bytes], None]


def interpreter_of(release: str) -> str:
    """The release's own Python: its environment's, or the one this program runs in."""
    link = os.path.join(release, VIRTUAL_ENVIRONMENT)
    if is_beside(release, VIRTUAL_ENVIRONMENT):
        return sys.executable
    # Its own place, not the link's: what runs keeps its environment whatever the link leads to later.
    own = os.path.join(os.path.realpath(link), "bin", "python")
    return own if os.access(own, os.X_OK) else sys.executable


def run_python(release: str, code: str, options: dict[str, Any], wire: Wire, on_output: OnOutput) -> dict[str, Any]:
    """Runs code with the release's interpreter, in the release's directory, with `src` importable."""
    return _run([interpreter_of(release), "-"], release, options, wire, on_output, text_input=code)


def run_command(release: str, command: str, options: dict[str, Any], wire: Wire, on_output: OnOutput) -> dict[str, Any]:
    """Runs a command line, split like a POSIX shell would but without one. `python` means the release's interpreter."""
    try:
        argv = shlex.split(command)
    except ValueError as raised:
        raise StepFailed("commandUnsplittable", command=command, said=str(raised)) from raised
    if not argv:
        raise StepFailed("commandMissing")
    if argv[0] in ("python", "python3"):
        argv[0] = interpreter_of(release)
    return _run(argv, release, options, wire, on_output)


def _run(
    argv: list[str],
    release: str,
    options: dict[str, Any],
    wire: Wire,
    on_output: OnOutput,
    text_input: str | None = None,
) -> dict[str, Any]:
    environment = dict(os.environ)
    source = os.path.join(release, "src")
    inherited = environment.get("PYTHONPATH")
    environment.update(
        PYTHONPATH=source + (os.pathsep + inherited if inherited else ""),
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONUNBUFFERED="1",
        PATH=os.path.dirname(interpreter_of(release)) + os.pathsep + environment.get("PATH", os.defpath),
        HOT_DEPLOY_RELEASE=release,
    )
    return end_of(argv, release, environment, options, wire, on_output, text_input)


def end_of(
    argv: list[str],
    cwd: str,
    environment: dict[str, str],
    options: dict[str, Any],
    wire: Wire,
    on_output: OnOutput,
    text_input: str | None = None,
) -> dict[str, Any]:
    """How a check's program ended, also one that can't be started."""
    environment.update(options.get("environment") or {})
    seconds = float(options.get("timeoutSeconds") or 60)
    try:
        secrets = options.get("secrets") or ()
        result = processes.run(argv, cwd, environment, seconds, wire, text_input, on_output, secrets)
    except (OSError, ValueError) as raised:  # ValueError: a name or value that no environment or argument can have
        return _not_started("%s can't be started: %s" % (argv[0], getattr(raised, "strerror", raised)))
    result["passed"] = result["exitCode"] == 0 and not result["timedOut"]
    return result


def _not_started(sentence: str) -> dict[str, Any]:
    return {
        "passed": False,
        "exitCode": None,
        "signal": None,
        "timedOut": False,
        "output": sentence,
        "omittedBytes": 0,
        "durationMs": 0,
    }


class Compilation:
    """What came of compiling a release as it was made."""

    def __init__(self, complaints: dict[str, str], summary: str, started: float) -> None:
        self._complaints, self._summary, self._ended = complaints, summary, report([], summary, started)

    def report(self, spared: Container[str]) -> dict[str, Any]:
        """As report(), of all files but those with these paths."""
        left = [sentence for path, sentence in self._complaints.items() if path not in spared]
        return dict(report(left, self._summary, 0), durationMs=self._ended["durationMs"])


def report(complaints: list[str], summary: str, started: float) -> dict[str, Any]:
    """The result of a check that runs in this process, in the shape of one that runs a program."""
    return {
        "passed": not complaints,
        "exitCode": 1 if complaints else 0,
        "signal": None,
        "timedOut": False,
        "output": "\n".join(complaints[:50]) if complaints else summary,
        "omittedBytes": sum(len(line) + 1 for line in complaints[50:]),
        "durationMs": round((time.monotonic() - started) * 1000),
    }


def check_compiles(release: str, entries: Iterable[Entry], passed: Container[str], check: Check) -> dict[str, Any]:
    """Whether every Python source parses, or has done so. Writes nothing: the release may be a kept one.

    `passed`: paths whose content has passed this check before; they are not read again.
    """
    started = time.monotonic()
    complaints: list[str] = []
    count = 0
    for entry in entries:
        if entry.type != "file" or not entry.path.endswith(".py"):
            continue
        check()
        count += 1
        if entry.path in passed:
            continue
        complaint = _parse(os.path.join(release, entry.path), entry.path)
        if complaint:
            complaints.append(complaint)
    return report(complaints, "1 file compiles." if count == 1 else "%d files compile." % count, started)


def _parse(path: str, shown: str) -> str | None:
    try:
        with open(path, "rb", buffering=0) as handle:
            content = handle.read()
        if not bytecode.is_made_from(path, content):
            compile(content, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as raised:
        return "%s, line %s: %s" % (shown, getattr(raised, "lineno", None), getattr(raised, "msg", raised))
    except OSError as raised:
        return "%s: %s" % (shown, raised.strerror)
    return None


def check_json(release: str, entries: Iterable[Entry], passed: Container[str], check: Check) -> dict[str, Any]:
    """Whether every file named *.json holds JSON, with or without a byte order mark. `passed`: see check_compiles()."""
    started = time.monotonic()
    complaints: list[str] = []
    count = 0
    for entry in entries:
        if entry.type != "file" or not entry.path.endswith(".json"):
            continue
        check()
        count += 1
        if entry.path in passed:
            continue
        try:
            with open(os.path.join(release, entry.path), "rb") as handle:
                json.loads(handle.read().decode("utf-8-sig"))
        except (ValueError, RecursionError) as raised:
            complaints.append("%s: %s" % (entry.path, raised))
        except OSError as raised:
            complaints.append("%s: %s" % (entry.path, raised.strerror))
    summary = "1 JSON file is well-formed." if count == 1 else "%d JSON files are well-formed." % count
    return report(complaints, summary, started)
