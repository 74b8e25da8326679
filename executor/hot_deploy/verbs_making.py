"""Steps that make a release, aside, and tell whether it is good."""

from __future__ import annotations

import os
import time

from hot_deploy import (
    adoption,
    archives,
    assembly,
    checking,
    comparing,
    engine_check,
    environments,
    history,
    one_check,
    records,
    sharing,
    tree,
)
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed
from hot_deploy.later import http_check, installing, services, workplace
from hot_deploy.shown import output_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from hot_deploy.layout import Layout
    from hot_deploy.session import Session

    Json = dict[str, Any]


def copy_plain(session: Session, _id: Any, args: Json) -> Json:
    """Copies what is live in plain files into a release. What leads to it comes with `adopt`."""
    layout = session.require_lock()
    standing = history.standing(layout, layout.current_release())
    sequence = records.next_sequence(standing, records.read_all(layout))
    copied = adoption.copy(
        layout, session.undo, args["time"], args["names"], args["entrypoint"], sequence, session.wire.check
    )
    session.making.copied = copied
    return {"release": copied.release_id, "names": copied.names}


def receive(session: Session, _id: Any, args: Json) -> Json:
    """Opens a new release of the entries that were compared last. The client sends the content that it was told of."""
    layout = session.require_lock()
    _discard(session)
    compared, session.looks.compared = session.looks.compared, None
    if compared is None:
        raise StepFailed("nothingCompared")
    live = session.looks.at(layout, args["live"])
    release_id = layout.new_release_id(args["time"], args["digest"])
    made = assembly.Assembly(layout, release_id, args["live"], live.intact, compared, args["keep"])
    made.dropped = live.dropped
    # An adoption in between makes live what was compared, unless somebody wrote to it.
    if made.needed != args["needed"]:
        raise StepFailed("liveChanged")
    made.check_space()
    session.undo.push("discardRelease", release=release_id)
    session.making.assembly = made
    return {"release": release_id}


def unpack(session: Session, _id: Any, args: Json) -> Json:
    """Unpacks a backup as a new release."""
    layout = session.require_lock()
    _discard(session)
    live = session.looks.at(layout, args["live"])
    made = assembly.Assembly(layout, "backup", None, [], [], [])
    session.undo.push("discardStaging", name="backup")
    session.making.assembly = made
    os.mkdir(made.staging, 0o755)
    # What the host has in its place stays: it is the same for every release.
    hosts = set(sharing.of_host(layout, records.read(layout, args["live"]) or {})) if args["live"] else set()
    made.entries = archives.unpack(layout, args["backup"], made.staging, session.wire.check, hosts)
    made.release_id = layout.new_release_id(args["time"], tree.content_digest(made.entries))
    session.undo.push("discardRelease", release=made.release_id)
    return {
        "release": made.release_id,
        "changes": comparing.changes(live.recorded, live.intact, made.entries),
        "entries": [entry.row()[:6] for entry in tree.by_directory(made.entries)],
    }


def _discard(session: Session) -> None:
    """Another release is made instead of the one that this conversation began, unless that is live."""
    copied = session.making.copied
    session.undo.take_back("discardRelease", "discardStaging", sparing=copied.release_id if copied else None)
    session.making.forget()


def assemble(session: Session, _id: Any, args: Json) -> Json:
    """Takes the needed content from the wire, fills in the rest, compiles, and places the release unlinked."""
    layout = session.require_lock()
    made = session.making.assembly
    if made is None:
        raise StepFailed("nothingToAssemble")
    carried: set[str] = set()
    if not os.path.isdir(made.staging):
        received = made.receive(session.wire.take_data, args["encoding"])
        carried = made.complete(received, session.wire.check)
    json_passed = made.live_id is not None and records.has_passed(records.read(layout, made.live_id), "json")
    session.making.passed_before = {"json": made.unread(".json") if json_passed else ()}
    made.mark_kept(set(args.get("kept") or []))
    record = dict(args["record"])
    made.record = record
    record.update(made.summary(), release=made.release_id, state="candidate", createdAt=history.now())
    records.write(layout, made.release_id, record)
    session.making.candidate = made.release_id
    started = time.monotonic()
    compiled, complaints = made.place(carried, session.wire.check)
    session.looks.made(layout, made.release_id, made.entries)
    summary = "%d file%s compiled, %d carried over." % (compiled, "" if compiled == 1 else "s", len(carried))
    session.making.compilation = checking.Compilation(complaints, summary, started)
    session.making.assembly = None
    return {"files": record["files"], "bytes": record["bytes"], "compiled": compiled, "carriedOver": len(carried)}


