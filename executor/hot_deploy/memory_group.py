"""A control group of a run's own, where one may be made: the kernel then holds all of the run to its limit at every instant.

As the kernel's documentation has it ("Control Group v2": delegation, no internal processes, memory), and systemd's
("Control Group APIs and Delegation"): never in what a service manager rules itself.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "hot-deploy-run-"
# Set by systemd on what it leaves to others, on the one or the other by its version and by whom it was asked.
DELEGATED = ("user.delegate", "trusted.delegate")
# The manager of a user's services rules what it is given.
MANAGERS = "user@"
SYSTEMD = "/run/systemd/system"


class MemoryGroup:
    """A group without a process in it so far."""

    def __init__(self, path: str, limit: int) -> None:
        """Raises OSError where it can't be made."""
        self.path = path
        os.mkdir(path)
        try:
            self._write("memory.max", str(limit))
        except OSError:
            self.remove()
            raise
        # What it would swap is its own as well; and one process that is ended alone leaves a run with half of it.
        for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
            try:
                self._write(name, value)
            except FileNotFoundError:
                pass  # There is no swap, or the kernel is older than 4.19.

    def enter(self) -> None:
        """This process, with all that it starts from now on, belongs to it."""
        self._write("cgroup.procs", "0")

    def exceeded(self) -> bool:
        """Whether the kernel ended it because it wanted more than its limit."""
        try:
            lines = _read(os.path.join(self.path, "memory.events")).splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)

    def remove(self) -> None:
        """What is still in it keeps it; the next run removes it."""
        try:
            os.rmdir(self.path)
        except OSError:
            pass

    def _write(self, name: str, value: str) -> None:
        _write(os.path.join(self.path, name), value)


def make(limit: int) -> MemoryGroup | None:
    """A group that may hold so many bytes; None where this process has nowhere to make one."""
    for parent in _ours():
        try:
            _give_memory(parent)
            _remove_left(parent)
            return MemoryGroup(os.path.join(parent, PREFIX + str(os.getpid())), limit)
        except OSError:
            continue
    return None


def _ours() -> Iterator[str]:
    """The groups, this process's own first, in which it may make others."""
    own = _own()
    if own is None:
        return
    mount, path = own
    ahead = []
    while True:
        ahead.append(path)
        if _is_delegated(path):
            break
        if path == mount:
            if os.path.isdir(SYSTEMD):
                return
            break
        path = os.path.dirname(path)
    if os.path.basename(path).startswith(MANAGERS):
        return
    yield from (each for each in ahead if os.access(os.path.join(each, "cgroup.procs"), os.W_OK))


def _own() -> tuple[str, str] | None:
    """(where version 2 is mounted, the directory of this process's group there), where both can be seen."""
    try:
        groups = [line[3:] for line in _read("/proc/self/cgroup").splitlines() if line.startswith("0::/")]
        mounts = [line.split(" ") for line in _read("/proc/self/mountinfo").splitlines() if " - cgroup2 " in line]
    except OSError:
        return None
    for fields in mounts:
        root, mount = fields[3].rstrip("/"), fields[4]
        # What lies outside of a namespace is told with dots, and rare characters in octal digits.
        for group in groups:
            if (group + "/").startswith(root + "/") and "/.." not in group + root and "\\" not in mount:
                return mount, os.path.normpath(mount + group[len(root) :])
    return None


def _is_delegated(path: str) -> bool:
    for name in DELEGATED:
        try:
            if os.getxattr(path, name) == b"1":
                return True
        except OSError:
            pass  # It isn't set, or not for us to see.
    return False


def _give_memory(parent: str) -> None:
    """Has the groups in it count memory. The kernel refuses that to one that has processes of its own."""
    control = os.path.join(parent, "cgroup.subtree_control")
    if "memory" not in _read(control).split():
        _write(control, "+memory")


def _remove_left(parent: str) -> None:
    """Removes what supervisors that were killed left; those with processes can't be removed."""
    for name in os.listdir(parent):
        pid = name[len(PREFIX) :]
        if name.startswith(PREFIX) and (pid == str(os.getpid()) or not os.path.isdir("/proc/" + pid)):
            try:
                os.rmdir(os.path.join(parent, name))
            except OSError:
                pass


def _write(path: str, value: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, value.encode("ascii"))
    finally:
        os.close(fd)


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
