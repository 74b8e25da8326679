"""What a step raises when it can't be carried out, and when nobody is left to carry it out for."""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class StepFailed(Exception):
    """A step could not be carried out. `code` is one of the client's codes, `details` plain JSON."""

    def __init__(self, code: str, message: str, description: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.description = description
        self.details = details

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": _shortened(self.message),
            "description": self.description,
            "details": self.details,
        }


# A path can be as long as the client takes a sentence to be.
LONGEST_SENTENCE = 3000


def _shortened(message: str) -> str:
    if len(message) <= LONGEST_SENTENCE:
        return message
    return message[:2000] + "…" + message[-900:]


class ControllerGone(Exception):
    """The other side closed its end or fell silent: clean up and leave."""


# Whom else to let do what this user may not.
ANOTHER_USER = (
    "or let another one do it: set Become to “sudo” in the credential or, for a container, Container Command to a script"
    " that adds --user."
)
MAY_NOT = "The user on the engine's side may not do this. Give it the base path; " + ANOTHER_USER

HINTS: dict[int | None, str] = {
    errno.ENOSPC: "The disk that holds the base path is full. Free some space, or prune releases and backups.",
    errno.EDQUOT: "The disk quota of the engine's user is used up. Raise it, or prune releases and backups.",
    errno.EROFS: "The file system is mounted read-only. Mount it writable where the engine is deployed from.",
    errno.EACCES: MAY_NOT,
    errno.EPERM: MAY_NOT,
    errno.EMFILE: "Too many files are open on the engine's side. Raise the limit (ulimit -n) of its user.",
}


def from_os_error(raised: OSError, doing: str) -> StepFailed:
    """Turns an OSError into a StepFailed that says what was being done, to which path, and what helps."""
    path = raised.filename if raised.filename is not None else ""
    if isinstance(path, bytes):
        path = path.decode("utf-8", "replace")
    place = " %s" % path if path else ""
    return StepFailed(
        "STEP",
        "%s%s: %s" % (doing, place, raised.strerror or raised),
        HINTS.get(raised.errno),
        errno=errno.errorcode.get(raised.errno, str(raised.errno)),
        path=str(path),
    )
