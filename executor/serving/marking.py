"""A file for each generation, which is there while it gets no new connections: a server that looks for it can answer with
`Connection: close`, so that clients connect anew, to the one that is live."""

from __future__ import annotations

import glob
import os


def mark_path(control: str, number: int | str) -> str:
    """Beside the control socket: of `serve.sock`, `serve.draining-3`."""
    return "%s.draining-%s" % (control[: -len(".sock")], number)


def mark(path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    except OSError:
        pass  # There already; or the disk is full, and connections end at the limit.


def unmark(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def unmark_all(control: str) -> None:
    """Those of a serve.py that was killed."""
    for path in glob.glob(mark_path(glob.escape(control), "*")):
        unmark(path)
