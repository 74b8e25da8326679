"""How runs of this user are pinned: asked of the prefix itself, which tries it in a process of its own."""

from __future__ import annotations

import os
import sys

from hot_deploy import entrypoints
from hot_deploy.later import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout

# What the prefix may say of it; see launch.py.
_WAYS = ("place", "code", "release")
_WHY = ("chosen", "unprepared", "names", "locked", "forbidden", "privileges")
_PATIENCE_SECONDS = 5
# More isn't read.
_LONGEST = 100


class Question:
    """Asked at once; the answer comes while other things are done."""

    def __init__(self, layout: Layout, about: str = "live") -> None:
        """`about`: what is live; or the `kernel`, whether it allows pinning in place at all."""
        self._process: subprocess.Popen[bytes] | None = None
        text = entrypoints.launch_text()
        if not text:
            return
        # Ours, and not what lies there.
        code = "import sys; __file__ = sys.argv.pop(1)\n" + text
        argv = [sys.executable, "-I", "-S", "-c", code, layout.launch, "--hot-deploy-pinning"]
        argv += ["kernel"] if about == "kernel" else []
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=layout.base,
                env=dict(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            pass  # Nobody can tell.

    def drop(self) -> None:
        """Nobody waits for the answer: whoever tries it uses the release, and is gone before that is taken back."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def answer(self) -> dict[str, Any]:
        """`pinning` of an answer; nothing where the prefix does not say it."""
        process = self._process
        if process is None:
            return {}
        try:
            said = process.communicate(timeout=_PATIENCE_SECONDS)[0]
        except subprocess.TimeoutExpired:
            self.drop()
            return {}
        way, _, why = said[:_LONGEST].decode("ascii", "replace").partition(" ")
        if process.returncode != 0 or way not in _WAYS or why not in ("", *_WHY):
            return {}
        return {"pinning": {"way": way, "why": why or None}}
