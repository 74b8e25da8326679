"""Removing releases and environments that nobody uses, and only those."""

from __future__ import annotations

import os

from hot_deploy import files, leases, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from hot_deploy.layout import Layout

# So many are looked at together: each is held open meanwhile.
_TOGETHER = 100


class Removal:
    """What became of directories that were to be removed."""

    def __init__(self) -> None:
        self.removed: list[str] = []
        self.in_use: list[str] = []
        # Processes that may use what was removed, as nobody can tell who may not look into them.
        self.unseen = 0


def remove(layout: Layout, directories: Sequence[str]) -> Removal:
    """Removes directories (releases, environments), and leaves those whole that are in use. A missing one is removed."""
    done = Removal()
    for first in range(0, len(directories), _TOGETHER):
        asides = _put_aside(layout, directories[first : first + _TOGETHER], done)
        for aside in asides:
            files.remove_tree(aside)
    return done


def _put_aside(layout: Layout, directories: Sequence[str], done: Removal) -> list[str]:
    """Takes what nobody uses out of the way: a launcher that comes now resolves `current` again.

    Nobody gets a lease while it is looked at, and whoever came before without one is seen.
    """
    held: dict[str, int] = {}
    asides = []
    try:
        for directory in directories:
            try:
                lease = leases.take_exclusively(directory)
            except FileNotFoundError:
                done.removed.append(directory)
                continue
            if lease is None:
                done.in_use.append(directory)
            else:
                held[directory] = lease
        users = usage.look(held)
        for directory in held:
            if users.of(directory):
                done.in_use.append(directory)
                continue
            aside = files.temporary_name(layout.staging, os.path.basename(directory))
            os.chmod(directory, 0o755)
            os.rename(directory, aside)
            asides.append(aside)
            done.removed.append(directory)
    finally:
        for lease in held.values():
            os.close(lease)
    if asides:
        done.unseen = max(done.unseen, len(users.unseen))
    return asides
