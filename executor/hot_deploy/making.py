"""The release in the making: what is known of it until it is confirmed or discarded."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from hot_deploy import adoption, checking
    from hot_deploy.assembly import Assembly


class Making:
    """What a conversation knows of the release that it makes, and of the checks that releases have passed in it."""

    def __init__(self) -> None:
        # Until it is placed.
        self.assembly: Assembly | None = None
        # Plain files that were copied, to be adopted with the switch.
        self.copied: adoption.Copied | None = None
        # Its id, from then on.
        self.candidate: str | None = None
        # The result of having compiled it.
        self.compilation: checking.Compilation | None = None
        # Kind of check -> paths of the candidate that need not be read for it: their content has passed it before.
        self.passed_before: dict[str, Container[str]] = {}
        # Whether a check that started the engine was shown it in place, before its switch.
        self.started_in_place = False
        # Release id -> kinds of check that it has passed in this conversation.
        self.passed: dict[str, set[str]] = {}

    def is_candidate(self, release_id: str) -> bool:
        return release_id == self.candidate

    def note_passed(self, release_id: str, kind: str) -> None:
        self.passed.setdefault(release_id, set()).add(kind)

    def forget(self) -> None:
        """There is none any more."""
        if self.candidate is not None:
            self.passed.pop(self.candidate, None)
        self.assembly = self.candidate = None
