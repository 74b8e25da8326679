"""Talking to the services of an engine that `serve.py` runs: a line of JSON each way, over its socket beside the lock.

What they answer is somebody else's: it is parsed here, once.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import time

from hot_deploy.failures import StepFailed
from hot_deploy.layout import is_release_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]
    Check = Callable[[], None]

ADDRESS = re.compile(r"[\x21-\x7e]{1,200}")
MOMENT = re.compile(r"[0-9A-Za-z:.+-]{1,40}")
# A kind of refusal, a signal.
WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]{0,40}")
STATES = ("starting", "waiting", "live", "draining", "kept", "restarting")
PINNINGS = ("place", "code", "release", "plain")
# Process, user and group.
CREDENTIALS = struct.Struct("3i")
MOST_ADDRESSES, MOST_GENERATIONS = 20, 10
LONGEST_LINE = 1 << 16
LONGEST_SAID = 1 << 13
# To connect, and to take a request.
LOOK_SECONDS = 1.0
# What takes it no time a service answers at once, where its machine is not busy with something else.
ANSWER_SECONDS = 10.0
# Between two looks whether somebody still waits for what a service does.
TURN_SECONDS = 0.1


class Gone(Exception):
    """Nobody answers any more, or not as a service does."""


def connect(layout: Layout, file_name: str) -> socket.socket:
    """A connection to one of the sockets beside the lock. Raises OSError where nobody listens."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    directory = os.open(layout.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        made.settimeout(LOOK_SECONDS)
        # A path of any length, by way of the directory.
        made.connect("/proc/self/fd/%d/%s" % (directory, file_name))
        return made
    except BaseException:
        made.close()
        raise
    finally:
        os.close(directory)


class Service:
    """A connection to one service. While a hand-over is under way, its end takes that back."""

    def __init__(self, layout: Layout, file_name: str) -> None:
        """Raises OSError where nobody listens."""
        self.name = file_name[: -len(".sock")]
        self._rest = b""
        self._socket = connect(layout, file_name)

    def ask(
        self, request: Json, seconds: float, check: Check, longer: Mapping[str, float] | None = None
    ) -> Iterator[Json]:
        """What it answers, event by event, for so many seconds at most. Raises Gone.

        `longer`: for how many seconds more from an event of that name on; each gives them once.
        """
        try:
            self._socket.settimeout(LOOK_SECONDS)
            self._socket.sendall(json.dumps(request).encode("ascii") + b"\n")
        except OSError as raised:
            raise Gone from raised
        deadline, left = time.monotonic() + seconds, dict(longer or {})
        while True:
            event = self._event(deadline, check)
            if event["event"] in left:
                deadline = time.monotonic() + left.pop(event["event"])
            yield event

    def _event(self, deadline: float, check: Check) -> Json:
        self._socket.settimeout(TURN_SECONDS)
        while b"\n" not in self._rest:
            check()
            if time.monotonic() > deadline or len(self._rest) > LONGEST_LINE:
                raise Gone
            try:
                piece = self._socket.recv(LONGEST_LINE)
            except socket.timeout:
                continue
            except OSError as raised:
                raise Gone from raised
            if not piece:
                raise Gone
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            raise Gone from None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise Gone
        return event

    def status(self, seconds: float, check: Check) -> Json:
        """In the client's shape. Raises Gone."""
        return _status(self.name, next(self.ask({"do": "status"}, seconds, check)))

    def process(self) -> int:
        """The process that listens, as the kernel knows it; 0 where it is none that is seen from here."""
        found = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        pid: int = CREDENTIALS.unpack(found)[0]
        return pid

    def close(self) -> None:
        self._socket.close()


def connected(layout: Layout) -> list[Service]:
    """One connection to each service that runs."""
    found = []
    for name in layout.service_sockets():
        try:
            found.append(Service(layout, name))
        except OSError:
            continue  # What a service that is gone has left.
    return found


def are_there(layout: Layout) -> bool:
    """Whether any runs."""
    found = connected(layout)
    for service in found:
        service.close()
    return bool(found)


def statuses(layout: Layout) -> list[Json]:
    """What runs, in the client's shape."""
    found = []
    for service in connected(layout):
        try:
            found.append(service.status(ANSWER_SECONDS, _nobody))
        except Gone:
            pass
        finally:
            service.close()
    return found


def _nobody() -> None:
    """Nobody has to be watched meanwhile."""


def _status(name: str, event: Json) -> Json:
    generations = [each for each in _items(event.get("generations"), MOST_GENERATIONS) if isinstance(each, dict)]
    return {
        "name": name,
        "listen": addresses(event),
        "handOvers": _count(event.get("handOvers")) or 0,
        "abandoned": _count(event.get("abandoned")) or 0,
        "generations": [_generation(each) for each in generations],
        **_reverted(event.get("reverted")),
    }


def _reverted(given: object) -> Json:
    """What it did by itself, where it did."""
    at = given.get("at") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(at, str) or not MOMENT.fullmatch(at):
        return {}
    return {"reverted": {"from": release_of(given.get("from")), "to": release_of(given.get("to")), "at": at}}


def addresses(event: Json) -> list[str]:
    """Where a service listens, as its status says."""
    return [each for each in _items(event.get("listen"), MOST_ADDRESSES) if _is_address(each)]


def runs(event: Json, release: str) -> bool:
    """Whether a service runs a release, as its status says."""
    generations = _items(event.get("generations"), MOST_GENERATIONS)
    return any(isinstance(each, dict) and each.get("release") == release for each in generations)


def _generation(given: Json) -> Json:
    state, pinning = given.get("state"), given.get("pinning")
    numbers = {
        name: _count(given.get(name))
        for name in ("pid", "sinceSeconds", "restarts", "memoryMb", "processes", "connections", "accepted")
    }
    return {
        "release": release_of(given.get("release")),
        "state": state if state in STATES else "unknown",
        "pinning": pinning if pinning in PINNINGS else "plain",
        **{name: value for name, value in numbers.items() if value is not None},
    }


def release_of(given: object) -> str | None:
    """A release's id; None for plain files, and for what is none."""
    return given if is_release_id(given) else None


def _items(given: object, most: int) -> list[Any]:
    return given[:most] if isinstance(given, list) else []


def _is_address(given: object) -> bool:
    return isinstance(given, str) and ADDRESS.fullmatch(given) is not None


def _count(given: object) -> int | None:
    """A whole number, 0 or more, that every side can hold."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < 1 << 53:
        return None
    return round(given)


def refusal(service: Service, event: Json) -> StepFailed:
    """What a service says when a release can't take over."""
    return StepFailed(
        "serviceNotReady",
        service=service.name,
        why=_matching(WORD, event.get("why")) or "",
        exitCode=_count(event.get("exitCode")),
        signal=_matching(WORD, event.get("signal")),
        said=_text(event.get("said")),
        lastLines=_text(event.get("lastLines")),
    )


def _matching(form: re.Pattern[str], given: object) -> str | None:
    return given if isinstance(given, str) and form.fullmatch(given) else None


def _text(given: object) -> str:
    return given[-LONGEST_SAID:] if isinstance(given, str) else ""
