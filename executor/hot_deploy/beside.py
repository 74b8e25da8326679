"""What lies in the base path beside the deployed names, within reach of a program that runs from a release.

An engine may import a module or open a file that lies beside its entrypoint, through `__file__` or `sys.path`. It runs
from its release's directory, so that has a link to each of those names. They stay where they are and belong to nobody's
release: these links are no content, in no manifest and in no backup.
"""

from __future__ import annotations

import os

from hot_deploy import standins
from hot_deploy.layout import BESIDE, NOT_CONTENT, VIRTUAL_ENVIRONMENT, is_reserved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from hot_deploy.layout import Layout

# A base path may also be where documents come in: nobody finds those beside the program.
MOST_NAMES = 1000


def link(layout: Layout, directory: str, deployed: Iterable[str]) -> None:
    """Puts the links into a directory that is going to be a release with these `deployed` names."""
    # One environment of the engine's own, until the release gets another.
    left_out = (NOT_CONTENT | set(deployed)) - {VIRTUAL_ENVIRONMENT}
    there = set(os.listdir(layout.base)) - left_out
    for name in sorted(name for name in there if not is_reserved(name))[:MOST_NAMES]:
        path = os.path.join(layout.base, name)
        # What stands there for a name of the live release is no file of its own.
        if standins.stands_for(path, name):
            continue
        os.symlink(BESIDE + name, os.path.join(directory, name))
