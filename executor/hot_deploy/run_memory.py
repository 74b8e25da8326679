"""What a run has of memory, and may have: held by the kernel where that can be, looked at twice a second otherwise."""

from __future__ import annotations

import os

from hot_deploy import descendants, memory_group


class RunMemory:
    """That of the processes that this one starts."""

    def __init__(self, most: int | None) -> None:
        """`most`: in bytes."""
        self.peak = 0
        self._most = most
        self.group = memory_group.make(most) if most else None

    def is_too_much(self) -> bool:
        """Looks at it: whether the run is to be ended, or the kernel has ended some of it."""
        resident = sum(process.resident for process in descendants.below(os.getpid()))
        self.peak = max(self.peak, resident)
        if self.group is not None:
            return self.group.exceeded()
        return bool(self._most) and resident > (self._most or 0)

    def was_too_much(self) -> bool:
        """Whether the kernel has ended it."""
        return self.group is not None and self.group.exceeded()

    def close(self) -> None:
        if self.group is not None:
            self.group.remove()
