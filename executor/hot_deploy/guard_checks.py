"""The checks of what is live that a guard makes again and again, in a process of their own so that it goes on hearing."""

from __future__ import annotations

import json
import os
import signal
import time

from hot_deploy import descriptors, one_check, writing
from hot_deploy.failures import StepFailed
from hot_deploy.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

    Json = dict[str, Any]

# For what a check does besides its own time.
MORE_SECONDS = 30
LONGEST_SAID = 64 * 1024
# Of what a check printed that did not pass, its last line is kept on disk; all of it may hold what nobody should read.
LONGEST_LINE = 200


class Checks:
    """A list of checks: one round after the other, with a pause between."""

    def __init__(self, layout: Layout, checks: list[Json], every_seconds: float) -> None:
        self._layout = layout
        self._checks = checks
        self._every = every_seconds
        self._due = time.monotonic() + every_seconds
        self._latest = 0.0
        self._process: int | None = None
        self._out: int | None = None
        self._said = b""
        # Rounds in a row in which a check did not pass, and how the last round ended.
        self.failed = 0
        self.last: Json | None = None

    def fileno(self) -> int | None:
        """For select(): readable when a round goes on; None between two."""
        return self._out

    def wait_seconds(self, now: float) -> float | None:
        """When step() has something to do again."""
        if not self._checks:
            return None
        return max(0.0, (self._latest if self._out is not None else self._due) - now)

    def step(self, now: float) -> bool:
        """Begins a round that is due, or hears of one. Returns whether one has ended."""
        if not self._checks:
            return False
        if self._out is None:
            if now >= self._due:
                self._begin(now)
            return False
        if now >= self._latest and self._process is not None:
            os.killpg(self._process, signal.SIGKILL)
            self._latest = now + MORE_SECONDS
        try:
            piece = os.read(self._out, LONGEST_SAID)
        except BlockingIOError:
            return False
        self._said += piece
        if piece:
            return False
        self._end(now)
        return True

    def close(self) -> None:
        """Ends a round that goes on, with all that it has started."""
        if self._process is not None:
            os.killpg(self._process, signal.SIGKILL)
            self._end(time.monotonic())

    def _begin(self, now: float) -> None:
        out, said = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                os.setpgid(0, 0)
                # Neither the guard's lock nor its socket is there any longer than the guard.
                descriptors.keep_only(said)
                writing.write_all(said, json.dumps(_round(self._layout, self._checks)).encode("utf-8"))
            finally:
                os._exit(0)
        os.setpgid(self._process, self._process)
        os.close(said)
        os.set_blocking(out, False)
        self._out, self._said = out, b""
        self._latest = now + sum(check["args"].get("timeoutSeconds") or 60 for check in self._checks) + MORE_SECONDS

    def _end(self, now: float) -> None:
        if self._process is not None:
            os.waitpid(self._process, 0)
        if self._out is not None:
            os.close(self._out)
        self._process = self._out = None
        self._due = now + self._every
        try:
            self.last = json.loads(self._said.decode("utf-8"))
        except ValueError:
            self.last = {"name": self._checks[0]["name"], "passed": False, "output": "", "exitCode": None}
        self.failed = 0 if self.last is not None and self.last["passed"] else self.failed + 1


def _round(layout: Layout, checks: list[Json]) -> Json:
    """How the checks went: the first that did not pass, or the last one."""
    found: Json = {}
    wire = Wire(os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
    for check in checks:
        try:
            found = one_check.carried_out(layout, check["args"], wire, lambda _: None)
        except StepFailed as failed:
            found = {"passed": False, "output": failed.kind}
        except OSError as raised:
            found = {"passed": False, "output": raised.strerror or str(raised)}
        found = {
            "name": check["name"],
            "passed": found["passed"] is True,
            "output": "" if found["passed"] is True else _last_line(str(found["output"])),
            "exitCode": found.get("exitCode"),
        }
        if not found["passed"]:
            break
    return found


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1].strip()[-LONGEST_LINE:] if lines else ""
