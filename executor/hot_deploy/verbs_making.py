"""Steps that make a release, aside, and tell whether it is good."""

import os
import time

from hot_deploy import (
    archives,
    assembly,
    checking,
    environments,
    history,
    installing,
    records,
    tree,
    workplace,
)
from hot_deploy.failures import StepFailed


def receive(session, _id, args):
    """Opens a new release of the entries that were compared last. The client sends the content that it was told of."""
    layout = session.require_lock()
    session.discard_candidate()
    compared, session.compared = session.compared, None
    if compared is None:
        raise StepFailed("nothingCompared")
    live = session.look(args["live"])
    release_id = layout.new_release_id(args["time"], args["digest"])
    session.assembly = assembly.Assembly(layout, release_id, args["live"], live.intact, compared, args["keep"])
    # An adoption in between makes live what was compared, unless somebody wrote to it.
    if session.assembly.needed != args["needed"]:
        session.assembly = None
        raise StepFailed("liveChanged")
    session.assembly.check_space()
    return {"release": release_id}


def unpack(session, _id, args):
    """Unpacks a backup as a new release."""
    layout = session.require_lock()
    session.discard_candidate()
    live = session.look(args["live"])
    made = assembly.Assembly(layout, "backup", None, [], [], [])
    session.assembly = made
    os.mkdir(made.staging, 0o755)
    made.entries = archives.unpack(layout, args["backup"], made.staging, session.wire.check)
    made.release_id = layout.new_release_id(args["time"], tree.content_digest(made.entries))
    return {
        "release": made.release_id,
        "changes": assembly.changes(live.recorded, live.intact, made.entries),
        "entries": [entry.row()[:6] for entry in made.entries],
    }


def assemble(session, _id, args):
    """Takes the needed content from the wire, fills in the rest, compiles, and places the release unlinked."""
    layout = session.require_lock()
    made = session.assembly
    if made is None:
        raise StepFailed("nothingToAssemble")
    carried = set()
    if not os.path.isdir(made.staging):
        received = made.receive(session.wire.take_data, args["encoding"])
        carried = made.complete(received, session.wire.check)
    json_passed = made.live_id is not None and records.has_passed(records.read(layout, made.live_id), "json")
    session.passed_before = {"json": made.unread(".json") if json_passed else ()}
    made.mark_kept(set(args.get("kept") or []))
    record = dict(args["record"])
    record.update(made.summary(), release=made.release_id, state="candidate", createdAt=history.now())
    records.write(layout, made.release_id, record)
    session.candidate = made.release_id
    started = time.monotonic()
    compiled, complaints = made.place(carried, session.wire.check)
    session.looks[made.release_id] = tree.Look(layout, made.release_id, session.wire.check, made.entries)
    summary = "%d file%s compiled, %d carried over." % (compiled, "" if compiled == 1 else "s", len(carried))
    session.compilation = checking.report(complaints, summary, started)
    session.assembly = None
    return {"files": record["files"], "bytes": record["bytes"], "compiled": compiled, "carriedOver": len(carried)}


def environment(session, request_id, args):
    """Gives a release its dependencies: the environment for a key, built where there is none, or the interpreter's own.

    With the mode `none` it needs none: only the live release's packages are told, which are gone with the switch. With
    `keep`, an environment that the release has already and that can be used stays, whatever its key.
    """
    layout = session.require_lock()
    release = layout.release(args["release"])
    if not os.path.isdir(release):
        raise StepFailed("releaseMissing", release=args["release"])
    installation = installing.Installation(release, args, session.wire, session.output_of(request_id))
    before = _packages_of(layout, args.get("live"))
    if args["mode"] == "none":
        return installation.answer("none", before=before)
    if args["mode"] == "interpreter":
        with workplace.copied(layout, installation):
            return dict(installing.into_interpreter(installation), before=before)
    key = environments.checked_key(args["key"])
    mine = environments.of_release(layout, args["release"])
    name = mine if args.get("keep") and mine and environments.ailment(layout, mine) is None else None
    name = name or environments.ready(layout, key)
    if name is not None:
        known = environments.description(layout, name)
        reused = {"installer": known.get("installer"), "packages": known.get("packages") or []}
        result = installation.answer("reused", environment=name, python=known["python"]["version"], **reused)
    else:
        with workplace.copied(layout, installation):
            result = installing.build(layout, key, installation)
    if result["passed"] and result["environment"] != mine:
        environments.link(layout, args["release"], result["environment"])
    return dict(result, before=before)


def _packages_of(layout, release_id):
    """What the environment of a release holds: [[name, version]]."""
    name = environments.of_release(layout, release_id) if release_id else None
    return ((environments.description(layout, name) or {}).get("packages") or []) if name else []


def run(session, request_id, args):
    """Runs one check against a release and tells how it went."""
    layout = session.require_lock()
    release = layout.release(args["release"])
    if not os.path.isdir(release):
        raise StepFailed("releaseMissing", release=args["release"])
    kind = args["kind"]
    if kind in ("compile", "json"):
        return _inspect(session, args["release"], kind)
    on_output = session.output_of(request_id)
    # What the engine's own programs do to the release is looked for afterwards.
    session.look(args["release"]).look_again()
    if kind == "python":
        return checking.run_python(release, args["code"], args, session.wire, on_output)
    if kind == "command":
        return checking.run_command(release, args["command"], args, session.wire, on_output)
    raise StepFailed("checkUnknown", given=kind)


def _inspect(session, release_id, kind):
    """A check that this process makes itself. Content that has passed it before isn't read again."""
    layout = session.layout
    if kind == "compile" and session.compilation is not None and release_id == session.candidate:
        result = session.compilation
    else:
        look = checking.check_compiles if kind == "compile" else checking.check_json
        entries = session.look(release_id).recorded
        result = look(
            layout.release(release_id), entries, _passed_before(session, release_id, kind), session.wire.check
        )
    if result["passed"]:
        session.passed.setdefault(release_id, set()).add(kind)
    return result


def _passed_before(session, release_id, kind):
    if release_id == session.candidate:
        return session.passed_before.get(kind, ())
    if not records.has_passed(records.read(session.layout, release_id), kind):
        return ()
    return {entry.path for entry in session.look(release_id).intact if not entry.kept}
