"""What a release is made of: entries from the client's rows, and how they differ from the live ones. Reads no file."""

from __future__ import annotations

import os

from hot_deploy import tree
from hot_deploy.contract import LISTED_PATHS
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_link, checked_path, parents, refuse_leaving_links

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Container, Iterable, TypedDict

    from hot_deploy.tree import Entry

    class Changes(TypedDict):
        # By kind: `added`, `modified`, `removed`.
        counts: dict[str, int]
        paths: dict[str, list[str]]


def needed(entries: list[Entry], live_entries: Iterable[Entry]) -> list[int]:
    """Indexes of the entries whose content has to come over the wire, one for each digest."""
    found, seen = [], {entry.digest for entry in live_entries if entry.type == tree.FILE}
    for index, entry in enumerate(entries):
        if entry.type == tree.FILE and entry.digest not in seen:
            seen.add(entry.digest)
            found.append(index)
    return found


def merged_entries(
    rows: list[list[Any]], live_entries: Iterable[Entry], same_directories: Iterable[str]
) -> list[Entry]:
    """The entries of a new release: the client's rows, and the live ones of the directories that don't differ."""
    same = set(same_directories)
    entries = checked_entries(rows) + [
        tree.Entry(entry.path, entry.type, entry.mode, entry.size, entry.digest, entry.target)
        for entry in live_entries
        if not entry.kept and os.path.dirname(entry.path) in same
    ]
    refuse_leaving_links(
        {entry.path: entry.target for entry in entries if entry.type == tree.LINK and entry.target is not None}
    )
    return entries


def changes(recorded: Iterable[Entry], intact: Iterable[Entry], entries: Iterable[Entry]) -> Changes:
    """What a release changes: paths added, modified and removed, at most 1,000 of each, and how many there are.

    A recorded file that is no longer intact counts as modified: its content will be another one.
    """
    before: dict[str, tuple[str, int, str] | None] = {entry.path: None for entry in recorded if not entry.kept}
    before.update((entry.path, entry.content()) for entry in intact if not entry.kept)
    added, modified = [], []
    for entry in entries:
        if entry.path not in before:
            added.append(entry.path)
        elif before.pop(entry.path) != entry.content():
            modified.append(entry.path)
    found = {"added": added, "modified": modified, "removed": list(before)}
    return {
        "counts": {kind: len(paths) for kind, paths in found.items()},
        "paths": {kind: sorted(paths)[:LISTED_PATHS] for kind, paths in found.items()},
    }


def sizes(changed: Changes, recorded: Iterable[Entry], entries: Iterable[Entry]) -> dict[str, list[int | None]]:
    """Path -> [bytes before, bytes after], None where there is no such file, of the paths that changes() lists."""
    before = {entry.path: entry.size for entry in recorded}
    after = {entry.path: entry.size for entry in entries}
    listed = [path for paths in changed["paths"].values() for path in paths]
    return {path: [before.get(path), after.get(path)] for path in listed}


def checked_entries(rows: list[list[Any]]) -> list[Entry]:
    """Entries from the client's rows [path, type, mode, size, digest, target]; every path and link is checked."""
    entries = [
        tree.Entry(checked_path(path), kind, mode & 0o777, size, digest, target)
        for path, kind, mode, size, digest, target in rows
    ]
    not_directories = {entry.path for entry in entries if entry.type != tree.DIRECTORY}
    if len({entry.path for entry in entries}) != len(entries):
        raise StepFailed("entryTwice")
    for entry in entries:
        if entry.type == tree.LINK:
            checked_link(entry.path, entry.target)
        elif entry.type not in (tree.FILE, tree.DIRECTORY):
            raise StepFailed("entryType", path=entry.path, type=entry.type)
        refuse_below(entry.path, not_directories)
    return entries


def refuse_below(path: str, not_directories: Container[str]) -> None:
    """Nothing can lie below what is no directory."""
    for parent in parents(path):
        if parent in not_directories:
            raise StepFailed("entryBelow", path=path, parent=parent)
