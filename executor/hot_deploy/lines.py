"""Files of lines, one JSON object each, that are only ever appended to: any crash leaves whole lines behind."""

from __future__ import annotations

import json
import os

from hot_deploy import files, writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Nobody writes longer ones here. What is longer is skipped, so that no file can fill the memory.
LONGEST_LINE = 4 << 20
PIECE = 64 * 1024


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("utf-8")


def append(path: str, value: Any, sync: bool = True) -> None:
    """Appends a line; after half a one that a crash left, on a line of its own."""
    line = encoded(value) + b"\n"
    first = sync and not os.path.exists(path)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
    try:
        if _ends_in_half_a_line(fd):
            line = b"\n" + line
        writing.write_all(fd, line)
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)
    if first:
        files.sync_directory(os.path.dirname(path))


def _ends_in_half_a_line(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def size_of(path: str) -> int:
    """Where the next line will begin, or 0 where there is no file yet."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def parsed(line: bytes) -> Any:
    """What a line holds; None for one that a crash cut short, or that is no JSON."""
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def read(path: str, start: int = 0, longest: int = LONGEST_LINE) -> Iterator[bytes]:
    """The lines from a place on, without their ends, oldest first."""
    try:
        with open(path, "rb") as handle:
            handle.seek(start)
            passing_over = False
            for piece in iter(lambda: handle.readline(longest + 1), b""):
                is_end = piece.endswith(b"\n") or len(piece) <= longest
                if is_end and not passing_over:
                    yield piece.rstrip(b"\n")
                passing_over = not is_end
    except FileNotFoundError:
        pass


def read_backwards(path: str) -> Iterator[bytes]:
    """The lines without their ends, newest first, with no more in memory than a piece and the longest line."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        size = os.fstat(fd).st_size
        if size:
            yield from _backwards(fd, size)
    finally:
        os.close(fd)


def _backwards(fd: int, place: int) -> Iterator[bytes]:
    # The end of a line whose beginning was not read yet, its last piece first.
    kept: list[bytes] = []
    length = 0
    while place > 0:
        start = max(0, place - PIECE)
        first, *lines = os.pread(fd, place - start, start).split(b"\n")
        place = start
        if lines:
            last = lines.pop()
            if length + len(last) <= LONGEST_LINE:
                yield last + b"".join(reversed(kept))
            yield from reversed(lines)
            kept, length = [], 0
        length += len(first)
        if length <= LONGEST_LINE:
            kept.append(first)
        else:
            kept = []
    if length <= LONGEST_LINE:
        yield b"".join(reversed(kept))
