"""One check against a release, whoever asks: a conversation, or the guard of what is live."""

from __future__ import annotations

from hot_deploy import checking, engine_check
from hot_deploy.failures import StepFailed
from hot_deploy.later import http_check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

    Json = dict[str, Any]


def carried_out(layout: Layout, args: Json, wire: Wire, on_output: Callable[[bytes], None]) -> Json:
    """How it went, of a kind that runs a program or asks a service. `args`: those of the verb `run`."""
    kind, release = args["kind"], layout.release(args["release"])
    if kind == "http":
        return http_check.run(args, None, wire, on_output)
    if kind == "python":
        return checking.run_python(release, args["code"], args, wire, on_output)
    if kind == "engine":
        return engine_check.run(layout, args, wire, on_output)
    if kind == "command":
        return checking.run_command(release, args["command"], args, wire, on_output)
    raise StepFailed("checkUnknown", given=kind)
