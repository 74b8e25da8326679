"""What stands in the base path for a deployed name: a link through `current`, a launcher or, where a start script or
something shared lies below it, a folder, which holds a link, a launcher or a folder for each name in the release's
directory. All else in a folder is the host's: what is shared.

A name below a folder is its path from the base path on, such as `scripts/report.py`.
"""

from __future__ import annotations

import os

from hot_deploy import entrypoints, files, pins, records, writing
from hot_deploy.failures import StepFailed
from hot_deploy.layout import NOT_CONTENT, Layout, checked_path, deployed_names, is_beside, is_reserved, parents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hot_deploy.entrypoints import Launcher

# A directory with thousands of documents is no folder of ours: it would begin with links or launchers.
LOOKED_AT = 100
OPENED = 8
MOST_DIRECTORIES = 16


# -- telling -----------------------------------------------------------------------------------------------------------


def target_of(name: str) -> str:
    """Where the link for a name leads: the tree may be mounted elsewhere, so it is relative."""
    return "../" * name.count("/") + "current/" + name


def is_own_link(path: str, name: str) -> bool:
    """Whether `path` is the link that stands in the base path for a deployed name."""
    try:
        return os.readlink(path) == target_of(name)
    except OSError:
        return False  # No link, or gone meanwhile.


def is_folder(path: str, name: str) -> bool:
    """Whether `path` is a folder of ours; a plain directory holds no link or launcher of ours.

    Every look at an engine asks this of each plain directory: of a tree of documents only the beginning is looked at.
    """
    # What is ours besides has the prefix in it, which begins as launchers do.
    if is_reserved(name) or os.path.islink(path):
        return False
    if not os.path.isdir(path):
        return False
    if _has_links_of_live(path, name):
        return True
    waiting = [(path, name)]
    for directory, below in waiting:
        try:
            holds_ours, inner = _look_into(directory, below)
        except OSError:
            continue  # No directory, gone meanwhile, or kept from us.
        if holds_ours:
            return True
        room = MOST_DIRECTORIES - len(waiting)
        waiting += [(os.path.join(directory, child), "%s/%s" % (below, child)) for child in inner[:room]]
    return _is_recorded(path, name)


def _is_recorded(path: str, name: str) -> bool:
    """Whether the live release says so: of a directory in which all that it had deployed was replaced."""
    layout = Layout(path[: -len(name) - 1] or "/nowhere")
    try:
        release_id = layout.standing_release()
        record = records.read(layout, release_id) if release_id is not None else None
    except (OSError, StepFailed):
        return False
    return record is not None and name in entrypoints.Launcher.recorded(record).shared


def _has_links_of_live(path: str, name: str) -> bool:
    """Whether a directory holds a link for one of the first names of the live release's: whatever else is in it."""
    base = path[: -len(name) - 1]
    try:
        with os.scandir(os.path.join(base, "current", name)) as children:
            names = [child.name for _, child in zip(range(LOOKED_AT), children)]
    except OSError:
        return False
    return any(is_own_link(os.path.join(path, child), "%s/%s" % (name, child)) for child in names)


def _look_into(path: str, name: str) -> tuple[bool, list[str]]:
    """Whether a directory holds a link or launcher of ours, and the names of the directories in it."""
    opened, directories = 0, []
    with os.scandir(path) as children:
        for _, child in zip(range(LOOKED_AT), children):
            if child.is_symlink():
                if is_own_link(child.path, "%s/%s" % (name, child.name)):
                    return True, []
            elif child.is_dir(follow_symlinks=False):
                directories += [] if child.name in NOT_CONTENT else [child.name]
            elif opened < OPENED:
                opened += 1
                if entrypoints.stands_at(child.path):
                    return True, []
    return False, directories


def is_folder_for(path: str, name: str, launcher: Launcher) -> bool:
    """As is_folder(), also for one below another that has lost all that it held, and for one that holds what is shared."""
    if is_folder(path, name):
        return True
    may_hold_nothing = name in launcher.shared or ("/" in name and launcher.has_folder(name))
    return may_hold_nothing and os.path.isdir(path) and not os.path.islink(path)


