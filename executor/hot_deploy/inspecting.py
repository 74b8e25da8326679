"""Looking for what is not as it should be. Says what there is; what it means and what comes next is the client's."""

from __future__ import annotations

import os
import re
import stat

from hot_deploy import entrypoints, environments, history, leftovers, links, records, standins, tree
from hot_deploy.contract import EVERY_FILE
from hot_deploy.journal import Journal
from hot_deploy.layout import RELEASE_ID, deployed_names, is_within, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.history import Standing
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Entry

    # {`kind`, `path` below the base path, and what belongs to that kind}.
    Finding = dict[str, Any]

# As many paths as a finding names; its counts are the true ones.
LISTED = 20
# `.name.XXXXXX`, as rsync names what it is writing; six letters alone are rather an ending, as in `.env.sample`.
RSYNC_TEMPORARY = re.compile(r"\..+\.(?![a-z]{6}$)[A-Za-z0-9]{6}")


def inspect(layout: Layout, launcher: Launcher, check: Callable[[], None]) -> dict[str, Any]:
    """Everything that is not as this layout has it. Needs no lock and changes nothing.

    `launcher` is (entrypoint, content). Returns {`deployed`: whether this layout is here at all, `current`: the live
    release or None, `findings`: [{`kind`, `path` below the base path, …}], the gravest first}.
    """
    if not os.path.isdir(layout.state):
        return {"deployed": False, "current": None, "findings": foreign_locks(layout)}
    current = layout.standing_release()
    known = records.read_all(layout)
    seen = history.standing(layout, current)
    # Each release names its own entrypoint; without one, the caller's is as good as any.
    if current is not None:
        launcher = launcher.of(layout, current)
    findings = _current(layout, seen, current)
    if current is not None and os.path.isdir(layout.release(current)):
        findings += names(layout, current, launcher)
    left = leftovers.find(layout, current, known) + Journal(layout).removable()
    findings += [{"kind": kind, "path": path} for kind, path in dict.fromkeys(left)]
    for release_id in _listing(layout.releases):
        findings += _release(layout, release_id, current, known.get(release_id), check)
    findings += _environments(layout)
    findings += ownership(layout)
    findings += foreign_locks(layout)
    return {"deployed": True, "current": current, "findings": findings[:EVERY_FILE]}


def _current(layout: Layout, seen: Standing, current: str | None) -> list[Finding]:
    foreign = layout.foreign_current()
    if foreign is not None:
        return [{"kind": "currentForeign", "path": "current", "target": foreign, "wasLive": seen.live}]
    if current is None:
        if seen.live is None or not standins.depends_on_current(layout):
            return []
        return [{"kind": "currentMissing", "path": "current", "wasLive": seen.live}]
    found: list[Finding] = []
    if not os.path.isdir(layout.release(current)):
        found.append({"kind": "currentDangling", "path": "current", "target": current, "wasLive": seen.live})
    if seen.unconfirmed is not None:
        fields = {name: seen.unconfirmed.get(name) for name in ("from", "to", "operation", "at")}
        found.append(dict(fields, kind="unconfirmedSwitch", path="current"))
    return found


def names(layout: Layout, current: str, launcher: Launcher) -> list[Finding]:
    """Names in the base path that don't lead to the live release, and links of ours that lead nowhere."""
    # Entrypoints last: what is put right in this order is what their launchers find.
    wanted = sorted(deployed_names(layout.release(current)), key=launcher.starts)
    found = [finding for name in wanted for finding in _name(layout, current, name, launcher)]
    return found + [{"kind": "linkDangling", "path": name} for name in standins.dangling(layout)]


def _name(layout: Layout, current: str, name: str, launcher: Launcher) -> list[Finding]:
    """What is wrong at one name, and at those below it where a folder stands for it."""
    path, release = os.path.join(layout.base, name), layout.release(current)
    starts = launcher.starts(name)
    if not os.path.lexists(path):
        return [{"kind": "launcherMissing" if starts else "linkMissing", "path": name}]
    if entrypoints.stands_at(path):
        content = entrypoints.content_for(os.path.join(release, name), name, launcher.content)
        outdated = name not in launcher.starting or not standins.holds(path, content)
        return [{"kind": "launcherOutdated", "path": name}] if outdated else []
    if standins.is_own_link(path, name):
        return [{"kind": "launcherMissing", "path": name}] if starts else []
    if standins.is_folder_for(path, name, launcher):
        is_wanted = launcher.has_folder(name) or not standins.is_only_ours(path, name)
        return _folder(layout, current, name, launcher) if is_wanted else [{"kind": "launcherOutdated", "path": name}]
    # What somebody put into a folder of ours is theirs.
    same = "/" in name or holds_the_same(layout, current, name) or links.is_half_removed(layout, name, current)
    return [] if "/" in name else [{"kind": "plainName", "path": name, "same": same}]


def _folder(layout: Layout, current: str, name: str, launcher: Launcher) -> list[Finding]:
    below = standins.children_of(layout.release(current), name)
    return [each for child in below for each in _name(layout, current, "%s/%s" % (name, child), launcher)]


