"""Handing an index's credentials to programs, so that they are on no command line, in no environment and on no disk."""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

    from hot_deploy.installing import Installation


@contextlib.contextmanager
def served(installation: Installation) -> Iterator[None]:
    """While it lasts, NETRC names a file in memory with the credentials; pip and uv both look there.

    It is reached through this process's own descriptor, by processes of the same user only, and is gone with it.
    """
    lines = installation.args.get("netrc")
    if not lines:
        yield
        return
    fd = os.memfd_create("netrc")
    try:
        os.fchmod(fd, 0o600)
        os.write(fd, lines.encode("utf-8"))
        installation.environment["NETRC"] = "/proc/%d/fd/%d" % (os.getpid(), fd)
        yield
    finally:
        os.close(fd)
