"""Where everything lies below the base path, and which names may be used there."""

from __future__ import annotations

import os
import re
import stat

from hot_deploy import contract
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TypeGuard

    from hot_deploy.services import HandOver, Reload

RESERVED = frozenset(contract.RESERVED_NAMES)
# What lies beside the engine's own names.
OUR_DIRECTORIES = ("releases", "environments", "backups")
# In a release's directory: the environment's link, and bytecode.
VIRTUAL_ENVIRONMENT = ".venv"
NOT_CONTENT = frozenset([VIRTUAL_ENVIRONMENT, "__pycache__"])
# Before the names of deployed directories, those where a pinned run finds its release's.
PINNED = contract.PINNED_PREFIX
# In the name of a file that stands for a path.
SLASH = "%2F"
# Where links in a release's directory lead that stand for what lies beside the deployed names.
BESIDE = "../../"
RELEASE_ID = re.compile(contract.RELEASE_ID)
SERVICE_SOCKET = re.compile(r"serve(?:-([a-z0-9-]{1,32}))?\.sock")
MOST_SERVICES = 20
BACKUP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(tar\.gz|tgz|tar)")
# Trees are walked and removed by going down, with a file and a frame for each directory.
MAX_DEPTH = 250
# As many as the kernel follows while it resolves one path.
MAX_LINKS = 40
# In every launcher of ours, and so many bytes of it are enough to find that.
LAUNCHER_MARKER = b"# hot-deploy launcher"
LAUNCHER_START = 400


