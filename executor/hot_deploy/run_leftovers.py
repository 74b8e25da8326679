"""Removing what runs left on disk: by a crash, by their age, or with everything else of ours."""

from __future__ import annotations

import os
import time

from hot_deploy import held_trees, outcomes, recorded
from hot_deploy.run_directories import KEYED, RUN, SLOTS, has_lock, open_runs, remove_this

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout

# Outcomes that have a key are kept for so long, and so many of them.
KEPT_SECONDS = 7 * 24 * 3600
KEPT_OUTCOMES = 1000


def tidy(layout: Layout) -> None:
    """Removes directories that a crash left, and outcomes that are older or more than are kept."""
    try:
        above = open_runs(layout)
    except FileNotFoundError:
        return
    try:
        names = os.listdir(above)
        abandoned = [name for name in names if RUN.fullmatch(name)]
        for name in abandoned + _outdated(above, [name for name in names if KEYED.fullmatch(name)]):
            _remove_unlocked(name, above)
        recorded.tidy_in(above)
    finally:
        os.close(above)


def remove_all(layout: Layout) -> None:
    """Removes everything of runs, but for what one that goes on has."""
    try:
        above = open_runs(layout)
    except FileNotFoundError:
        return
    try:
        names = os.listdir(above)
        for name in names:
            if RUN.fullmatch(name) or KEYED.fullmatch(name):
                _remove_unlocked(name, above)
        held_trees.remove(recorded.RECORDED, above)
        if not any(RUN.fullmatch(name) or KEYED.fullmatch(name) for name in os.listdir(above)):
            held_trees.remove(SLOTS, above)
    finally:
        os.close(above)
    try:
        os.rmdir(layout.runs)
    except OSError:
        pass  # Something goes on, or isn't ours.


def _outdated(above: int, names: list[str]) -> list[str]:
    """Directories with a key that count as over: by their outcome's age, or their own where nobody knows an end."""
    times = []
    for name in names:
        for path in (os.path.join(name, outcomes.OUTCOME), name):
            try:
                times.append((os.stat(path, dir_fd=above, follow_symlinks=False).st_mtime, name))
                break
            except OSError:
                continue
    times.sort(reverse=True)
    oldest = time.time() - KEPT_SECONDS
    return [name for index, (at, name) in enumerate(times) if index >= KEPT_OUTCOMES or at < oldest]


def _remove_unlocked(name: str, above: int) -> None:
    """Removes a directory unless somebody has it. What can't be removed, as another user's, must keep nothing else."""
    try:
        fd = held_trees.open_directory(name, above)
    except OSError:
        return
    try:
        if has_lock(fd):
            remove_this(name, above, fd)
    except OSError:
        pass
    finally:
        os.close(fd)
