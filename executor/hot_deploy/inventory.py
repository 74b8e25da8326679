"""What is kept: releases, backups and environments, the newest of each, how many there are, and what could go.

Lists are cut, since there may be more of everything than anybody looks at. What decides doesn't depend on that: the
counts are of all there are, and what could go is told with how much is newer than it.
"""

from __future__ import annotations

from hot_deploy import archives, environments, history, leases, records, rollouts
from hot_deploy.contract import LISTED_PATHS, MANY, PRUNABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.records import Record

    Json = dict[str, Any]

# As many packages of all environments together as one list has: what each has is short, all of them are without end.
MOST_PACKAGES = 50000


def releases_in_use(layout: Layout, known: Iterable[str]) -> list[Json]:
    """Those of the releases that somebody runs: [{release, processes}]."""
    paths = {layout.release(release_id): release_id for release_id in known}
    return [
        {"release": paths[path], "processes": count} for path, count in sorted(leases.counts(paths).items()) if count
    ]


def listing(layout: Layout, args: Json) -> Json:
    """What is kept; see the verb `list` of the contract for what can be asked for."""
    most = args.get("most", MANY)
    current = layout.standing_release()
    known = records.read_all(layout)
    seen = history.standing(layout, current)
    previous = seen.previous if seen.previous in known else None
    in_use = {item["release"]: item["processes"] for item in releases_in_use(layout, known)}
    needed = environments.releases_by_name(layout)
    environment_of = {release_id: name for name, release_ids in needed.items() for release_id in release_ids}
    leads_to = {release_id: environment_of.get(release_id) for release_id in known}
    newest_first = sorted(known, key=lambda release_id: _age(known[release_id]), reverse=True)
    listed = _first(newest_first, most, (args.get("release"), current, previous))
    backups = archives.listing(layout)
    names = environments.names(layout)
    found: Json = {
        "current": current,
        "previous": previous,
        "liveSince": seen.live_since,
        "unconfirmed": seen.unconfirmed,
        "wereLive": [release_id for release_id in seen.were_live if release_id in known][:most],
        "releases": [
            dict(
                known[release_id],
                names=known[release_id]["names"][:LISTED_PATHS],
                processes=in_use.get(release_id, 0),
                environment=leads_to[release_id],
            )
            for release_id in listed
        ],
        "backups": backups[:most],
        "environments": _environments(
            layout,
            _some_environments(names, most, args.get("key"), [leads_to[release_id] for release_id in listed]),
            bool(args.get("packages")),
        ),
        "counts": {
            "releases": len(known),
            "backups": len(backups),
            "environments": len(names),
            "bytes": sum(record["bytes"] for record in known.values()) + sum(backup["bytes"] for backup in backups),
        },
    }
    if args.get("prunable"):
        kept = {current, *rollouts.needed(layout)}
        candidates = [name for name in newest_first if name not in kept and not in_use.get(name)]
        found["prunable"] = {
            "releases": _oldest(newest_first, set(candidates), leads_to),
            "backups": [[backup["name"], newer] for newer, backup in enumerate(backups)][::-1][:PRUNABLE],
            "environments": _fewest(names, needed),
        }
    return found


def _age(record: Record) -> tuple[int, str]:
    return record["sequence"], record["release"]


def _first(newest_first: list[str], most: int, named: Iterable[str | None]) -> list[str]:
    """The newest, and with them those that are named."""
    listed = newest_first[:most]
    also = set(named) - set(listed)
    # Of as many as may be listed at all, the named ones take the place of the oldest.
    wanted = [name for name in newest_first[most:] if name in also]
    return listed[: MANY - len(wanted)] + wanted


def _oldest(newest_first: list[str], candidates: set[str], leads_to: Mapping[str, str | None]) -> list[list[Any]]:
    """[id, number of newer releases, environment], the oldest first."""
    rows = [[name, newer, leads_to[name]] for newer, name in enumerate(newest_first) if name in candidates]
    return rows[::-1][:PRUNABLE]


def _fewest(names: list[str], needed: Mapping[str, list[str]]) -> list[list[Any]]:
    """[environment, number of releases that lead to it], the fewest first."""
    rows: list[list[Any]] = [[name, len(needed.get(name, []))] for name in names]
    return sorted(rows, key=lambda row: int(row[1]))[:PRUNABLE]


def _some_environments(names: list[str], most: int, key: str | None, needed: Iterable[str | None]) -> list[str]:
    """The environments with a key, those that listed releases lead to, and of the others as many as there is room for."""
    keyed = [name for name in names if key is not None and environments.key_of(name) == key]
    there = set(names)
    wanted = dict.fromkeys([*keyed, *(name for name in needed if name is not None and name in there)])
    return list(dict.fromkeys([*wanted, *names]))[: min(MANY, max(most, len(wanted)))]


def _environments(layout: Layout, names: list[str], packages: bool) -> list[Json]:
    """Environments as they are listed: name and, with `packages`, why one can't be used and what it holds."""
    found: list[Json] = []
    left = MOST_PACKAGES
    for name in names:
        item: Json = {"environment": name}
        if packages:
            item.update(environments.described(layout, name))
            held = item["packages"]
            item["packages"] = held if len(held) <= min(left, MANY) else []
            left -= len(item["packages"])
        found.append(item)
    return found
