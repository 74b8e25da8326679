"""Our directories beside the engine's own names, which a first deployment that comes to nothing gives back."""

from __future__ import annotations

import os

from hot_deploy.layout import OUR_DIRECTORIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.journal import Journal
    from hot_deploy.layout import Layout


def make(layout: Layout, undo: Journal) -> None:
    """Makes those that are missing. Until a first deployment is kept, whoever undoes it removes them again."""
    missing = [name for name in OUR_DIRECTORIES if not os.path.lexists(os.path.join(layout.base, name))]
    if "releases" in missing:
        undo.push("removeDirectories", names=missing)
    layout.create()