def holds_the_same(layout: Layout, release_id: str, name: str) -> bool:
    """Whether a plain file or directory of the base path has, to the byte, what a release has under its name."""
    if os.path.islink(os.path.join(layout.base, name)):
        return False
    entries = [entry for entry in tree.read_manifest(layout.manifest(release_id)) or [] if is_within(entry.path, name)]
    seen = tree.compare(layout.base, [name], entries)
    return bool(entries) and not (seen["missing"] or seen["modified"] or seen["extra"])


def _release(
    layout: Layout, release_id: str, current: str | None, record: dict[str, Any] | None, check: Callable[[], None]
) -> list[Finding]:
    path = "releases/" + release_id
    place = os.path.join(layout.releases, release_id)
    if not RELEASE_ID.fullmatch(release_id) or os.path.islink(place) or not os.path.isdir(place):
        return [{"kind": "foreignInReleases", "path": path}]
    live = release_id == current
    if record is None:
        return [{"kind": "unknownRelease", "path": path, "live": live}]
    if record.get("state") == "candidate" and not live:
        return []
    manifest = tree.read_manifest(layout.manifest(release_id))
    if manifest is None:
        return [{"kind": "manifestMissing", "path": path, "live": live}]
    deployed = [entry for entry in manifest if not entry.kept]
    seen = tree.compare(layout.release(release_id), names_in(entry.path for entry in deployed), manifest, check)
    own = {entry.path for entry in deployed}
    damage = {
        "missing": [name for name in seen["missing"] if name in own],
        "modified": [name for name in seen["modified"] if name in own],
    }
    found: list[Finding] = []
    if damage["missing"] or damage["modified"]:
        counts = {kind: len(paths) for kind, paths in damage.items()}
        listed: Finding = {kind: paths[:LISTED] for kind, paths in damage.items()}
        found.append(dict(listed, kind="damagedRelease", path=path, live=live, counts=counts))
    writable = (
        _writable(layout.release(release_id), deployed) if (record.get("source") or {}).get("type") != "adopted" else []
    )
    if writable:
        found.append({"kind": "writable", "path": path, "paths": writable[:LISTED], "count": len(writable)})
    return found


def _writable(release: str, entries: list[Entry]) -> list[str]:
    """Deployed files that somebody may write to although nobody should."""
    found = []
    for entry in entries:
        if entry.type != tree.FILE:
            continue
        try:
            mode = os.lstat(os.path.join(release, entry.path)).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) and mode & 0o222:
            found.append(entry.path)
    return found


def _environments(layout: Layout) -> list[Finding]:
    needed = environments.releases_by_name(layout)
    found: list[Finding] = []
    for name in environments.names(layout):
        if environments.description(layout, name) is not None and not needed.get(name):
            found.append({"kind": "orphanEnvironment", "path": "environments/" + name})
    for name, releases in sorted(needed.items()):
        problem = environments.problem(layout, name)
        if problem is not None:
            fields: Finding = {"problem": problem, "releases": releases[:LISTED], "count": len(releases)}
            found.append(dict(fields, kind="ailingEnvironment", path="environments/" + name))
    return found


def owned_paths(layout: Layout) -> list[str]:
    """What is given to the owner, path by path below the base path; releases and environments stand for their trees."""
    found = ["releases/" + name for name in _listing(layout.releases) if RELEASE_ID.fullmatch(name)]
    found += ["environments/" + name for name in environments.names(layout)]
    for name in _listing(layout.base):
        path = os.path.join(layout.base, name)
        # A launcher has the owner of the file in whose place it came.
        if standins.is_own_link(path, name):
            found.append(name)
    return [*found, "current"] if os.path.islink(layout.current) else found


def ownership(layout: Layout) -> list[Finding]:
    """What belongs to somebody else than it should, where this process is root and may change that."""
    if layout.owner is None or os.geteuid() != 0:
        return []
    found: list[Finding] = []
    for path in owned_paths(layout):
        status = os.lstat(os.path.join(layout.base, path))
        if (status.st_uid, status.st_gid) != layout.owner:
            found.append({"kind": "owner", "path": path, "uid": status.st_uid, "gid": status.st_gid})
    return found


def foreign_locks(layout: Layout) -> list[Finding]:
    """What other tools leave when they are cut off: locks of Git and Capistrano, what rsync was writing."""
    found: list[tuple[str, str]] = []
    for name in _listing(layout.base):
        path = os.path.join(layout.base, name)
        if name == "deploy.lock":
            found.append(("Capistrano", name))
        elif RSYNC_TEMPORARY.fullmatch(name) and os.path.isfile(path):
            found.append(("rsync", name))
    git = os.path.join(layout.base, ".git")
    found += [("Git", ".git/" + name) for name in _listing(git) if name.endswith(".lock")]
    shared = os.path.join(layout.base, "shared")
    found += [("Capistrano", "shared/" + name) for name in _listing(shared) if name == "deploy.lock"]
    return [{"kind": "foreignLock", "path": path, "tool": tool} for tool, path in found]


def _listing(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
