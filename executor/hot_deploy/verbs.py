"""The steps a client can ask for. Each does one thing; none decides what comes next."""

from __future__ import annotations

from hot_deploy import later

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hot_deploy.session import Session

    Verb = Callable[[Session, Any, dict[str, Any]], dict[str, Any]]

# Name -> where its function is. A module is compiled when it is first needed: few conversations need all.
VERBS = {
    "holdRelease": "verbs_running.hold_release",
    "listInputs": "verbs_running.list_inputs",
    "openRun": "verbs_running.open_run",
    "receiveInput": "verbs_running.receive_input",
    "runEngine": "verbs_running.run_engine",
    "readRun": "verbs_running.read_run",
    "closeRun": "verbs_running.close_run",
    "lock": "verbs_keeping.lock",
    "probe": "verbs_looking.probe",
    "list": "verbs_looking.list_releases",
    "history": "verbs_looking.history_of",
    "entries": "verbs_looking.entries",
    "previewAdoption": "verbs_comparing.preview_adoption",
    "survey": "verbs_surveying.survey",
    "texts": "verbs_comparing.texts",
    "compareDirectories": "verbs_comparing.compare_directories",
    "compare": "verbs_comparing.compare",
    "compareReleases": "verbs_comparing.compare_releases",
    "receive": "verbs_making.receive",
    "unpack": "verbs_making.unpack",
    "assemble": "verbs_making.assemble",
    "environment": "verbs_making.environment",
    "run": "verbs_making.run",
    "copyPlain": "verbs_making.copy_plain",
    "adopt": "verbs_switching.adopt",
    "drain": "verbs_switching.drain",
    "missingPackages": "verbs_detaching.missing_packages",
    "detach": "verbs_detaching.detach",
    "attach": "verbs_detaching.attach",
    "dismantle": "verbs_detaching.dismantle",
    "flip": "verbs_switching.flip",
    "prepareService": "verbs_switching.prepare_service",
    "switchService": "verbs_switching.switch_service",
    "waitForQuiet": "verbs_waiting.wait_for_quiet",
    "confirm": "verbs_switching.confirm",
    "revert": "verbs_switching.revert",
    "archive": "verbs_keeping.archive",
    "remove": "verbs_keeping.remove",
    "describe": "verbs_keeping.describe",
    "noteRefusal": "verbs_keeping.note_refusal",
    "runs": "verbs_runs.runs",
    "stopRuns": "verbs_runs.stop_runs",
    "inspect": "verbs_repairing.inspect",
    "repair": "verbs_repairing.repair",
    "watch": "verbs_rollout.watch",
    "getRollout": "verbs_rollout.get_rollout",
    "endRollout": "verbs_rollout.end_rollout",
    "countRun": "verbs_rollout.count_run",
}


def load(name: str) -> Verb:
    """The function of a verb."""
    module, _, function = VERBS[name].partition(".")
    verb: Verb = getattr(later.module("hot_deploy." + module), function)
    return verb