def stands_for(path: str, name: str) -> bool:
    """Whether what is at `path` is ours, and not the engine's own file or directory."""
    return is_own_link(path, name) or entrypoints.stands_at(path) or is_folder(path, name)


def launchers(layout: Layout, names: Iterable[str]) -> list[str]:
    """The names, of these top-level ones and what is below them, at which a launcher stands."""
    return [name for name, path in _all(layout, names) if entrypoints.stands_at(path)]


def dangling(layout: Layout) -> list[str]:
    """Our own links and launchers whose name the current release doesn't have."""
    return [name for name, _ in _all(layout, os.listdir(layout.base)) if not _is_live(layout, name)]


def depends_on_current(layout: Layout) -> bool:
    """Whether the base path has something of ours, which leads nowhere without `current`."""
    return any(True for _ in _all(layout, os.listdir(layout.base)))


def _all(layout: Layout, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(name, path) of each of our links and launchers at or below these names."""
    for name in sorted(names):
        path = os.path.join(layout.base, name)
        if is_own_link(path, name) or entrypoints.stands_at(path):
            yield name, path
        elif is_folder(path, name):
            yield from _all(layout, ["%s/%s" % (name, child) for child in os.listdir(path)])


def _is_live(layout: Layout, name: str) -> bool:
    if any(is_beside(layout.current, each) for each in (name, *parents(name))):
        return False  # There, the release has what lies here.
    return os.path.lexists(os.path.join(layout.current, name))


# -- making ------------------------------------------------------------------------------------------------------------


def put(
    layout: Layout,
    place: str,
    name: str,
    launcher: Launcher,
    directories: list[str],
    like: os.stat_result | None = None,
) -> None:
    """Makes, at `place`, what is to stand for a name of these releases (their directories; the first one counts).

    A launcher and a folder have mode and owner of what `like` tells of, where these may be given.
    """
    if name in launcher.starting:
        program = next((path for path in _each(directories, name) if os.path.lexists(path)), "")
        write_launcher(place, entrypoints.content_for(program, name, launcher.content), layout, like)
    elif launcher.has_folder(name) and any(_holds_directory(directory, name) for directory in directories):
        os.mkdir(place, 0o755)
        layout.give(place)
        for child in _children(directories, name):
            put(layout, os.path.join(place, child), "%s/%s" % (name, child), launcher, directories)
        if like is not None:
            os.chmod(place, like.st_mode & 0o7777)
    else:
        os.symlink(target_of(name), place)
        layout.give(place)


def _each(directories: list[str], name: str) -> list[str]:
    return [os.path.join(directory, name) for directory in directories]


def _children(directories: list[str], name: str) -> list[str]:
    found: set[str] = set()
    for directory in directories:
        found.update(children_of(directory, name))
    return sorted(found)


def children_of(release: str, name: str) -> list[str]:
    """The names in a release's directory that something stands for in the folder of that name."""
    if not _holds_directory(release, name):
        return []
    names = set(os.listdir(os.path.join(release, name))) - NOT_CONTENT
    return sorted(child for child in names if not is_beside(release, "%s/%s" % (name, child)))


def _holds_directory(release: str, name: str) -> bool:
    path = os.path.join(release, name)
    return os.path.isdir(path) and not os.path.islink(path)


def prepare_pins(layout: Layout, release_id: str, launcher: Launcher) -> None:
    """Makes what pinning in place needs for a release and what stands for it."""
    release = layout.release(release_id)
    pins.prepare(
        layout,
        release_id,
        _deployed_directories(release, deployed_names(release), launcher),
        launcher.shared,
        [path for folder in sorted(launcher.shared) for path in _beside_in(release, folder)],
    )


def missing(layout: Layout, release: str, launcher: Launcher) -> list[str]:
    """The names of a release (its directory) at which nothing stands in the base path: at its top, and in folders."""
    found: list[str] = []
    waiting = deployed_names(release)
    for name in waiting:
        path = os.path.join(layout.base, name)
        if not os.path.lexists(path):
            found.append(name)
        elif is_folder_for(path, name, launcher):
            waiting += ["%s/%s" % (name, child) for child in children_of(release, name)]
    return found


def _beside_in(release: str, folder: str) -> list[str]:
    """The paths in a folder at which a release has links to what is shared."""
    path = os.path.join(release, folder)
    names = os.listdir(path) if os.path.isdir(path) else []
    return [below for below in ("%s/%s" % (folder, name) for name in names) if is_beside(release, below)]


def place(layout: Layout, release_id: str, launcher: Launcher) -> tuple[list[str], list[str]]:
    """What a release needs in the base path and isn't there. Returns the names made, and those of links replaced.

    A link made before its release is current leads nowhere yet, which is what was there before: nothing. A launcher
    starts whatever is current, so that it may come before, too; it comes last.
    """
    entrypoints.place_launch(layout)
    entrypoints.place_by_code(layout)
    directories = [layout.release(release_id)]
    before = layout.standing_release()
    if before is not None and before != release_id and os.path.isdir(layout.release(before)):
        directories.append(layout.release(before))
    changed: tuple[list[str], list[str]] = ([], [])
    names = deployed_names(directories[0])
    prepare_pins(layout, release_id, launcher)
    with pins.Room(layout) as room:
        for name in sorted(sorted({*names, *_shared_links(layout, launcher)}), key=launcher.starts):
            _place(layout, name, launcher, directories, changed, room)
    return changed


def _shared_links(layout: Layout, launcher: Launcher) -> list[str]:
    """Names of which something is shared from now on, and which are links still: also where the release has none of them."""
    return [name for name in launcher.shared if "/" not in name and is_own_link(os.path.join(layout.base, name), name)]


def _deployed_directories(release: str, names: Iterable[str], launcher: Launcher) -> Iterator[tuple[str, bool]]:
    """(name, whether a folder stands for it) of a release's directories that something stands for in the base path."""
    for name in names:
        path = os.path.join(release, name)
        if name in NOT_CONTENT or os.path.islink(path) or not os.path.isdir(path):
            continue
        is_above = launcher.has_folder(name)
        yield name, is_above
        if is_above:
            yield from _deployed_directories(release, ["%s/%s" % (name, child) for child in os.listdir(path)], launcher)


def _place(
    layout: Layout,
    name: str,
    launcher: Launcher,
    directories: list[str],
    changed: tuple[list[str], list[str]],
    room: pins.Room,
) -> None:
    path = os.path.join(layout.base, checked_path(name))
    made, replaced = changed
    if not os.path.lexists(path):
        made.append(name)
        temporary = files.temporary_name(layout.state, "standin")
        put(layout, temporary, name, launcher, directories)
        os.rename(temporary, path)
    elif name in launcher.starting:
        content = entrypoints.content_for(os.path.join(directories[0], name), name, launcher.content)
        is_link = is_own_link(path, name)
        if not is_link and (not entrypoints.stands_at(path) or holds(path, content)):
            return
        # Runs that are pinned have their program over it. It starts what is current whatever its text: the next
        # operation replaces it.
        if not room.is_free():
            return
        if is_link:
            replaced.append(name)
        write_launcher(path, content, layout)
    elif is_folder_for(path, name, launcher):
        below = ["%s/%s" % (name, child) for child in _children(directories[:1], name)]
        for child in sorted(below, key=launcher.starts):
            _place(layout, child, launcher, directories, changed, room)
    elif launcher.has_folder(name) and is_own_link(path, name) and _holds_directory(directories[0], name):
        if name in launcher.shared:
            # What is shared would go on lying in a release that comes to an end.
            room.demand()
        if not room.is_free():
            return
        replaced.append(name)
        temporary = files.temporary_name(layout.state, "standin")
        put(layout, temporary, name, launcher, directories)
        _swap(path, temporary)


def settle(layout: Layout, names: Iterable[str], entrypoint: str) -> None:
    """Once it is decided what is live: of these names, what leads nowhere now goes, and what is of no entrypoint any more
    becomes the link that every other deployed name has."""
    kept = entrypoints.Launcher(entrypoint, b"")
    live = layout.standing_release()
    if live is not None:
        kept = kept.of(layout, live, otherwise=False)
    with pins.Room(layout) as room:
        for name in sorted({name.split("/", 1)[0] for name in [*names, *_left(layout)]}):
            _settle(layout, name, kept, room)
        tidy(layout, room)


def _left(layout: Layout) -> list[str]:
    """Names that an earlier operation had to leave to the runs that were pinned by them."""
    return dangling(layout) + pins.names(layout)


def tidy(layout: Layout, room: pins.Room | None = None) -> None:
    """Removes what pinned runs had for directories that nothing of ours stands for any more."""
    unneeded = [name for name in pins.names(layout) if not stands_for(os.path.join(layout.base, name), name)]
    if unneeded:
        with room or pins.Room(layout, 0) as free:
            if free.is_free():
                pins.remove(layout, unneeded)


def _settle(layout: Layout, name: str, kept: Launcher, room: pins.Room) -> None:
    path = os.path.join(layout.base, checked_path(name))
    link, stands = is_own_link(path, name), entrypoints.stands_at(path)
    if link or stands:
        if not _is_live(layout, name):
            if room.is_free():
                os.unlink(path)
        elif stands and name not in kept.starting and room.is_free():
            files.replace_link(path, target_of(name), layout.state, layout.owner)
    elif is_folder(path, name):
        for child in sorted(os.listdir(path)):
            _settle(layout, "%s/%s" % (name, child), kept, room)
        if not kept.has_folder(name) and is_only_ours(path, name) and room.is_free():
            _fold(layout, path, name)


def _fold(layout: Layout, path: str, name: str) -> None:
    """A folder without a start script and without what is shared becomes a link again."""
    if not _is_live(layout, name):
        files.remove_tree(path)
        return
    temporary = files.temporary_name(layout.state, "standin")
    os.symlink(target_of(name), temporary)
    layout.give(temporary)
    _swap(path, temporary)


def is_only_ours(path: str, name: str) -> bool:
    """Whether nobody has put anything into a folder; bytecode aside."""
    for child in os.listdir(path):
        inner, below = os.path.join(path, child), "%s/%s" % (name, child)
        if child in NOT_CONTENT or is_own_link(inner, below) or entrypoints.stands_at(inner):
            continue
        if not (is_folder(inner, below) and is_only_ours(inner, below)):
            return False
    return True


def _swap(path: str, temporary: str) -> None:
    """Puts one of ours in the other's place: in one step, or in two where the file system can't exchange names."""
    if files.exchange(path, temporary):
        files.remove_tree(temporary)
        return
    aside = files.temporary_name(os.path.dirname(temporary), "standin")
    os.rename(path, aside)
    os.rename(temporary, path)
    files.remove_tree(aside)


def write_launcher(path: str, content: bytes, layout: Layout, like: os.stat_result | None = None) -> None:
    """Puts the launcher at `path` in one rename, durable and given to the owner.

    It has mode and owner of what `like` tells of, where these may be given, or else of the launcher that it replaces.
    """
    if like is None and entrypoints.stands_at(path):
        like = os.lstat(path)
    temporary = files.temporary_name(layout.state, "launcher")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
    try:
        writing.write_all(fd, content)
        if layout.owner is not None:
            os.fchown(fd, *layout.owner)
        if like is not None:
            _give_as(fd, like)
        os.fchmod(fd, 0o755 if like is None else like.st_mode & 0o777)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, path)


def _give_as(fd: int, like: os.stat_result) -> None:
    """Owner and group of another file: who isn't root may only give a group, and only one that he is in."""
    uid = like.st_uid if os.geteuid() == 0 else -1
    try:
        os.fchown(fd, uid, like.st_gid)
    except PermissionError:
        pass


def holds(path: str, content: bytes) -> bool:
    """Whether a file has exactly this content (bytes)."""
    with open(path, "rb") as handle:
        return handle.read() == content
