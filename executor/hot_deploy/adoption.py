"""Turning an existing plain directory into this layout, with nobody able to tell when it happened."""

from __future__ import annotations

import os
import stat

from hot_deploy import (
    beside,
    entrypoints,
    files,
    history,
    links,
    module_times,
    mounts,
    originals,
    records,
    standins,
    switching,
    tree,
)
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_path, deployed_names, names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Container, Iterable, Iterator

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.journal import Journal
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Entry

    Status = os.stat_result


def plain_names(layout: Layout, names: Iterable[str]) -> list[str]:
    """Those of `names` that exist in the base path as something other than our link or launcher.

    A name is one at the top or, where something else beside it is shared, the path of what lies in a directory that stays.
    """
    plain = []
    for name in names:
        path = os.path.join(layout.base, checked_path(name))
        if not os.path.lexists(path):
            continue
        # A launcher is never the engine's own file, whatever the entrypoint is called by now.
        if standins.stands_for(path, name):
            continue
        plain.append(name)
    return plain


class Copied:
    """Plain files that were copied into a release, and what they were then: for adopt()."""

    def __init__(self, release_id: str, names: list[str], seen: dict[str, Status]) -> None:
        self.release_id = release_id
        self.names = names
        # What each path was; see _seen().
        self.seen = seen


def copy(
    layout: Layout,
    undo: Journal,
    time_of_day: str,
    names: list[str],
    entrypoint: str,
    sequence: int,
    check: Callable[[], None],
) -> Copied:
    """Copies what is effectively live into a release that nothing leads to yet. No name of the base path changes."""
    mounts.refuse_within(layout, plain_names(layout, names))
    for name in plain_names(layout, names):
        if links.is_half_removed(layout, name, layout.current_release()):
            links.complete(layout, name, switching.wanted_launcher({"entrypoint": entrypoint}))
    plain = plain_names(layout, names)
    sources = _effective(layout, plain)
    seen = _seen(layout, plain)
    staging = os.path.join(layout.staging, "adoption")
    staged = undo.push("discardStaging", name="adoption")
    os.mkdir(staging, 0o755)
    tops = names_in(sources)
    entries = [
        entry
        for name, source in sorted(sources.items())
        for entry in copy_name(layout, source, staging, name, tops, check)
    ]
    refuse_written_to(seen, _seen(layout, plain))
    release_id = layout.new_release_id(time_of_day, tree.content_digest(entries))
    record: dict[str, Any] = {
        "release": release_id,
        "sequence": sequence,
        # Until it is adopted: whatever a crash leaves in `releases` is known for what it is.
        "state": "candidate",
        "createdAt": history.now(),
        "source": {"type": "adopted", "reference": layout.given},
        "names": names_in(entry.path for entry in entries),
        "files": len(entries),
        "bytes": sum(entry.size for entry in entries),
    }
    undo.push("discardRelease", release=release_id)
    records.write(layout, release_id, record)
    current = layout.current_release()
    before = (records.read(layout, current) or {}).get("folders") or [] if current is not None else []
    staying = [*before, *(os.path.dirname(name) for name in plain if "/" in name)]
    standing = entrypoints.Launcher(entrypoint, b"", staying)
    beside.link(layout, staging, tops)
    beside.link_shared(layout, staging, {"folders": staying}, None)
    module_times.tell_apart(layout, staging, None, entries, standing)
    os.rename(staging, layout.release(release_id))
    undo.drop(staged)
    tree.write_manifest(layout.manifest(release_id), entries)
    return Copied(release_id, plain, seen)


def adopt(layout: Layout, undo: Journal, copied: Copied, launcher: Launcher) -> dict[str, Any]:
    """Makes the copy current, and exchanges each plain name for its link. Until `confirm`, it is taken back.

    Refused where somebody wrote to what was copied: the originals go back then, with what was written.
    Returns a dict: `gapMs`, `atomic`.
    """
    refuse_written_to(copied.seen, _seen(layout, copied.names))
    for name in copied.names:
        links.make_room(layout, name, copied.release_id)
    record = records.read(layout, copied.release_id) or {}
    records.write(layout, copied.release_id, dict(record, state="ready"))
    launcher = launcher.of(layout, copied.release_id)
    switching.switch(layout, undo, copied.release_id, "adopt", launcher)
    gaps = links.exchange_all(layout, copied.names, copied.release_id, launcher)
    files.sync_directory(layout.base)
    if not gaps:
        originals.refuse_written_to(layout, copied.release_id, copied.names, copied.seen)
    return {"gapMs": round(sum(gaps) * 1000, 3), "atomic": not gaps}


