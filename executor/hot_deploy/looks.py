"""What a conversation has seen of releases: each is looked at once, unless it may have changed since."""

from __future__ import annotations

import time

from hot_deploy import tree
from hot_deploy.layout import checked_release_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hot_deploy.layout import Layout

# For how long a look ahead of the lock counts.
AHEAD_SECONDS = 10


class Looks:
    """Looks at releases, and what was compared with them."""

    def __init__(self, check: Callable[[], None]) -> None:
        # What an adoption would make.
        self.preview: tree.Preview | None = None
        # The entries that were compared last, for the release that is received of them.
        self.compared: list[tree.Entry] | None = None
        self._check = check
        self._known: dict[str | None, tree.Look] = {}
        # The release that was looked at ahead of the lock, and when.
        self._ahead: tuple[str | None, float] | None = None

    def at(self, layout: Layout, release_id: str | None, afresh: bool = False) -> tree.Look:
        """A release's entries, recorded and found; looked at once in a conversation unless `afresh`.

        Copying compares each file's stamp once more, so that an edit in between can't come through.
        """
        if release_id:
            checked_release_id(release_id)
        if afresh or release_id not in self._known:
            self._known[release_id] = tree.Look(layout, release_id, self._check)
        return self._known[release_id]

    def ahead(self, layout: Layout, release_id: str | None) -> tree.Look:
        """As at() afresh; the next afresh() is spared for a while."""
        looked = self.at(layout, release_id, afresh=True)
        self._ahead = (release_id, time.monotonic())
        return looked

    def afresh(self, layout: Layout, release_id: str | None) -> tree.Look:
        """As at() afresh, unless it was looked at a moment ago, ahead of the lock.

        What somebody edits between the two is seen as late as what they edit between looking and copying.
        """
        ahead, self._ahead = self._ahead, None
        recent = ahead is not None and ahead[0] == release_id and time.monotonic() - ahead[1] < AHEAD_SECONDS
        return self.at(layout, release_id, afresh=not recent)

    def made(self, layout: Layout, release_id: str, entries: list[tree.Entry]) -> None:
        """A release that was made of these entries just now."""
        self._known[release_id] = tree.Look(layout, release_id, self._check, entries)

    def forget(self, *release_ids: str) -> None:
        """What was seen no longer counts: of some releases or, where none is named, of all."""
        for release_id in release_ids or list(self._known):
            self._known.pop(release_id, None)
