"""Single steps that put one kind of finding right. Each can be done again; none touches what a person put there."""

from __future__ import annotations

import os
import stat

from hot_deploy import files, inspecting, leftovers, links, records, standins, tree
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_name, deployed_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.layout import Layout
    from hot_deploy.tree import Entry

    Check = Callable[[], None]


def repair(layout: Layout, what: str, path: str, launcher: Launcher, check: Check) -> list[str]:
    """Carries out one of REPAIRS. Returns the paths below the base path that were put right."""
    carry_out = REPAIRS.get(what)
    if carry_out is None:
        raise StepFailed("unknownRepair", given=what)
    return carry_out(layout, path, launcher, check)


def _leftovers(layout: Layout, _path: str, _launcher: Launcher, _check: Check) -> list[str]:
    current = layout.current_release()
    return [path for _, path in leftovers.clean(layout, current, records.read_all(layout))]


def _links(layout: Layout, _path: str, launcher: Launcher, _check: Check) -> list[str]:
    """Links and launcher of the live release that aren't there, and links that lead nowhere."""
    current = _live(layout)
    launcher = launcher.of(layout, current)
    before = inspecting.names(layout, current, launcher)
    standins.place(layout, current, launcher)
    names = {*deployed_names(layout.release(current)), *standins.dangling(layout)}
    standins.settle(layout, names, launcher.entrypoint)
    files.sync_directory(layout.base)
    return [found["path"] for found in before if found["kind"] != "plainName"]


def _adoption(layout: Layout, name: str, launcher: Launcher, _check: Check) -> list[str]:
    """Exchanges one plain name for its link, when both sides hold the same bytes."""
    current = _live(layout)
    launcher = launcher.of(layout, current)
    if links.is_half_removed(layout, checked_name(name), current):
        links.complete(layout, name, launcher)
        return [name]
    if not inspecting.holds_the_same(layout, current, checked_name(name)):
        raise StepFailed("plainNameDiffers", name=name)
    links.make_room(layout, name, current)
    links.exchange_all(layout, [name], current, launcher)
    files.sync_directory(layout.base)
    return [name]


def _missing_files(layout: Layout, path: str, _launcher: Launcher, check: Check) -> list[str]:
    """Brings back files that a release lost, from other releases that have the very same content."""
    release_id = os.path.basename(path)
    manifest = tree.read_manifest(layout.manifest(release_id)) or []
    release = layout.release(release_id)
    lost = {entry.path: entry for entry in manifest if not os.path.lexists(os.path.join(release, entry.path))}
    sources = _sources(layout, release_id, {entry.digest for entry in lost.values()}, check)
    restored = []
    for entry in lost.values():
        source = sources.get(entry.digest)
        if entry.type == tree.FILE and source is not None and not entry.kept:
            _restore(layout, source, release, entry)
            restored.append(path + "/" + entry.path)
    tree.write_manifest(layout.manifest(release_id), manifest)
    return restored


def _sources(layout: Layout, release_id: str, wanted: set[str], check: Check) -> dict[str, str]:
    """Digest -> a file of another release that still has this content."""
    found: dict[str, str] = {}
    for other in records.read_all(layout):
        if other == release_id:
            continue
        for entry in tree.read_manifest(layout.manifest(other)) or []:
            place = os.path.join(layout.release(other), entry.path)
            wished = entry.type == tree.FILE and entry.digest in wanted - set(found)
            if wished and os.path.isfile(place) and tree.file_digest(place, check) == entry.digest:
                found[entry.digest] = place
    return found


def _restore(layout: Layout, source: str, release: str, entry: Entry) -> None:
    target = os.path.join(release, entry.path)
    opened = _open_directories(release, os.path.dirname(entry.path), layout)
    temporary = files.temporary_name(layout.state, "restored")
    try:
        with open(source, "rb", buffering=0) as original, open(temporary, "xb", buffering=0) as copy:
            files.copy_content(original.fileno(), copy.fileno(), entry.size)
            os.fchmod(copy.fileno(), entry.mode)
            os.fsync(copy.fileno())
        layout.give(temporary)
        os.rename(temporary, target)
        entry.stamp = tree.stamp_of(os.lstat(target))
    finally:
        for directory, mode in opened:
            os.chmod(directory, mode)


def _open_directories(release: str, below: str, layout: Layout) -> list[tuple[str, int]]:
    """Makes the directories down to `below` where they are missing, and the others writable for a moment.

    Returns them with the modes they are to have again, the innermost first.
    """
    opened: list[tuple[str, int]] = []
    place = release
    for part in [""] + [part for part in below.split("/") if part]:
        place = os.path.join(place, part) if part else place
        if os.path.islink(place):
            raise StepFailed("restoreThroughLink", path=place)
        if not os.path.isdir(place):
            os.mkdir(place, 0o755)
            layout.give(place)
        mode = stat.S_IMODE(os.lstat(place).st_mode)
        opened.insert(0, (place, mode & 0o555))
        os.chmod(place, mode | 0o200)
    return opened


def _read_only(layout: Layout, path: str, _launcher: Launcher, _check: Check) -> list[str]:
    """Takes the permission to write from a release's deployed files, as they were made."""

    def change(release: str, entries: list[Entry]) -> None:
        for entry in entries:
            place = os.path.join(release, entry.path)
            if entry.type == tree.FILE and not entry.kept and _lies_at(place, release, entry.path):
                os.chmod(place, stat.S_IMODE(os.lstat(place).st_mode) & 0o555)

    _restamped(layout, os.path.basename(path), change)
    return [path]


def _lies_at(place: str, release: str, path: str) -> bool:
    """Whether a file is there itself, and not through a link that somebody put in its way."""
    return os.path.isfile(place) and os.path.realpath(place) == os.path.join(os.path.realpath(release), path)


def _restamped(layout: Layout, release_id: str, change: Callable[[str, list[Entry]], None]) -> None:
    """Changes what counts as a change of files but not of their content, and writes their new stamps down."""
    release = layout.release(release_id)
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    untouched = [entry for entry in entries if _stamp(release, entry) == entry.stamp]
    change(release, entries)
    for entry in untouched:
        entry.stamp = _stamp(release, entry)
    if entries:
        tree.write_manifest(layout.manifest(release_id), entries)


def _stamp(release: str, entry: Entry) -> list[int] | None:
    try:
        return tree.stamp_of(os.lstat(os.path.join(release, entry.path)))
    except OSError:
        return None


def _owner(layout: Layout, path: str, _launcher: Launcher, _check: Check) -> list[str]:
    """Gives one path, and all below it, to the owner."""
    if path not in inspecting.owned_paths(layout):
        raise StepFailed("notMadeHere", given=path)
    place = os.path.join(layout.base, path)
    if os.path.islink(place):
        layout.give(place)
    elif path.startswith("releases/"):
        _restamped(layout, os.path.basename(path), lambda release, _entries: layout.give_tree(release))
    else:
        layout.give_tree(place)
    return [path]


def _live(layout: Layout) -> str:
    current = layout.current_release()
    if current is None or not os.path.isdir(layout.release(current)):
        raise StepFailed("nothingLive")
    return current


REPAIRS: dict[str, Callable[[Layout, str, Launcher, Check], list[str]]] = {
    "leftovers": _leftovers,
    "links": _links,
    "adoption": _adoption,
    "missingFiles": _missing_files,
    "readOnly": _read_only,
    "owner": _owner,
}
