"""A check that starts the engine as a workflow does: in the base path, with nothing added to its path or environment.

A release that is not live yet is shown to the check alone, in place of what is live or plain (see try_release.py). Where
the kernel forbids that, it is pinned by code or started in its release, which the answer says.
"""

from __future__ import annotations

import json
import os
import sys

from hot_deploy import checking, entrypoints, own_environment, pins, processes, records, standins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.entrypoints import Launcher
    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

    OnOutput = Callable[[bytes], None]

ASK_SECONDS = 20.0
# The end of one that was not started.
NOTHING = {
    "passed": True,
    "exitCode": 0,
    "signal": None,
    "timedOut": False,
    "output": "",
    "omittedBytes": 0,
    "durationMs": 0,
}


def run(layout: Layout, args: dict[str, Any], wire: Wire, on_output: OnOutput) -> dict[str, Any]:
    """How the engine's end was, and `startedAs`: `live`, or how a release that is not live was shown to it."""
    release_id, words = args["release"], args.get("arguments") or []
    launcher = entrypoints.Launcher(args.get("entrypoint") or "", b"")
    if layout.standing_release() == release_id:
        return dict(_end(_live(layout, launcher, words), layout, args, wire, on_output), startedAs="live")
    with Shown(layout, release_id, launcher) as shown:
        way, argv = shown.command(words, wire)
        return dict(_end(argv, layout, args, wire, on_output), startedAs=way)


def _end(argv: list[str], layout: Layout, args: dict[str, Any], wire: Wire, on_output: OnOutput) -> dict[str, Any]:
    return checking.end_of(argv, layout.base, own_environment.read(), args, wire, on_output)


def _live(layout: Layout, launcher: Launcher, words: list[str]) -> list[str]:
    if not launcher.starting:
        return [sys.executable, layout.launch, *words]
    name = launcher.starting[0]
    return [*_runner(os.path.join(layout.current, name)), name, *words]


def _runner(program: str) -> list[str]:
    """What a workflow starts a program with: this Python, or the shell that its first line names."""
    return entrypoints.shell_of(program) or [sys.executable]


def _tried(layout: Layout, release_id: str, way: str, launcher: Launcher, words: list[str]) -> list[str]:
    """The command that shows the release to itself, and becomes the engine."""
    code = "import sys; __file__ = sys.argv.pop(1)\n" + entrypoints.trial_text()
    release, name = layout.release(release_id), launcher.starting[0] if launcher.starting else ""
    runner = json.dumps(_runner(os.path.join(release, name)))
    return [sys.executable, "-I", "-S", "-c", code, layout.launch, layout.base, release, way, name, runner, *words]


def _way(layout: Layout, release_id: str, launcher: Launcher, wire: Wire) -> str:
    """`place` where the kernel allows it and nobody chose otherwise, or else what its runs get."""
    wanted = (records.read(layout, release_id) or {}).get("pinning") or "auto"
    if wanted in ("release", "inside"):
        return "release"
    if wanted == "code":
        return "code"
    ended = processes.run(
        _tried(layout, release_id, "ask", launcher, []), layout.base, dict(os.environ), ASK_SECONDS, wire
    )
    return "place" if ended["output"].strip() == "place" else "code"


class Shown:
    """What it takes to show a release at names that the base path does not have yet: links that lead nowhere, meanwhile.

    What was made for that goes again, also for a first deployment that is refused.
    """

    def __init__(self, layout: Layout, release_id: str, launcher: Launcher) -> None:
        self._layout, self._release_id, self._given = layout, release_id, launcher
        self._launcher = launcher.of(layout, release_id, otherwise=False)
        self._made: list[str] = []
        self._before = set(pins.names(layout))

    def __enter__(self) -> Shown:
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def command(self, words: list[str], wire: Wire) -> tuple[str, list[str]]:
        """How the release is shown, and the command that shows it to itself and becomes the engine."""
        layout, release_id, launcher = self._layout, self._release_id, self._given
        way = _way(layout, release_id, launcher, wire)
        return way, _tried(layout, release_id, way, launcher, words)

    def _make(self) -> None:
        layout, release = self._layout, self._layout.release(self._release_id)
        entrypoints.place_by_code(layout)
        standins.prepare_pins(layout, self._release_id, self._launcher)
        for name in standins.missing(layout, release, self._launcher):
            place = os.path.join(layout.base, name)
            os.symlink(standins.target_of(name), place)
            self._made.append(name)
            layout.give(place)

    def __exit__(self, *_: object) -> None:
        for name in self._made:
            place = os.path.join(self._layout.base, name)
            # What somebody put there meanwhile is theirs.
            if standins.is_own_link(place, name):
                os.unlink(place)
        pins.remove(self._layout, set(pins.names(self._layout)) - self._before)
