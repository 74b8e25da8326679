"""The record of each release, kept outside the release so that the release itself is only what was deployed."""

from __future__ import annotations

import os
import sys
import time

from hot_deploy import contract, files, shapes
from hot_deploy.layout import RELEASE_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hot_deploy.history import Standing
    from hot_deploy.layout import Layout

    Record = dict[str, Any]

_shaped = shapes.parser(contract.RECORD)
# Who says in a record that a check was passed: another Python may see it differently.
WITNESS = "%s %s" % (sys.implementation.name, sys.version.split()[0])
# Directories that were changed as many seconds ago tell by their times whether they change again.
SETTLED_SECONDS = 3

# Directories as they were last read -> the records: of many releases, one operation would read them again and again.
_known: dict[tuple[Any, ...], dict[str, Record]] = {}


def read_all(layout: Layout) -> dict[str, Record]:
    """Release id -> record, for every release that has one and whose directory exists."""
    try:
        version = (layout.records, *_stamp(layout.records), *_stamp(layout.releases))
    except FileNotFoundError:
        return {}
    if version not in _known:
        _known.clear()
        found = _read_all(layout)
        if max(version[2], version[4]) > time.time_ns() - SETTLED_SECONDS * 10**9:
            return found
        _known[version] = found
    return dict(_known[version])


def _stamp(directory: str) -> tuple[int, int]:
    status = os.stat(directory)
    return status.st_ino, status.st_mtime_ns


def _read_all(layout: Layout) -> dict[str, Record]:
    records: dict[str, Record] = {}
    with os.scandir(layout.releases) as children:
        there = {child.name for child in children if child.is_dir()}
    for name in os.listdir(layout.records):
        if not name.endswith(".json") or name.endswith(".manifest.json") or name[: -len(".json")] not in there:
            continue
        release_id = name[: -len(".json")]
        record = files.read_json(os.path.join(layout.records, name))
        if _is_ours(record, release_id):
            records[release_id] = record
    return records


def forget() -> None:
    """What was read no longer counts."""
    _known.clear()


def read(layout: Layout, release_id: str) -> Record | None:
    record = files.read_json(layout.record(release_id))
    return record if _is_ours(record, release_id) else None


def _is_ours(record: object, release_id: str) -> bool:
    """Whether a record has the form of ours, as far as anything rests on it. Any other counts as missing."""
    if not isinstance(record, dict) or not RELEASE_ID.fullmatch(release_id) or record.get("release") != release_id:
        return False
    try:
        # One that the client would not take must not keep it from all the others.
        _shaped(record, release_id)
    except shapes.Misshapen:
        return False
    return isinstance(record.get("passed") or {}, dict)


def write(layout: Layout, release_id: str, record: Record) -> None:
    files.write_json(layout.record(release_id), record)
    forget()


def add_passed(record: Record, kinds: Iterable[str] | None) -> None:
    """Notes in a record which kinds of check its release has passed, as this Python saw it."""
    if kinds:
        record["passed"] = dict(record.get("passed") or {}, **dict.fromkeys(sorted(kinds), WITNESS))


def has_passed(record: Record | None, kind: str) -> bool:
    """Whether a record says so, of every file that the release holds as it was recorded."""
    return record is not None and (record.get("passed") or {}).get(kind) == WITNESS


def next_sequence(standing: Standing, records: Mapping[str, Record]) -> int:
    """Order comes from this number: not from a clock, which jumps, nor a file time, which an import changes."""
    known = [int(record.get("sequence") or 0) for record in records.values()]
    return max([standing.sequence] + known) + 1
