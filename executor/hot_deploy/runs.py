"""What one conversation holds of runs: releases that stay, directories, and what was printed."""

from __future__ import annotations

import os

from hot_deploy import later, leases
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout
    from hot_deploy.run_directories import RunDirectory
    from hot_deploy.supervised import Spare


class Runs:
    """All of it goes when the conversation ends, but for runs that have a key."""

    def __init__(self) -> None:
        self.directories: dict[str, RunDirectory] = {}
        self.outputs: dict[str, dict[str, bytes]] = {}
        # What was live when that was asked for first; None where nothing was ever deployed.
        self.live_at_first: str | None = None
        self._asked = False
        self._held: dict[str, int] = {}
        self._tidied = False
        self._spare: Spare | None = None

    @property
    def spare(self) -> Spare:
        if self._spare is None:
            self._spare = later.module("hot_deploy.supervised").Spare()
        return self._spare

    def hold(self, layout: Layout, release_id: str) -> None:
        """Keeps a release from removal. Raises StepFailed where it is gone."""
        if release_id in self._held:
            return
        descriptor = leases.hold(layout.release(release_id))
        if descriptor is None:
            raise StepFailed("releaseMissing", release=release_id)
        self._held[release_id] = descriptor

    def note_live(self, release_id: str | None) -> None:
        """Remembers what is live for runs that are to be those of one release, whatever is switched to meanwhile."""
        if not self._asked:
            self._asked, self.live_at_first = True, release_id

    def tidy(self, layout: Layout) -> None:
        """Once in a conversation, what a crash left goes."""
        if not self._tidied:
            self._tidied = True
            later.module("hot_deploy.run_leftovers").tidy(layout)

    def directory(self, run: str) -> RunDirectory:
        found = self.directories.get(run)
        if found is None:
            raise StepFailed("runUnknown", run=run)
        return found

    def close(self, run: str) -> None:
        self.outputs.pop(run, None)
        directory = self.directories.pop(run, None)
        if directory is not None:
            directory.close()

    def close_all(self) -> None:
        """Gives everything back. What can't be removed goes with a later run: nothing here keeps the rest from its end."""
        for run in list(self.directories):
            try:
                self.close(run)
            except (OSError, StepFailed):
                continue
        if self._spare is not None:
            self._spare.close()
        while self._held:
            os.close(self._held.popitem()[1])
