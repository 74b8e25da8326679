"""The layout's number: which version of the package an engine's directories were made by.

An older package that meets a newer layout could take its directories for its own and remove what it doesn't know. It
looks at nothing and changes nothing there.
"""

from __future__ import annotations

import errno
import os
import re

from hot_deploy import files
from hot_deploy.failures import StepFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout

# Counts up when an older package would no longer do right by an engine.
KNOWN = 1
NUMBER = re.compile(rb"[0-9]{1,9}\n?")
# A number is short; what is longer is none.
LONGEST = 64


def refuse_newer(layout: Layout) -> None:
    """Raises StepFailed `layoutNewer`, and `layoutUnreadable` where nobody can tell."""
    found = number_of(layout)
    if found > KNOWN:
        raise StepFailed("layoutNewer", found=found, known=KNOWN, basePath=layout.given)


def number_of(layout: Layout) -> int:
    """An engine without a number is of the first version, which wrote none.

    So is one whose file is empty or all zeros: that is what a power cut leaves of what was being written. Anything else
    may be a newer version's way to write it down, so that guessing could cost an engine.
    """
    try:
        fd = os.open(layout.number, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return 1
    except OSError as raised:
        if raised.errno != errno.ELOOP:
            raise
        raise StepFailed("linkInPlace", path=layout.number) from None
    try:
        content = os.read(fd, LONGEST + 1)
    except IsADirectoryError:
        raise StepFailed("layoutUnreadable", path=layout.number) from None
    finally:
        os.close(fd)
    if not content.strip(b"\0"):
        return 1
    if not NUMBER.fullmatch(content):
        raise StepFailed("layoutUnreadable", path=layout.number)
    return int(content)


def write(layout: Layout) -> None:
    """Writes the number where there is none yet."""
    if os.path.lexists(layout.number):
        return
    try:
        files.write_atomically(layout.number, b"%d\n" % KNOWN, sync=False)
    except OSError as raised:
        # A missing one says the same; without it a full disk can still be pruned.
        if raised.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
