"""Reading what is kept of a run with a key.

It may lie in a directory of whom the engine belongs to: what is read there is bounded, and nothing unless it has its shape.
"""

from __future__ import annotations

import json
import os
import re
import stat

from hot_deploy import files
from hot_deploy.layout import RELEASE_ID
from hot_deploy.outcomes import OUTCOME, PRINTED, STARTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

# More than is ever kept of an output, and of facts.
LONGEST_OUTPUT = 16 * 1024 * 1024
LONGEST_FACTS = 1 << 20
LONGEST_WORDS = 4096
WHY = ("timeout", "cancelled", "memory", "left")
PINNING = ("place", "code", "release")
FACTS = ("said", "path", "name", "program", "release")
COUNTS = ("durationMs", "waitedMs", "cpuMs", "peakMemoryBytes", "left")
SIGNAL = re.compile("[ -~]{1,64}")
KIND = re.compile("[A-Za-z][A-Za-z0-9]{0,63}")


def read(directory: str) -> tuple[Json, dict[str, bytes]] | None:
    """(facts, outputs) of a run that has ended; None where there is no whole outcome."""
    facts = _facts(directory, OUTCOME)
    if facts is None or not _is_outcome(facts):
        return None
    outputs = {}
    for name in PRINTED:
        content = _content(os.path.join(directory, name), LONGEST_OUTPUT)
        if content is None or len(content) != facts[name]["bytes"]:
            return None
        outputs[name] = content
    return facts, outputs


def read_started(directory: str) -> Json | None:
    """What was asked for when the run was started: {} where that can't be read; None where none was started."""
    if not os.path.lexists(os.path.join(directory, STARTED)):
        return None
    return _facts(directory, STARTED) or {}


def _facts(directory: str, name: str) -> Json | None:
    content = _content(os.path.join(directory, name), LONGEST_FACTS)
    try:
        facts = json.loads((content or b"").decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _content(path: str, most: int) -> bytes | None:
    """A regular file's content; None for one that is longer, or anything else: a pipe there would never end."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        with os.fdopen(fd, "rb", closefd=False) as handle:
            content = handle.read(most + 1)
        return content if len(content) <= most else None
    finally:
        os.close(fd)


def _is_outcome(facts: Json) -> bool:
    """Whether it is what write() writes, as the contract has it: a client takes nothing else."""
    code, failed = facts.get("exitCode"), facts.get("failed")
    return (
        all(files.is_count(facts.get(name)) for name in COUNTS)
        and all(_is_printed(facts.get(name)) for name in PRINTED)
        and (code is None or files.is_count(code))
        and _is_none_or(RELEASE_ID, facts.get("release"))
        and _is_none_or(SIGNAL, facts.get("signal"))
        and facts.get("why") in (None, *WHY)
        and facts.get("pinning") in (None, *PINNING)
        and (failed is None or _is_failure(failed))
    )


def _is_failure(failed: object) -> bool:
    if not isinstance(failed, dict) or not isinstance(failed.get("failed"), str):
        return False
    return _is_none_or(KIND, failed["failed"]) and all(_is_words(failed.get(name)) for name in FACTS)


def _is_none_or(form: re.Pattern[str], value: object) -> bool:
    return value is None or (isinstance(value, str) and form.fullmatch(value) is not None)


def _is_printed(told: object) -> bool:
    return isinstance(told, dict) and all(files.is_count(told.get(name)) for name in ("bytes", "head", "left"))


def _is_words(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_WORDS)
