"""The environment that this process was started with, for programs that are to be started as if by whoever started this."""

from __future__ import annotations

import os

COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def read() -> dict[str, str]:
    """As this process was started, without what Python itself has added: see PEP 538."""
    found = dict(os.environ)
    if found.get("LC_CTYPE") not in COERCED:
        return found
    with open("/proc/self/environ", "rb") as handle:
        was_given = any(line.startswith(b"LC_CTYPE=") for line in handle.read().split(b"\0"))
    if not was_given:
        del found["LC_CTYPE"]
    return found
