"""Starts a release that is not live yet as a run of it would be started once it is, for a check.

It follows the texts of the launcher and of the prefix, in a process of the executor's. Told `ask`, it says whether the
kernel allows it to be shown in place, and ends.
"""

import json
import os
import sys

from launch import ByCode, InPlace, Leading, become, by_code
from launcher import (
    IN_PLACE,
    IN_RELEASE,
    in_part,
    is_launcher,
    lease_environment,
    quoted,
    rarely,
    stop,
    way_of,
)


def try_release():
    """Arguments: the base path, the release, `ask` or how it is pinned, its entrypoint or nothing, what that is started
    with as JSON, and its arguments."""
    base, release, way, entrypoint, runner = sys.argv[1:6]
    words = sys.argv[6:]
    if way == "ask":
        sys.stdout.write(shown(base, release) or "place")
        return
    environment = lease_environment(release)
    os.environ["HOT_DEPLOY_RELEASE"] = release
    if os.environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        rarely("undo_locale_coercion")()
    if way == "place":
        why = shown(base, release)
        if why is not None:
            stop("the release can't be shown in place any more: %s" % why)
    elif way == "code" and not by_code(base, release):
        stop("the release can't be pinned by code")
    if entrypoint:
        become(*started(base, release, way, entrypoint, (environment, json.loads(runner), words)))
    become(*prefixed(base, release, way, environment, words))


def shown(base, release):
    """Shows the release in place of what is live or plain, for this process alone; or returns why that can't be had."""
    try:
        way, unprivileged = way_of(base, release)
        place = in_part(IN_PLACE)
        return place["Kernel"]().pin(list(mounts_over(base, release, "")), way == "place" or not unprivileged)
    except OSError:
        return "forbidden"


def mounts_over(base, release, below):
    """(what is mounted, over which path) for each name of a release, whatever stands there: links, launchers, or plain
    files and directories of a first deployment."""
    for name in os.listdir(os.path.join(release, below)):
        path = os.path.join(below, name)
        place, own = os.path.join(base, path), os.path.join(release, path)
        link = os.readlink(own) if os.path.islink(own) else None
        if name in (".venv", "__pycache__") or link == "../../" + "../" * path.count("/") + path:
            continue
        is_directory = link is None and os.path.isdir(own)
        if is_directory and not below and os.path.isdir(os.path.join(base, ".pinned-" + name)):
            yield own, os.path.join(base, ".pinned-" + name)
        if os.path.islink(place) and is_directory:
            yield os.path.join(base, ".hot-deploy", "pins", quoted(path)), place
        elif is_directory and stays(base, release, path):
            yield from mounts_over(base, release, path)
        elif below and not (os.path.islink(place) or is_launcher(place)) and holds_ours(base, release, below):
            continue  # The host's own, in a folder.
        else:
            yield own, place


def stays(base, release, path):
    """Whether a directory of the base path is a folder, which names are put into, or becomes one."""
    is_shared = os.path.lexists(os.path.join(base, ".hot-deploy", "pins", quoted(".pinned-%s/" % path)))
    return is_shared or holds_ours(base, release, path)


def holds_ours(base, release, path):
    """Whether links or launchers of ours stand in a directory: before a first deployment, it is plain."""
    for name in os.listdir(os.path.join(release, path)):
        place = os.path.join(base, path, name)
        if is_launcher(place):
            return True
        if os.path.islink(place) and os.readlink(place).endswith("current/%s/%s" % (path, name)):
            return True
    return False


def started(base, release, way, entrypoint, how):
    """(executable, words) of the entrypoint."""
    environment, runner, words = how
    if environment and runner[0] == sys.executable:
        runner = [os.path.join(environment, "bin", "python")]
    if way in ("place", "code"):
        return runner[0], [*runner, entrypoint, *words]
    mapped = in_part(IN_RELEASE)["arguments_of"](base, release, entrypoint)
    words = [mapped.pinned(word) for word in words]
    mapped.go_inside()
    return runner[0], [*runner, os.path.join(release, entrypoint), *words]


def prefixed(base, release, way, environment, words):
    """(executable, words) of a command behind the prefix."""
    if environment:
        os.environ["VIRTUAL_ENV"] = environment
        os.environ["PATH"] = os.path.join(environment, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    kinds = {"place": InPlace, "code": ByCode}
    leading = kinds.get(way, Leading)(base, release, environment)
    found = leading.command(words)
    if leading.arguments is not None:
        leading.arguments.go_inside()
    return found


if __name__ == "__main__":
    try_release()