def environment(session: Session, request_id: Any, args: Json) -> Json:
    """Gives a release its dependencies: the environment for a key, built where there is none, or the interpreter's own.

    With the mode `none` it needs none: only the live release's packages are told, which are gone with the switch. With
    `keep`, an environment that the release has already and that can be used stays, whatever its key.
    """
    layout = session.require_lock()
    release = layout.release(args["release"])
    if not os.path.isdir(release):
        raise StepFailed("releaseMissing", release=args["release"])
    installation = installing.Installation(release, args, session.wire, output_of(session.wire, request_id))
    before = _packages_of(layout, args.get("live"))
    if args["mode"] == "none":
        return installation.answer("none", before=before)
    if args["mode"] == "interpreter":
        with workplace.copied(layout, installation):
            return dict(installing.into_interpreter(installation), before=before)
    key = environments.checked_key(args["key"])
    mine = environments.of_release(layout, args["release"])
    name = mine if args.get("keep") and mine and environments.problem(layout, mine) is None else None
    name = name or environments.ready(layout, key)
    if name is not None:
        known = environments.description(layout, name) or {}
        reused = {"installer": known.get("installer"), "packages": (known.get("packages") or [])[:MANY]}
        result = installation.answer("reused", environment=name, python=known["python"]["version"], **reused)
    else:
        with workplace.copied(layout, installation):
            result = installing.build(layout, key, installation)
    if result["passed"] and result["environment"] != mine:
        environments.link(layout, args["release"], result["environment"])
    return dict(result, before=before)


def _packages_of(layout: Layout, release_id: str | None) -> list[Any]:
    """What the environment of a release holds: [[name, version]]."""
    name = environments.of_release(layout, release_id) if release_id else None
    return ((environments.description(layout, name) or {}).get("packages") or [])[:MANY] if name else []


def run(session: Session, request_id: Any, args: Json) -> Json:
    """Runs one check against a release and tells how it went."""
    layout = session.require_lock()
    release = layout.release(args["release"])
    if not os.path.isdir(release):
        raise StepFailed("releaseMissing", release=args["release"])
    kind = args["kind"]
    if kind in ("compile", "json"):
        return _inspect(session, layout, args["release"], kind)
    on_output = output_of(session.wire, request_id)
    if kind == "http":
        return _ask_service(session, layout, args, on_output)
    # What the engine's own programs do to the release is looked for afterwards.
    session.looks.at(layout, args["release"]).look_again()
    if kind == "engine":
        return _start_engine(session, layout, args, on_output)
    return one_check.carried_out(layout, args, session.wire, on_output)


def _ask_service(session: Session, layout: Layout, args: Json, on_output: Callable[[bytes], None]) -> Json:
    if not args.get("waiting"):
        if args.get("start"):
            return http_check.run_aside(layout, args, session.wire, on_output)
        return one_check.carried_out(layout, args, session.wire, on_output)
    # Before the switch: only what waits for it can be asked.
    ports = services.probe_ports(layout, args["http"]["url"])
    if ports is None:
        return dict(engine_check.NOTHING, startedAs="skipped")
    return http_check.run(args, ports, session.wire, on_output)


def _start_engine(session: Session, layout: Layout, args: Json, on_output: Callable[[bytes], None]) -> Json:
    making = session.making
    if args.get("unlessInPlace") and making.started_in_place:
        return dict(engine_check.NOTHING, startedAs="skipped")
    result = one_check.carried_out(layout, args, session.wire, on_output)
    if result["startedAs"] != "live":
        making.started_in_place = result["startedAs"] == "place"
    return result


def _inspect(session: Session, layout: Layout, release_id: str, kind: str) -> Json:
    """A check that this process makes itself. Content that has passed it before isn't read again, nor what is spared."""
    making = session.making
    spared = set(((records.read(layout, release_id) or {}).get("spared") or {}).get(kind) or ())
    if kind == "compile" and making.compilation is not None and making.is_candidate(release_id):
        result = making.compilation.report(spared)
    else:
        look = checking.check_compiles if kind == "compile" else checking.check_json
        passed = _passed_before(session, layout, release_id, kind)
        entries = [entry for entry in session.looks.at(layout, release_id).recorded if entry.path not in spared]
        result = look(layout.release(release_id), entries, passed, session.wire.check)
    if result["passed"]:
        making.note_passed(release_id, kind)
    return result


def _passed_before(session: Session, layout: Layout, release_id: str, kind: str) -> Container[str]:
    if session.making.is_candidate(release_id):
        return session.making.passed_before.get(kind, ())
    if not records.has_passed(records.read(layout, release_id), kind):
        return ()
    return {entry.path for entry in session.looks.at(layout, release_id).intact if not entry.kept}