class Layout:
    """The paths of one engine. `base` is resolved once: a bind mount or link above it may have any name."""

    def __init__(self, base_path: str) -> None:
        self.given = base_path
        self.base = os.path.realpath(base_path)
        if self.base == "/":
            raise StepFailed("basePathIsRoot")
        self.current = os.path.join(self.base, "current")
        self.releases = os.path.join(self.base, "releases")
        self.environments = os.path.join(self.base, "environments")
        self.backups = os.path.join(self.base, "backups")
        self.state = os.path.join(self.base, ".hot-deploy")
        self.staging = os.path.join(self.state, "staging")
        self.adopted = os.path.join(self.state, "adopted")
        self.records = os.path.join(self.state, "releases")
        self.history = os.path.join(self.state, "history.jsonl")
        # What runs any command with the current release.
        self.launch = os.path.join(self.state, "launch.py")
        # What keeps a service's sockets.
        self.serve = os.path.join(self.state, "serve.py")
        # How launchers pin, and what they need for it: see pins.py.
        self.pinning = os.path.join(self.state, "pinning")
        self.pins = os.path.join(self.state, "pins")
        # What Python imports in runs that are pinned by code.
        self.code = os.path.join(self.state, "code")
        self.lock = os.path.join(self.state, "lock")
        self.holder = os.path.join(self.state, "holder.json")
        # What runs have on disk: see run_directories.py.
        self.runs = os.path.join(self.state, "runs")
        self.aside = os.path.join(self.state, "aside")
        # What is written down of a rollout and what its guard has counted, that one's lock and socket: see rollouts.py.
        self.rollout = os.path.join(self.state, "rollout.json")
        self.rollout_counts = os.path.join(self.state, "rollout-counts.json")
        self.rollout_lock = os.path.join(self.state, "rollout.lock")
        self.guard = os.path.join(self.state, "guard.sock")
        self.undo = os.path.join(self.state, "undo.jsonl")
        self.number = os.path.join(self.state, "layout")
        # Until when runs could begin that nobody pinned. See exchanges.py.
        self.unpinned = os.path.join(self.state, "unpinned.json")
        # (uid, gid) of whom releases, environments, links and launcher are given to; None leaves them as they are made.
        self.owner: tuple[int, int] | None = None
        # Who asked for what is done here; the history says so. See history.asked_by().
        self.asked_by: dict[str, Any] | None = None
        # What is under way with the engine's services, in this conversation: see services.py.
        self.service: Reload | HandOver | None = None

    def within(self, path: str) -> str | None:
        """An absolute path, spelled as somebody may have written it, from the base path on; None for one outside."""
        for base in (self.base, os.path.normpath(self.given)):
            if path.startswith(base + "/"):
                return path[len(base) + 1 :]
        return None

    def give(self, path: str) -> None:
        """Gives one file, link or directory to the owner."""
        if self.owner is not None:
            os.lchown(path, *self.owner)

    def give_tree(self, path: str) -> None:
        """Gives a directory and everything below it to the owner."""
        if self.owner is None:
            return
        for directory, names, filenames in os.walk(path):
            for name in names + filenames:
                os.lchown(os.path.join(directory, name), *self.owner)
        os.lchown(path, *self.owner)

    def create(self) -> None:
        """Makes the directories of our own. Raises OSError where the user may not."""
        self.create_state()
        for directory in (self.releases, self.backups):
            os.makedirs(directory, 0o755, exist_ok=True)

    def create_state(self) -> None:
        """As create(), but for those that lie beside the engine's own names."""
        self.refuse_links()
        for directory in (self.state, self.staging, self.records):
            os.makedirs(directory, 0o755, exist_ok=True)

    def refuse_links(self) -> None:
        """Through a link in place of one of ours, what is done there would be done somewhere else, perhaps as root."""
        own = [self.state, self.staging, self.records, self.releases, self.backups]
        own += [self.environments, self.adopted, self.aside, self.lock, self.history, self.undo, self.number]
        own += [self.unpinned, self.launch, self.serve, self.pinning, self.pins, self.code, self.runs]
        for directory in (self.releases, self.environments, self.adopted):
            own += [os.path.join(directory, name) for name in _names(directory)]
        for path in own:
            if os.path.islink(path):
                raise StepFailed("linkInPlace", path=path)

    def service_sockets(self) -> list[str]:
        """The names of services' sockets, live or not. A link may lead to somebody else's, such as Docker's."""
        try:
            with os.scandir(self.state) as children:
                named = [child for child in children if SERVICE_SOCKET.fullmatch(child.name)]
                found = [child.name for child in named if stat.S_ISSOCK(child.stat(follow_symlinks=False).st_mode)]
        except OSError:
            return []
        return sorted(found)[:MOST_SERVICES]

    def release(self, release_id: str) -> str:
        return os.path.join(self.releases, checked_release_id(release_id))

    def new_release_id(self, time: str, digest: str) -> str:
        """An id that is not taken: UTC time as YYYYMMDD-HHMMSS and the first digits of the content's digest."""
        base = checked_release_id("%s-%s" % (time, digest[:7]))
        release_id, count = base, 1
        while os.path.lexists(self.release(release_id)) or os.path.lexists(self.record(release_id)):
            count += 1
            release_id = "%s-%d" % (base, count)
        return release_id

    def record(self, release_id: str) -> str:
        return os.path.join(self.records, checked_release_id(release_id) + ".json")

    def manifest(self, release_id: str) -> str:
        return os.path.join(self.records, checked_release_id(release_id) + ".manifest.json")

    def way(self, release_id: str) -> str:
        """Which way of pinning launchers take for a release: see pins.py."""
        return os.path.join(self.pinning, checked_release_id(release_id))

    def original(self, release_id: str, name: str) -> str:
        """Where the original of a plain name, or of one in a folder, is kept while a release has its place."""
        one = as_one_name(name)
        return os.path.join(self.adopted, release_id, one if SLASH in one.replace("%25", "%") else name)

    def backup(self, name: str) -> str:
        if not isinstance(name, str) or not BACKUP_NAME.fullmatch(name):
            raise StepFailed("backupName", given=name, directory=self.backups)
        return os.path.join(self.backups, name)

    def current_release(self) -> str | None:
        """The id that `current` names, or None where there is none."""
        try:
            target = os.readlink(self.current)
        except FileNotFoundError:
            return None
        except OSError:
            raise StepFailed("currentIsNoLink", path=self.current) from None
        release_id = _release_in(target)
        if release_id is None:
            raise StepFailed("currentIsForeign", path=self.current, target=target)
        return release_id

    def foreign_current(self) -> str | None:
        """What stands at `current` and was not made here: a link's target, `directory` or `file`; None otherwise."""
        try:
            target = os.readlink(self.current)
        except FileNotFoundError:
            return None
        except OSError:
            return "directory" if os.path.isdir(self.current) else "file"
        return target if _release_in(target) is None else None

    def standing_release(self) -> str | None:
        """As current_release(), and None where something foreign stands."""
        return None if self.foreign_current() is not None else self.current_release()


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _release_in(target: str) -> str | None:
    parts = target.split("/")
    return parts[1] if len(parts) == 2 and parts[0] == "releases" and RELEASE_ID.fullmatch(parts[1]) else None


