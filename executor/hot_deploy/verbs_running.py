"""Steps of runs: starting them, what they are given, and what they put out. None changes what is deployed."""

from __future__ import annotations

import base64
import hashlib
import os

from hot_deploy import files, kept_outcomes, later, outcomes, replaying, run_directories, running, supervised, writing
from hot_deploy.contract import FRAME_DATA
from hot_deploy.failures import StepFailed
from hot_deploy.shown import output_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]

# What of an output comes with the result, if it is all; more is asked for.
SHORT_BYTES = 48 * 1024


def hold_release(session: Session, _id: Any, args: Json) -> Json:
    """Keeps a release from removal as long as this conversation lasts: the live one, or the one that is named.

    `release` is None where nothing was ever deployed.
    """
    layout = session.open(args["basePath"])
    live = layout.standing_release()
    wanted = args.get("release") or live
    if wanted is not None:
        session.runs.hold(layout, wanted)
    elif not os.path.isdir(layout.base):
        raise StepFailed("basePathMissing", basePath=layout.given)
    if args.get("release") is None:
        session.runs.note_live(live)
    user = running.user_of(layout, args.get("runAs"))
    session.runs.spare.prepare()
    return {
        "release": wanted,
        "live": live,
        "user": user["name"],
        "asRoot": user["asRoot"],
        "survives": running.survives(),
    }


def list_inputs(session: Session, _id: Any, args: Json) -> Json:
    """What lies in a directory that a replay takes its inputs from."""
    listed, count = replaying.inputs_of(session.open(args["basePath"]), args["directory"], args["most"])
    return {"files": listed, "count": count}


def open_run(session: Session, _id: Any, args: Json) -> Json:
    """Makes a run's directory. With a key, tells whether there was, or is, a run with it: `state`."""
    layout = session.open(args["basePath"])
    session.runs.tidy(layout)
    user = running.user_of(layout, args.get("runAs"))
    key = args.get("key")
    name = run_directories.name_of_key(key) if key is not None else args["run"]
    directory = run_directories.RunDirectory(layout, name, user["ids"])
    session.runs.directories[args["run"]] = directory
    directory.state = _state(directory, args)
    return {"state": directory.state}


def _state(directory: run_directories.RunDirectory, args: Json) -> str:
    """`new`, or of a run with this key: `running`, `kept`, `lost` when nobody knows its end, `another` for other words."""
    if not directory.keyed:
        return "new"
    started = kept_outcomes.read_started(directory.inside)
    if started is not None and started.get("request", args.get("request")) != args.get("request"):
        return "another"
    if directory.busy:
        return "running"
    if kept_outcomes.read(directory.inside) is not None:
        return "kept"
    if started is not None and not args.get("repeatable"):
        return "lost"
    directory.make_work()
    return "new"


def receive_input(session: Session, _id: Any, args: Json) -> Json:
    """Takes a run's input from the wire, up to an empty frame, into a file of its own."""
    directory = session.runs.directory(args["run"])
    fd = directory.open_input(args["name"])
    size = 0
    while True:
        kind, piece = session.wire.take()
        if kind != FRAME_DATA:
            raise StepFailed("contentMissing")
        if not piece:
            return {"bytes": size}
        writing.write_all(fd, piece)
        size += len(piece)


def run_engine(session: Session, request_id: Any, args: Json) -> Json:
    """Runs the engine once and tells how that ended."""
    layout = session.open(args["basePath"])
    runs, wire = session.runs, session.wire
    if args.get("asHeld"):
        args = dict(args, release=runs.live_at_first)
    directory = runs.directories.get(args["run"])
    if directory is None or directory.state == "new":
        found: supervised.Outcome | None = _started(session, layout, request_id, args)
    else:
        found = running.wait_for(directory, wire) if directory.busy else running.kept_outcome(directory)
    if found is None:
        return {"state": "lost"}
    runs.outputs[args["run"]] = found.outputs
    return _told(found, directory)


