"""Where packages that lie in a release are built: in a copy, since building leaves things beside the source."""

from __future__ import annotations

import contextlib
import os

from hot_deploy import files
from hot_deploy.later import shutil
from hot_deploy.layout import checked_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

    from hot_deploy.installing import Installation
    from hot_deploy.layout import Layout


@contextlib.contextmanager
def copied(layout: Layout, installation: Installation) -> Iterator[None]:
    """While it lasts, the installation runs in a copy of those files of the release that `copied` names, if it does."""
    paths = [checked_path(path) for path in installation.args.get("copied") or ()]
    if not paths:
        yield
        return
    release, place = installation.release, files.temporary_name(layout.staging, "build")
    try:
        for path in paths:
            installation.wire.check()
            _copy(release, place, path)
        for directory in sorted({os.path.dirname(path) for path in paths}):
            _copy_links(os.path.join(release, directory), os.path.join(place, directory))
        installation.release = place
        yield
    finally:
        installation.release = release
        files.remove_tree(place)


def _copy(release: str, place: str, path: str) -> None:
    source, target = os.path.join(release, path), os.path.join(place, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)


def _copy_links(source: str, target: str) -> None:
    """Links to what is beside, which are no files of their own; one that leads to nothing copied leads nowhere."""
    with os.scandir(source) as found:
        for entry in found:
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), os.path.join(target, entry.name))
