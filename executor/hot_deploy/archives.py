"""Backups: archives of what was live, for people and other machines, and reading one back as a release."""

from __future__ import annotations

import hashlib
import os
import zlib

from hot_deploy import files, tarball, tree, writing
from hot_deploy.failures import StepFailed
from hot_deploy.later import datetime, gzip, tarfile
from hot_deploy.layout import (
    BACKUP_NAME,
    LAUNCHER_MARKER,
    LAUNCHER_START,
    Layout,
    checked_link,
    checked_path,
    deployed_names,
    parents,
    refuse_leaving_links,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from typing import IO, Any

    Check = Callable[[], None]

MAX_BYTES = 4 * 1024**3
MAX_ENTRIES = 200000


def create(base_path: str, release_id: str, shared: list[str]) -> dict[str, Any]:
    """Writes `backups/hot-backup-YYYYMMDD-HHMMSS.tar.gz` with the deployed entries at its root, and those `shared` paths of
    the base path. Returns name and size."""
    layout = Layout(base_path)
    release = layout.release(release_id)
    temporary = files.temporary_name(layout.backups, "hot-backup")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            packed = tarball.Tarball(fd)
            packed.add_tree(release, sorted(tree.walk(release, deployed_names(release))))
            packed.add_tree(layout.base, sorted(tree.walk(layout.base, shared)))
            packed.finish()
            os.fsync(fd)
        finally:
            os.close(fd)
        name = _claim(layout, temporary)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    files.sync_directory(layout.backups)
    return {"name": name, "bytes": os.path.getsize(os.path.join(layout.backups, name))}


def _claim(layout: Layout, temporary: str) -> str:
    """Gives the archive its name; when that second is taken already, the next free one."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    while True:
        name = moment.strftime("hot-backup-%Y%m%d-%H%M%S.tar.gz")
        try:
            os.link(temporary, os.path.join(layout.backups, name))
            return name
        except FileExistsError:
            moment += datetime.timedelta(seconds=1)
        except OSError:
            # No hard links here: the lock makes sure that nobody else names archives now.
            if not os.path.lexists(os.path.join(layout.backups, name)):
                os.rename(temporary, os.path.join(layout.backups, name))
                return name
            moment += datetime.timedelta(seconds=1)


def listing(layout: Layout) -> list[dict[str, Any]]:
    """The kept archives, newest first."""
    found = []
    try:
        with os.scandir(layout.backups) as children:
            for child in children:
                if child.is_file(follow_symlinks=False) and BACKUP_NAME.fullmatch(child.name):
                    status = child.stat()
                    created = datetime.datetime.fromtimestamp(status.st_mtime, datetime.timezone.utc)
                    found.append(
                        {
                            "name": child.name,
                            "bytes": status.st_size,
                            "createdAt": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                        }
                    )
    except FileNotFoundError:
        pass
    return sorted(found, key=lambda backup: backup["name"], reverse=True)


def unpack(layout: Layout, name: str, target: str, check: Check, without: Container[str] = ()) -> list[tree.Entry]:
    """Reads a backup into `target`, an empty directory of ours, but for what lies at or below some paths. Returns its entries.

    Nothing in the archive is trusted: it may come from another machine. Raises StepFailed naming the member.
    """
    path = layout.backup(name)
    if not os.path.isfile(path):
        raise StepFailed("backupMissing", name=name, directory=layout.backups)
    entries: dict[str, tree.Entry] = {}
    try:
        with tarfile.open(path, "r|*") as archive:
            total = 0
            for member in archive:
                check()
                total += max(member.size, 0)
                if total > MAX_BYTES or len(entries) >= MAX_ENTRIES:
                    raise StepFailed("backupTooLarge", name=name, path=member.name)
                entry = _extract(archive, member, target, entries, check, without)
                if entry is not None:
                    entries[entry.path] = entry
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as raised:
        raise StepFailed("backupUnreadable", name=name, said=str(raised)) from raised
    if not entries:
        raise StepFailed("backupEmpty", name=name)
    refuse_leaving_links({entry.path: entry.target for entry in entries.values() if entry.type == tree.LINK})
    return list(entries.values())


def _extract(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    target: str,
    entries: Mapping[str, tree.Entry],
    check: Check,
    without: Container[str],
) -> tree.Entry | None:
    path = member.name
    while path.startswith("./"):
        path = path[2:]
    path = path.rstrip("/")
    if path in ("", ".") or tree.BYTECODE_DIRECTORY in path.split("/"):
        return None
    checked_path(path)
    if any(each in without for each in (path, *parents(path))):
        return None
    if path in entries:
        raise StepFailed("memberTwice", path=path)
    for parent in parents(path):
        if parent in entries:
            raise StepFailed("memberBelow", path=path, parent=parent)
    place = os.path.join(target, path)
    if member.isdir():
        os.makedirs(place, 0o755, exist_ok=True)
        return None
    os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
    if member.issym():
        os.symlink(checked_link(path, member.linkname), place)
        return tree.Entry(path, tree.LINK, 0o777, 0, tree.text_digest(member.linkname), member.linkname)
    if not member.isreg():
        raise StepFailed("memberType", path=path)
    return _extract_file(archive.extractfile(member), member, place, path, check)


def _extract_file(
    content: IO[bytes] | None, member: tarfile.TarInfo, place: str, path: str, check: Check
) -> tree.Entry:
    assert content is not None  # It is a regular file's.
    digest = hashlib.sha256()
    mode = member.mode & 0o555
    first = True
    fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            check()
            piece = content.read(1 << 20)
            if not piece:
                break
            if first and LAUNCHER_MARKER in piece[:LAUNCHER_START]:
                raise StepFailed("memberLauncher", path=path)
            first = False
            digest.update(piece)
            writing.write_all(fd, piece)
        os.fchmod(fd, mode)
        stamp = tree.stamp_of(os.fstat(fd))
    finally:
        os.close(fd)
    return tree.Entry(path, tree.FILE, mode, member.size, digest.hexdigest(), stamp=stamp)