def _started(session: Session, layout: Layout, request_id: Any, args: Json) -> supervised.Outcome:
    directory = session.runs.directories.get(args["run"])
    user = running.user_of(layout, args.get("runAs"))
    settings = running.settings_of(layout, args, directory, user)
    replaying.set_apart(settings, layout, args, directory)
    if args.get("engineLimit"):
        settings["slots"] = {"directory": run_directories.slots(layout), "count": args["engineLimit"]}
    keyed = directory if directory is not None and directory.keyed else None
    with _Stdin(directory, args) as stdin, replaying.shown(session, layout, args):
        settings["stdin"] = stdin.path
        if keyed is None:
            started = supervised.Supervised(settings, session.runs.spare)
        else:
            asked = {"request": args.get("request"), "holder": args["holder"], "run": args["run"]}
            started = _started_with_key(settings, keyed, asked)
        found = _followed(session, request_id, started)
    found.facts.update(_input_key(layout, directory, args))
    if directory is not None:
        if args.get("record"):
            found.facts["recorded"] = later.module("hot_deploy.recorded").keep(layout, directory, args["record"])
        directory.remove_input()
    return found


def _input_key(layout: Layout, directory: run_directories.RunDirectory | None, args: Json) -> Json:
    """What tells this run's input from others, for the guard, where one is there: the client tells it how the run ended."""
    if not os.path.exists(layout.guard):
        return {}
    digest = hashlib.sha256(repr((args["arguments"], args.get("stdinText"))).encode("utf-8"))
    fd = directory.input_fd if directory is not None else None
    place = 0
    while fd is not None:
        piece = os.pread(fd, 1 << 20, place)
        if not piece:
            break
        digest.update(piece)
        place += len(piece)
    return {"inputKey": digest.hexdigest()}


def _started_with_key(settings: Json, directory: run_directories.RunDirectory, asked: Json) -> supervised.Supervised:
    """Starts a run that is carried out once: from before on it counts as started, unless nothing was."""
    place = os.path.join(directory.inside, outcomes.STARTED)
    files.write_json(place, asked, mode=0o600)
    try:
        return supervised.Supervised(settings, None, directory.fd)
    except OSError:
        os.unlink(place)
        raise


def _followed(session: Session, request_id: Any, started: supervised.Supervised) -> supervised.Outcome:
    streams = {name: output_of(session.wire, request_id) for name in ("stdout", "stderr")}
    return started.follow(session.wire, lambda name, piece: streams[name](piece))


class _Stdin:
    """Where a supervisor finds a run's standard input: in a file or in memory, by a descriptor that leads nowhere else."""

    def __init__(self, directory: run_directories.RunDirectory | None, args: Json) -> None:
        self.path: str | None = None
        self._memory: int | None = None
        if args.get("stdinText") is not None:
            self._memory = os.memfd_create("input")
            writing.write_all(self._memory, args["stdinText"].encode("utf-8"))
            self.path = self._path_of(self._memory)
        elif args.get("stdinFile") and directory is not None and directory.input_fd is not None:
            self.path = self._path_of(directory.input_fd)

    @staticmethod
    def _path_of(fd: int) -> str:
        return "/proc/%d/fd/%d" % (os.getpid(), fd)

    def __enter__(self) -> _Stdin:
        return self

    def __exit__(self, *_: object) -> None:
        if self._memory is not None:
            os.close(self._memory)


def _told(outcome: supervised.Outcome, directory: run_directories.RunDirectory | None) -> Json:
    facts = dict(outcome.facts)
    listed, count = directory.files() if directory is not None else ([], 0)
    for name, content in outcome.outputs.items():
        told = dict(facts[name])
        if len(content) <= SHORT_BYTES:
            told["text"] = content.decode("utf-8", "replace")
        facts[name] = told
    failed = facts.pop("failed", None)
    return {
        **facts,
        "state": "ended",
        "repeated": outcome.repeated,
        "files": listed,
        "fileCount": count,
        **({"failed": {name: told for name, told in failed.items() if told is not None}} if failed else {}),
    }


def read_run(session: Session, _id: Any, args: Json) -> Json:
    """Some bytes of what a run printed, or of a file of its output directory, in base64."""
    of, offset, length = args["of"], args["offset"], args["length"]
    if of in ("stdout", "stderr"):
        content = session.runs.outputs[args["run"]][of][offset : offset + length]
    else:
        content = session.runs.directory(args["run"]).read(args["path"], offset, length)
    return {"data": base64.b64encode(content).decode("ascii")}


def close_run(session: Session, _id: Any, args: Json) -> Json:
    """Forgets a run. Its directory goes, unless it has a key."""
    session.runs.close(args["run"])
    return {}
