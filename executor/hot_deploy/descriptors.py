"""What a process of our own has open of whoever started it."""

from __future__ import annotations

import os


def keep_only(*kept: int) -> None:
    """Closes everything else but the standard streams, and lets no program that is started have what is kept."""
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        try:
            if fd in kept:
                os.set_inheritable(fd, False)
            elif fd > 2:
                os.close(fd)
        except OSError:
            pass  # That of the listing itself.
