"""The command of a service as one start of it has it: with the descriptors of its sockets."""

from __future__ import annotations

import os
import re

# The first descriptor that a server gets, as with systemd's sockets: sd_listen_fds(3).
FIRST_DESCRIPTOR = 3
PLACE = re.compile(r"\{fd([1-9][0-9]?)?\}")


def names_descriptor(words: list[str]) -> bool:
    return any(PLACE.search(word) for word in words)


def highest_named(words: list[str]) -> int:
    """The largest N of {fdN}; 0 where there is none."""
    return max((int(found or 0) for word in words for found in PLACE.findall(word)), default=0)


def filled(words: list[str], count: int) -> list[str]:
    """{fdN} is the Nth address's; {fd} the first's, and of several addresses each further one the next's."""
    seen = 0

    def descriptor(found: re.Match[str]) -> str:
        nonlocal seen
        if found.group(1):
            return str(FIRST_DESCRIPTOR + int(found.group(1)) - 1)
        number = FIRST_DESCRIPTOR + min(seen, count - 1)
        seen += 1
        return str(number)

    return [PLACE.sub(descriptor, word) for word in words]


def environment_of(words: list[str], count: int) -> dict[str, str]:
    """What says which sockets there are to programs that read it, such as `python main.py`."""
    numbers = [str(FIRST_DESCRIPTOR + index) for index in range(count)]
    found = {"HOT_DEPLOY_FD": numbers[0], "HOT_DEPLOY_FDS": ",".join(numbers)}
    if not names_descriptor(words):
        # gunicorn would take each socket twice that it is told of in both ways.
        found.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
    return found
