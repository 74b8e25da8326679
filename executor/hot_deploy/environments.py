"""Virtual environments, one for each set of dependencies: which there are, whether they start, who needs them.

`environments/<name>` holds one. It counts as built once its description lies in it, which is written last; releases
lead to it through their link `.venv`. A name is its key, or the key and a number where that name was taken.
"""

from __future__ import annotations

import os
import re

from hot_deploy import files, removal
from hot_deploy.failures import StepFailed
from hot_deploy.layout import RELEASE_ID, VIRTUAL_ENVIRONMENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from hot_deploy.layout import Layout
    from hot_deploy.removal import Removal

KEY = re.compile(r"[0-9a-f]{16}")
NAME = re.compile(r"[0-9a-f]{16}(-[0-9]+)?")
DESCRIPTION = "hot-deploy.json"


def checked_key(key: object) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise StepFailed("environmentKey", given=key)
    return key


def key_of(name: str) -> str:
    """The key that an environment's name says."""
    return name.split("-", maxsplit=1)[0]


def path_of(layout: Layout, name: str) -> str:
    """Where an environment lies, or would."""
    return os.path.join(layout.environments, name)


def python_of(directory: str) -> str:
    """The interpreter of the environment in a directory."""
    return os.path.join(directory, "bin", "python")


def names(layout: Layout) -> list[str]:
    """The names of all that lie in environments/, unfinished ones included; what is not ours is skipped."""
    try:
        found = os.listdir(layout.environments)
    except FileNotFoundError:
        return []
    return sorted(name for name in found if NAME.fullmatch(name))


def description(layout: Layout, name: str) -> dict[str, Any] | None:
    """What was written down when it was built, or None for an unfinished one. See installing.build()."""
    found = files.read_json(os.path.join(path_of(layout, name), DESCRIPTION))
    return found if isinstance(found, dict) and isinstance(found.get("python"), dict) else None


def problem(layout: Layout, name: str) -> str | None:
    """Why an environment can't be used, as the end of a sentence; None when its interpreter is the one it had."""
    known = description(layout, name)
    if known is None:
        return "is not there" if not os.path.isdir(path_of(layout, name)) else "was not built to its end"
    python = python_of(path_of(layout, name))
    executable = known.get("python", {}).get("executable")
    if not os.access(python, os.X_OK):
        return "no longer starts: %s is gone" % (executable or "its interpreter")
    if os.path.realpath(python) != executable:
        return "no longer starts as it was: it was built with %s, and leads to %s" % (
            executable,
            os.path.realpath(python),
        )
    return None


def of_release(layout: Layout, release_id: str) -> str | None:
    """The name of the environment that a release's link leads to, or None where it has no such link."""
    try:
        target = os.readlink(os.path.join(layout.release(release_id), VIRTUAL_ENVIRONMENT))
    except OSError:
        return None
    name = os.path.basename(target)
    return name if target == "../../environments/" + name and NAME.fullmatch(name) else None


def link(layout: Layout, release_id: str, name: str) -> None:
    """Makes a release lead to an environment, in one rename."""
    release = layout.release(release_id)
    os.chmod(release, 0o755)
    try:
        files.replace_link(
            os.path.join(release, VIRTUAL_ENVIRONMENT), "../../environments/" + name, layout.state, layout.owner
        )
    finally:
        os.chmod(release, 0o555)


def ready(layout: Layout, key: str) -> str | None:
    """The name of an environment with this key that can be used now, or None."""
    for name in names(layout):
        if key_of(name) == key and problem(layout, name) is None:
            return name
    return None


def free_name(layout: Layout, key: str) -> str:
    """A name for a new environment: an unusable one stays where releases still lead to it."""
    name, count = key, 1
    while os.path.lexists(path_of(layout, name)) and not remove(layout, name):
        count += 1
        name = "%s-%d" % (key, count)
    return name


def releases_by_name(layout: Layout) -> dict[str, list[str]]:
    """Environment's name -> ids of the releases that lead to it."""
    found: dict[str, list[str]] = {}
    try:
        releases = os.listdir(layout.releases)
    except FileNotFoundError:
        return found
    for release_id in sorted(releases):
        if RELEASE_ID.fullmatch(release_id):
            name = of_release(layout, release_id)
            if name is not None:
                found.setdefault(name, []).append(release_id)
    return found


def described(layout: Layout, name: str) -> dict[str, Any]:
    """Why an environment can't be used, and what it holds, as lists show it."""
    known = description(layout, name) or {}
    return {
        "problem": problem(layout, name),
        "createdAt": known.get("createdAt"),
        "python": known.get("python", {}).get("version"),
        "installer": known.get("installer"),
        "packages": known.get("packages") or [],
    }


def remove(layout: Layout, name: str) -> bool:
    """Removes an environment. Returns False, and leaves it whole, while a release leads to it or somebody is in it."""
    return not remove_unneeded(layout, [name]).in_use


def remove_unneeded(layout: Layout, wanted: Sequence[str]) -> Removal:
    """As remove(), for many at once. Told by their directories."""
    for name in wanted:
        if not NAME.fullmatch(name):
            raise StepFailed("environmentName", given=name)
    needed = releases_by_name(layout)
    done = removal.remove(layout, [path_of(layout, name) for name in wanted if not needed.get(name)])
    done.in_use += [path_of(layout, name) for name in wanted if needed.get(name)]
    return done
