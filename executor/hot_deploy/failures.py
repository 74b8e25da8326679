"""What a step raises when it can't be carried out, and when nobody is left to carry it out for.

What people read is worded by the client, from the kind and the facts; see `executor/failures` there.
"""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class StepFailed(Exception):
    """A step could not be carried out. `kind` is one that the client knows, `facts` are plain JSON."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.facts = facts

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "facts": self.facts}


class ControllerGone(Exception):
    """The other side closed its end or fell silent: clean up and leave."""


def from_os_error(raised: OSError, doing: str) -> StepFailed:
    """Turns an OSError into a StepFailed that says what was being done, and to which path."""
    path = raised.filename if raised.filename is not None else ""
    if isinstance(path, bytes):
        path = path.decode("utf-8", "replace")
    return StepFailed(
        "system",
        doing=doing,
        path=str(path),
        errno=errno.errorcode.get(raised.errno, str(raised.errno)),
        said=raised.strerror or str(raised),
    )


def from_text_error(raised: ValueError) -> StepFailed | None:
    """Turns what Python raises of a text that can't be passed on into a StepFailed; None for any other error.

    File names, arguments and variables are bytes in the end: none holds a zero byte, and not every encoding has every
    character.
    """
    if isinstance(raised, UnicodeEncodeError):
        return StepFailed("textUnencodable", given=raised.object[:4096], encoding=raised.encoding)
    if "null byte" in str(raised) or "null character" in str(raised):
        return StepFailed("textHoldsNull")
    return None


def complaint(raised: OSError | StepFailed) -> dict[str, Any]:
    """What could not be put right at the end of a conversation, in the form of a refusal."""
    return (raised if isinstance(raised, StepFailed) else StepFailed("leftUndone", said=str(raised))).as_json()
