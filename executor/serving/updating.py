"""Goes on with a newer text of serve.py, in the same process: sockets, servers and counts stay."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys

from serving.addresses import Address
from serving.generations import Generation
from serving.listening import Listening
from serving.service import Service
from serving.warden import Warden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

# Before the words that it was started with: the descriptor of what it goes on with.
RESUME = "--hot-deploy-resume"
CHECK = "--hot-deploy-check"
CHECK_SECONDS = 20


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def interpreter() -> list[str]:
    """The Python that runs this, with the options that it was given."""
    options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return [sys.executable or "/proc/self/exe", *options]


def why_unusable(program: str) -> str | None:
    """What a text that can't be gone on with says of itself."""
    try:
        tried = subprocess.run(
            [*interpreter(), program, CHECK],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as raised:
        return str(raised)
    return tried.stderr.decode("utf-8", "replace")[-1000:].strip() or "it ends at once" if tried.returncode else None


def saved(service: Service, control: socket.socket) -> Json:
    """All that the newer text needs to know."""
    return {
        "listening": [
            {
                "given": each.address.given,
                "family": int(each.address.family),
                "place": each.address.place,
                "sockets": [one.fileno() for one in each.sockets],
            }
            for each in service.listening
        ],
        "control": control.fileno(),
        "warden": [service.warden.fd, service.warden.pid],
        "generations": [each.saved() for each in service.generations],
        "live": service.live.number if service.live else None,
        "count": service.count,
        "handOvers": service.hand_overs,
        "abandoned": service.abandoned,
        "cut": service.cut,
        "reverted": service.reverted,
    }


def go_on(program: str, words: list[str], service: Service, control: socket.socket) -> None:
    """Becomes the newer text. Comes back where that can't be had."""
    facts = saved(service, control)
    passed = [control.fileno(), service.warden.fd]
    passed += [one.fileno() for each in service.listening for one in each.sockets]
    for each in service.generations:
        passed += each.descriptors()
    state = os.memfd_create("serve", 0)
    try:
        with os.fdopen(os.dup(state), "w") as handle:
            json.dump(facts, handle)
        for fd in [state, *passed]:
            os.set_inheritable(fd, True)
        python = interpreter()
        os.execv(python[0], [*python, program, RESUME, str(state), *words])
    except OSError:
        for fd in passed:
            os.set_inheritable(fd, False)
    finally:
        os.close(state)


def read_state(fd: int) -> Json:
    with os.fdopen(fd, "rb") as handle:
        handle.seek(0)
        facts: Json = json.loads(handle.read())
    passed = [facts["control"], facts["warden"][0]]
    for each in facts["listening"]:
        passed += each["sockets"]
    for each in facts["generations"]:
        passed += [read for read, _ in each["ends"]] + ([each["telling"]] if each["telling"] >= 0 else [])
    for one in passed:
        os.set_inheritable(one, False)
    return facts


def listening_of(facts: Json) -> list[Listening]:
    found = []
    for each in facts["listening"]:
        place = each["place"]
        address = Address(each["given"], each["family"], place if isinstance(place, str) else tuple(place))
        found.append(Listening(address, [socket.socket(fileno=fd) for fd in each["sockets"]]))
    return found


def restore(service: Service, facts: Json) -> None:
    """What there was, as it was."""
    service.warden = Warden(*facts["warden"])
    service.count = facts["count"]
    service.hand_overs, service.abandoned, service.cut = facts["handOvers"], facts["abandoned"], facts["cut"]
    service.reverted = facts["reverted"]
    service.generations = [Generation.restored(each) for each in facts["generations"]]
    for each in service.generations:
        service.watch(each)
        if each.number == facts["live"]:
            service.live = each
