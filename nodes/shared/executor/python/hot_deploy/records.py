"""The record of each release, kept outside the release so that the release itself is only what was deployed."""

import os

from hot_deploy import files


def read_all(layout):
    """Release id -> record, for every release that has one and whose directory exists."""
    records = {}
    try:
        names = os.listdir(layout.records)
    except FileNotFoundError:
        return records
    for name in names:
        if not name.endswith(".json") or name.endswith(".manifest.json"):
            continue
        release_id = name[: -len(".json")]
        record = files.read_json(os.path.join(layout.records, name))
        if isinstance(record, dict) and os.path.isdir(os.path.join(layout.releases, release_id)):
            records[release_id] = record
    return records


def read(layout, release_id):
    record = files.read_json(layout.record(release_id))
    return record if isinstance(record, dict) else None


def write(layout, release_id, record):
    files.write_json(layout.record(release_id), record)


def next_sequence(standing, records):
    """Order comes from this number: not from a clock, which jumps, nor a file time, which an import changes."""
    known = [int(record.get("sequence") or 0) for record in records.values()]
    return max([standing.sequence] + known) + 1