def _effective(layout: Layout, plain: list[str]) -> dict[str, str]:
    """Name -> path of what an extraction gets today under each deployed name."""
    sources = {}
    if layout.current_release() is not None:
        current = os.path.realpath(layout.current)
        for name in deployed_names(current):
            sources[name] = os.path.join(current, name)
    for name in plain:
        # A link stays one: where it would no longer lead to what it leads to, the client refuses it beforehand.
        sources[name] = os.path.join(layout.base, name)
    return sources


def preview(layout: Layout, names: list[str], check: Callable[[], None], shared: Iterable[str] = ()) -> list[Entry]:
    """The entries that adopting would make of what is effectively live. Changes nothing. `shared`: paths that stay."""
    plain = plain_names(layout, names)
    mounts.refuse_within(layout, plain, shared)
    sources = _effective(layout, plain)
    tops = names_in(sources)
    return [
        entry
        for name, source in sorted(sources.items())
        for entry, _, _ in _entries_of(layout, source, name, tops, check)
    ]


def copy_name(
    layout: Layout,
    source: str,
    staging: str,
    name: str,
    names: Container[str],
    check: Callable[[], None],
) -> Iterator[Entry]:
    """Copies one deployed name with its modes as they are; yields its entries. `names`: all at the top that are deployed."""
    for entry, origin, status in _entries_of(layout, source, name, names, check):
        target = os.path.join(staging, entry.path)
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        if entry.target is not None:
            os.symlink(entry.target, target)
            entry.stamp = tree.stamp_of(os.lstat(target))
        elif entry.type == tree.DIRECTORY:
            os.makedirs(target, 0o755, exist_ok=True)
        else:
            entry.stamp = _copy_file(origin, target, status)
        yield entry
    _give_directories(source, os.path.join(staging, name))


def _give_directories(source: str, copy: str) -> None:
    """Directories as they are, too, where this process is root: an engine may write in them, whoever it runs as."""
    if os.geteuid() != 0 or os.path.islink(source):
        return
    for directory, _, _ in os.walk(copy):
        status = os.lstat(source + directory[len(copy) :])
        os.chown(directory, status.st_uid, status.st_gid)
        os.chmod(directory, stat.S_IMODE(status.st_mode))


def _entries_of(
    layout: Layout, source: str, name: str, names: Container[str], check: Callable[[], None]
) -> Iterator[tuple[Entry, str, os.stat_result]]:
    """What a deployed name becomes in a release; yields (entry, where it lies today, its lstat)."""
    root, base = os.path.split(source)
    for found, status in tree.walk(root, [base]):
        check()
        entry = tree.read_entry(root, found, status, check)
        if entry is None:
            raise StepFailed("notAdoptable", path="%s/%s" % (root, found))
        entry.path = name + found[len(base) :]
        # Only a link has one.
        if entry.target is not None:
            entry.target = _link_target(layout, entry.path, entry.target, names)
            entry.digest = tree.text_digest(entry.target)
        yield entry, os.path.join(root, found), status


def _link_target(layout: Layout, path: str, target: str, names: Container[str]) -> str:
    """A link within the deployed names leads there from inside a release, too; one out of them is spelled out in full."""
    directory = os.path.join(layout.base, os.path.dirname(path))
    leads_to = os.path.normpath(os.path.join(directory, target))
    inside = layout.within(leads_to)
    # What is shared in a deployed directory is found from inside a release, too.
    if inside is None or inside.split("/", 1)[0] not in names:
        return leads_to
    return os.path.relpath(os.path.join(layout.base, inside), directory) if target.startswith("/") else target


def _seen(layout: Layout, plain: Iterable[str]) -> dict[str, Status]:
    """Path -> lstat of each file and link that an extraction gets under those plain names, bytecode aside."""
    found: dict[str, Status] = {}
    for name in plain:
        found.update((os.path.join(layout.base, path), status) for path, status in tree.walk(layout.base, [name]))
    return {path: status for path, status in found.items() if not stat.S_ISDIR(status.st_mode)}


def refuse_written_to(before: dict[str, Status], now: dict[str, Status]) -> None:
    """Raises StepFailed where a file is another one, has gone or has come since; both as _seen() gives them."""
    for path in sorted(before.keys() | now.keys()):
        one, other = before.get(path), now.get(path)
        if one is None or other is None or tree.stamp_of(one) != tree.stamp_of(other):
            raise StepFailed("changedWhileAdopted", path=path)


def _copy_file(source: str, target: str, status: os.stat_result) -> list[int]:
    source_fd = os.open(source, os.O_RDONLY)
    try:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if files.copy_content(source_fd, fd, status.st_size) != status.st_size:
                raise StepFailed("cutShortWhileAdopted", path=source)
            if os.geteuid() == 0:
                # Only its owner may be able to read it: the engine's user, not root.
                os.fchown(fd, status.st_uid, status.st_gid)
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            return tree.stamp_of(os.fstat(fd))
        finally:
            os.close(fd)
    finally:
        os.close(source_fd)
