"""What is told of a run: what it costs, who started it, and its command line without what is secret in it."""

from __future__ import annotations

import json
import time

from hot_deploy import changes, ownership, peeking
from hot_deploy.masking import MASK, SECRET_SETTING, Mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.census import Member, Run

    Json = dict[str, Any]

# Who started it, as JSON: set by the Run node, and inherited.
STARTED_BY = b"HOT_DEPLOY_STARTED_BY"
LONGEST_STARTED_BY = 64 * 1024
# Of a command line no more is looked at than its first words, and no more of that is shown.
LONGEST_LOOKED_AT = 64 * 1024
LONGEST_SHOWN = 1000
MIB = 1024 * 1024


class Moment:
    """When a look was, by both clocks: the kernel counts from the boot."""

    def __init__(self) -> None:
        self.boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.wall = time.time()

    def age_of(self, ticks: int) -> float:
        return max(0.0, self.boot - ticks * peeking.TICK)


def facts(run: Run, moment: Moment) -> Json:
    """One run, as the contract has it."""
    root = peeking.Process(run.root.pid)
    user = root.user()
    environment = root.environment()
    age = moment.age_of(run.root.stat.started)
    return {
        "processId": run.root.pid,
        "startTicks": run.root.stat.started,
        "run": run.run,
        "release": run.release,
        "live": run.is_live,
        "startedAt": _iso(moment.wall - age),
        "ageSeconds": round(age, 1),
        "cpuSeconds": round(sum(member.stat.ticks for member in run.members) * peeking.TICK, 2),
        "memoryMb": round(sum(map(_memory, run.members)) / MIB, 1),
        "processes": len(run.members),
        "command": shown_command(root.words(), environment),
        "user": None if user is None else ownership.name_of(user),
        "startedBy": started_by(environment),
    }


def shown_command(words: list[bytes], environment: dict[bytes, bytes]) -> str:
    """A command line in one text: what its environment holds as secrets, and what stands where secrets stand, is masked."""
    looked_at: list[bytes] = []
    length = 0
    for word in words:
        length += len(word) + 1
        if length > LONGEST_LOOKED_AT:
            # A part of a secret would not be known as one.
            looked_at.append("…".encode())
            break
        looked_at.append(word)
    settings = {str(number): _text(word) for number, word in enumerate(looked_at)}
    mask = Mask({**{_text(name): _text(value) for name, value in environment.items()}, **settings})
    shown = _text(mask.feed(b" ".join(_without_values(looked_at))) + mask.rest(), "replace")
    return shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + "…"


def _without_values(words: list[bytes]) -> list[bytes]:
    """The words, but for the values of options and settings whose name says that they are secret."""
    shown: list[bytes] = []
    is_value = False
    for word in words:
        name, equals, value = word.partition(b"=")
        is_secret = SECRET_SETTING.search(_text(name)) is not None and b"/" not in name and b" " not in name
        if is_value:
            shown.append(MASK)
            is_value = False
            continue
        shown.append(name + equals + MASK if is_secret and value else word)
        is_value = is_secret and not equals and name.startswith(b"-")
    return shown


def started_by(environment: dict[bytes, bytes]) -> Json | None:
    """Who started it, as far as it has the form of ours; the client looks at each field."""
    written = environment.get(STARTED_BY, b"")
    if len(written) > LONGEST_STARTED_BY:
        return None
    try:
        found = json.loads(written.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return changes.asking(found) if isinstance(found, dict) else None


def _memory(member: Member) -> int:
    share = peeking.Process(member.pid).share_of_memory()
    return member.stat.resident if share is None else share


def _iso(seconds: float) -> str:
    milliseconds = int(seconds * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(milliseconds // 1000)) + "%03dZ" % (milliseconds % 1000)


def _text(value: bytes, errors: str = "surrogateescape") -> str:
    return value.decode("utf-8", errors)
