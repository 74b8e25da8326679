"""What interrupted operations leave behind, and how it goes. Only called by the holder of the lock."""

import os
import re
import stat

from hot_deploy import environments, files, leases, switching
from hot_deploy.layout import RELEASE_ID

OWN_BACKUP = re.compile(r"hot-backup-[0-9]{8}-[0-9]{6}\.tar\.gz")
TEMPORARY = re.compile(r".+\.[0-9a-f]{12}\.tmp")


def clean(layout, standing_current, records):
    """Removes staging, temporary names, releases that never became ready, and records of releases that are gone.

    Returns the names removed.
    """
    removed = []
    for name in _listing(layout.staging):
        files.remove_tree(os.path.join(layout.staging, name))
        removed.append("staging/" + name)
    for directory in (layout.state, layout.records, layout.backups):
        removed += clean_temporary(directory)
    for name in _listing(layout.releases):
        record = records.get(name)
        if not RELEASE_ID.fullmatch(name) or name == standing_current:
            continue
        if record is not None and record.get("state") == "candidate":
            if remove_release(layout, name):
                removed.append(name)
    removed += environments.clean(layout)
    removed += _clean_adopted(layout)
    for name in _listing(layout.records):
        release_id = name.split(".", 1)[0]
        if RELEASE_ID.fullmatch(release_id) and not os.path.lexists(layout.release(release_id)):
            os.unlink(os.path.join(layout.records, name))
            removed.append(name)
    return removed


def clean_temporary(directory):
    """Removes what was being written in a directory when its writer was ended. Returns the names removed."""
    removed = [name for name in _listing(directory) if TEMPORARY.fullmatch(name)]
    for name in removed:
        os.unlink(os.path.join(directory, name))
    return removed


def _clean_adopted(layout):
    """Removes what an interrupted adoption had ready to take an original's place, and directories without originals."""
    removed = []
    for release_id in _listing(layout.adopted):
        kept = os.path.join(layout.adopted, release_id)
        for name in _listing(kept):
            path = os.path.join(kept, name)
            if switching.is_own_link(path, name) or switching.is_launcher(path):
                os.unlink(path)
                removed.append("adopted/%s/%s" % (release_id, name))
        if not os.listdir(kept):
            os.rmdir(kept)
    return removed


def remove_release(layout, release_id):
    """Removes a release nobody runs. Returns False, and leaves it whole, while somebody has a lease on it."""
    path = layout.release(release_id)
    try:
        lease = leases.take_exclusively(path)
    except FileNotFoundError:
        _forget(layout, release_id)
        return True
    if lease is None:
        return False
    try:
        # Out of the way in one step: a launcher that comes now resolves `current` again.
        aside = files.temporary_name(layout.staging, release_id)
        os.chmod(path, 0o755)
        os.rename(path, aside)
    finally:
        os.close(lease)
    _forget(layout, release_id)
    files.remove_tree(aside)
    return True


def own_backups(layout):
    """The names of the backups that were made here."""
    return {name for name in _listing(layout.backups) if OWN_BACKUP.fullmatch(name)}


def remove_backup(layout, name):
    """Removes an archive. Returns whether there was one."""
    path = layout.backup(name)
    if not os.path.lexists(path) or not stat.S_ISREG(os.lstat(path).st_mode):
        return False
    os.unlink(path)
    return True


def _forget(layout, release_id):
    for path in (layout.record(release_id), layout.manifest(release_id)):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def _listing(directory):
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []
