"""Writing all of something. It is a module of its own since a run's supervisor needs nothing else of `files`."""

from __future__ import annotations

import os


def write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)[os.write(fd, content) :]
    while view:
        view = view[os.write(fd, view) :]