def is_release_id(value: object) -> TypeGuard[str]:
    """Whether something that was read may be the name of a release."""
    return isinstance(value, str) and RELEASE_ID.fullmatch(value) is not None


def checked_release_id(release_id: object) -> str:
    if not is_release_id(release_id):
        raise StepFailed("releaseId", given=release_id)
    return release_id


def checked_name(name: object) -> str:
    """A top-level name of the base path that may be deployed."""
    if not isinstance(name, str) or not name or "/" in name or "\0" in name or name in (".", ".."):
        raise StepFailed("nameUnusable", given=name)
    if is_reserved(name):
        raise StepFailed("nameReserved", name=name)
    return name


def is_reserved(name: str) -> bool:
    """Whether a top-level name of the base path holds the layout itself."""
    return name in RESERVED or name.startswith(PINNED)


def checked_path(path: object) -> str:
    """A relative path that stays inside the tree it is joined to. The client's word is not taken for it."""
    if not isinstance(path, str) or not path or "\0" in path:
        raise StepFailed("pathUnusable", given=path)
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        raise StepFailed("pathTooDeep", path=path, most=MAX_DEPTH)
    for part in parts:
        if part in ("", ".", ".."):
            raise StepFailed("pathLeaves", path=path)
    checked_name(parts[0])
    return path


def checked_link(path: str, target: object) -> str:
    """The target of a symbolic link that, read from the link's own place, stays inside the tree."""
    if not isinstance(target, str) or not target or "\0" in target or target.startswith("/"):
        raise StepFailed("linkNotInside", path=path, target=target)
    depth = path.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            raise StepFailed("linkOutside", path=path, target=target)
    return target


def refuse_leaving_links(links: Mapping[str, str | None]) -> None:
    """Follows each of a tree's links (path -> target) as the kernel would, through the others, and stays inside.

    As text alone a target can look fine: `a/up/..` is the tree's root unless `a/up` is a link to it.
    """
    for path in links:
        place, ahead, hops = path.split("/"), [""], 0
        while ahead:
            part = ahead.pop()
            if part == ".." and not place:
                raise StepFailed("linkOutside", path=path, target=links[path])
            if part == "..":
                place.pop()
            elif part not in ("", "."):
                place.append(part)
            target = links.get("/".join(place))
            if target is not None:
                hops += 1
                if hops > MAX_LINKS:
                    raise StepFailed("linkInCircle", path=path)
                place.pop()
                ahead.extend(reversed(target.split("/")))


def is_within(path: str, above: str) -> bool:
    """Whether a path is another one or lies below it."""
    return path == above or path.startswith(above + "/")


def parents(path: str) -> Iterator[str]:
    """The directories above a relative path, nearest first."""
    path = os.path.dirname(path)
    while path:
        yield path
        path = os.path.dirname(path)


def names_in(paths: Iterable[str]) -> list[str]:
    """The top-level names of some paths, sorted."""
    return sorted({path.split("/", 1)[0] for path in paths})


def deployed_names(directory: str) -> list[str]:
    """The top-level names in a release's directory that are content: without links to what lies beside it."""
    return sorted(name for name in set(os.listdir(directory)) - NOT_CONTENT if not is_beside(directory, name))


def is_beside(directory: str, path: str) -> bool:
    """Whether a path in a release's directory stands for what lies in the base path."""
    try:
        return os.readlink(os.path.join(directory, path)) == beside_target(path)
    except OSError:
        return False  # No link, or gone meanwhile.


def beside_target(path: str) -> str:
    """Where the link in a release leads that stands for what lies in the base path under the same path."""
    return BESIDE + "../" * path.count("/") + path


def as_one_name(path: str) -> str:
    """A path as the name of one file."""
    return path.replace("%", "%25").replace("/", SLASH)


def name_of_original(kept: str) -> str:
    """The name whose original is kept as Layout.original() says; most are kept under their own."""
    return kept.replace(SLASH, "/").replace("%25", "%") if SLASH in kept.replace("%25", "%") else kept
