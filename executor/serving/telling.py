"""What a service does by itself, in the engine's history."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def tell(base: str, entry: dict[str, Any]) -> None:
    """Appends a line to the history. Raises OSError where there is none, or it is not ours to write.

    Operations and this process write whole lines at the file's end, each in one call: none lands within another's.
    """
    path = os.path.join(base, ".hot-deploy", "history.jsonl")
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    try:
        size = os.fstat(fd).st_size
        # A crash may have left half a line.
        is_whole = size == 0 or os.pread(fd, 1, size - 1) == b"\n"
        line = json.dumps(entry, separators=(",", ":")) + "\n"
        os.write(fd, (line if is_whole else "\n" + line).encode("ascii"))
        os.fsync(fd)
    finally:
        os.close(fd)
