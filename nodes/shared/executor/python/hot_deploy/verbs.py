"""The steps a client can ask for. Each does one thing; none decides what comes next."""

import os
import time

import hot_deploy
from hot_deploy import (
    adoption,
    archives,
    assembly,
    checking,
    detaching,
    environments,
    files,
    history,
    inspecting,
    installing,
    leases,
    leftovers,
    locking,
    mending,
    ownership,
    probing,
    records,
    switching,
    tree,
    workers,
)
from hot_deploy.failures import StepFailed
from hot_deploy.layout import checked_path


def lock(session, _id, args):
    """Takes the engine's lock; with `create`, makes the base path and our directories where they are missing.

    What interrupted operations left is removed, unless `clean` is false.
    """
    layout = session.open(args["basePath"])
    if not os.path.isdir(layout.base):
        if not args.get("create"):
            raise StepFailed("NOT_FOUND", "Base Path %s does not exist on the engine's side." % layout.given)
        layout.owner = ownership.resolve(args.get("owner"), layout.base)
        os.makedirs(layout.base, 0o755)
        layout.give(layout.base)
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    layout.create()
    if session.lock_fd is None:
        session.lock_fd = locking.acquire(
            layout, args.get("holder") or {}, args.get("waitSeconds") or 0, session.wire.check
        )
    if args.get("clean") is False:
        return {"cleaned": []}
    current = layout.current_release()
    return {"cleaned": leftovers.clean(layout, current, records.read_all(layout))}


def probe(session, _id, args):
    """What is there and what is live. Needs no lock and changes nothing.

    With `ahead`: the next one, under the lock, need not look at the same release once more.
    """
    layout = session.open(args["basePath"])
    look = session.look_ahead if args.get("ahead") else session.look_afresh
    result = probing.probe(layout, args["entrypoint"], look)
    if args.get("holder"):
        result["holder"] = probing.lock_holder(layout)
    if args.get("start") and session.may_start and result.get("live"):
        result["live"]["environment"] = probing.started(layout, result["live"]["environment"], session.wire)
    return result


def list_releases(session, _id, args):
    """All kept releases, backups and environments."""
    return probing.listing(session.open(args["basePath"]), bool(args.get("packages")))


def digest(session, _id, args):
    """Compares without changing anything.

    With `texts`: the text of those files of a release, or of a backup that is being unpacked. With `directories`: which of the client's directories differ from the release's. With `entries`: what a release of
    them would need and change. With `against`: what changes from that release to this one. Otherwise: its entries.
    """
    layout = session.layout or session.open(args["basePath"])
    if "texts" in args:
        root = session.assembly.staging if session.assembly is not None else layout.release(args["release"])
        return {"texts": {path: files.read_text(os.path.join(root, checked_path(path))) for path in args["texts"]}}
    live = session.look(args.get("release"))
    if "directories" in args:
        known = tree.directory_digests([entry for entry in live.intact if not entry.kept])
        return {"differing": [path for path, theirs in args["directories"] if known.get(path) != theirs]}
    if "entries" in args:
        entries = assembly.merged_entries(args["entries"], live.intact, args["sameDirectories"])
        compared = _comparison(assembly.Assembly(layout, "", None, live.intact, entries, []), live)
        if args.get("sizes"):
            compared["sizes"] = assembly.sizes(compared["changes"], live.recorded, entries)
        return compared
    if "against" in args:
        before = tree.read_manifest(layout.manifest(args["against"])) or [] if args["against"] else []
        return {"changes": assembly.changes(before, before, [entry for entry in live.recorded if not entry.kept])}
    return {"entries": [entry.row()[:7] for entry in live.recorded]}


def _comparison(made, live):
    return {
        "needed": made.needed,
        "bytes": sum(made.entries[index].size for index in made.needed),
        "changes": assembly.changes(live.recorded, live.intact, made.entries),
    }


def receive(session, _id, args):
    """Opens a new release from the client's entries, or from a backup. Answers which entries' content it needs."""
    layout = session.require_lock()
    session.discard_candidate()
    live_id = args.get("live")
    live = session.look(live_id)
    if "backup" in args:
        return _receive_backup(session, layout, args["time"], args["backup"], live)
    release_id = layout.new_release_id(args["time"], args["digest"])
    entries = assembly.merged_entries(args["entries"], live.intact, args["sameDirectories"])
    session.assembly = assembly.Assembly(layout, release_id, live_id, live.intact, entries, args.get("keep") or [])
    session.assembly.check_space()
    return dict(_comparison(session.assembly, live), release=release_id)


def _receive_backup(session, layout, time_of_day, backup, live):
    made = assembly.Assembly(layout, "backup", None, [], [], [])
    session.assembly = made
    os.mkdir(made.staging, 0o755)
    made.entries = archives.unpack(layout, backup, made.staging, session.wire.check)
    made.release_id = layout.new_release_id(time_of_day, tree.content_digest(made.entries))
    return dict(_comparison(made, live), release=made.release_id, entries=[entry.row()[:6] for entry in made.entries])


def assemble(session, _id, args):
    """Takes the needed content from the wire, fills in the rest, compiles, and places the release unlinked."""
    layout = session.require_lock()
    made = session.assembly
    if made is None:
        raise StepFailed("STEP", "There is nothing to assemble: announce the release's entries first.")
    carried = set()
    if not os.path.isdir(made.staging):
        received = made.receive(session.wire.take_data, args.get("encoding"))
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
    summary = "%d files compiled, %d carried over." % (compiled, len(carried))
    session.compilation = checking.report(complaints, summary, started)
    session.assembly = None
    return {"files": record["files"], "bytes": record["bytes"], "compiled": compiled, "carriedOver": len(carried)}


def environment(session, request_id, args):
    """Gives a release its dependencies: the environment for a key, built where there is none, or the interpreter's own.

    With `keep`, an environment that the release has already and that can be used stays, whatever its key.
    """
    layout = session.require_lock()
    release = layout.release(args["release"])
    if not os.path.isdir(release):
        raise StepFailed("NOT_FOUND", "Release %s is not kept here. List the releases to see which are." % args["release"])
    installation = installing.Installation(release, args, session.wire, session.output_of(request_id))
    before = _packages_of(layout, args.get("live"))
    if args["mode"] == "interpreter":
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
        raise StepFailed("NOT_FOUND", "Release %s is not kept here. List the releases to see which are." % args["release"])
    kind = args["kind"]
    if kind in ("compile", "json"):
        return _inspect(session, args["release"], kind)
    on_output = session.output_of(request_id)
    if kind == "python":
        return checking.run_python(release, args["code"], args, session.wire, on_output)
    if kind == "command":
        return checking.run_command(release, args["command"], args, session.wire, on_output)
    raise StepFailed("INPUT", "There is no check of type %r." % kind)


def _inspect(session, release_id, kind):
    """A check that this process makes itself. Content that has passed it before isn't read again."""
    layout = session.layout
    if kind == "compile" and session.compilation is not None and release_id == session.candidate:
        result = session.compilation
    else:
        look = checking.check_compiles if kind == "compile" else checking.check_json
        entries = session.look(release_id).recorded
        result = look(layout.release(release_id), entries, _passed_before(session, release_id, kind), session.wire.check)
    if result["passed"]:
        session.passed.setdefault(release_id, set()).add(kind)
    return result


def _passed_before(session, release_id, kind):
    if release_id == session.candidate:
        return session.passed_before.get(kind, ())
    if not records.has_passed(records.read(session.layout, release_id), kind):
        return ()
    return {entry.path for entry in session.look(release_id).intact if not entry.kept}


def adopt(session, _id, args):
    """Turns what is live in plain files into the first release."""
    layout = session.require_lock()
    known = records.read_all(layout)
    standing = history.Standing(history.read(layout), layout.current_release())
    launcher = _launcher(args)
    result = adoption.adopt(
        layout,
        args["time"],
        args["names"],
        launcher,
        records.next_sequence(standing, known),
        session.wire.check,
    )
    session.unpinned = leases.unpinned(layout, launcher[0])
    return result


def drain(session, _id, args):
    """Waits for the extractions that were started before the adoption: they read through the links, unpinned.

    With `leased`, then also until nobody runs a release. Answers what is left when the time is up.
    """
    layout = session.require_lock()
    deadline = time.monotonic() + args["waitSeconds"]
    left = session.unpinned
    while left and time.monotonic() < deadline:
        session.wire.check()
        time.sleep(0.02)
        known = {found["processId"] for found in left}
        left = [found for found in leases.unpinned(layout, args["entrypoint"]) if found["processId"] in known]
    in_use = detaching.leased(layout) if args.get("leased") and not left else []
    while in_use and time.monotonic() < deadline:
        session.wire.check()
        time.sleep(0.02)
        in_use = detaching.leased(layout)
    return {"left": left, "inUse": in_use}


def detach(session, _id, args):
    """Turns links and launcher into plain files. Until `dismantle`, the end of this conversation takes it back.

    With `look`: only says which packages the engine would need from its own interpreter.
    """
    layout = session.require_lock()
    if args.get("look"):
        return detaching.packages(layout, session.wire)
    launcher = _launcher(args)
    names = detaching.own_names(layout, launcher[0])
    session.detached = (names, launcher)
    result = detaching.detach(layout, names, session.wire.check)
    session.unpinned = detaching.starting(layout, launcher[0], result.pop("moment"))
    return result


def attach(session, _id, _args):
    """Takes `detach` back."""
    session.require_lock()
    session.take_detachment_back()
    return {}


def dismantle(session, _id, args):
    """Removes what a plain engine has no use for; with `everything`, backups, history and originals, too."""
    layout = session.require_lock()
    session.looks.clear()
    result = detaching.dismantle(layout, bool(args.get("everything")))
    session.detached = None
    return result


def flip(session, _id, args):
    """Makes a ready release current. Until `confirm`, the end of this conversation takes it back.

    With `aside`, something foreign that stands at `current` is put aside; without, it is refused.
    """
    layout = session.require_lock()
    if session.pending is not None:
        raise StepFailed("STEP", "A switch is waiting to be confirmed or reverted.")
    made_here = args["release"] == session.candidate
    if not made_here:
        switching.refuse_damaged(layout, args["release"], session.wire.check)
    foreign = args.get("aside") and layout.foreign_current() is not None
    aside = switching.name_aside() if foreign else None
    pending = switching.announce(layout, args["release"], args["operation"], _launcher(args), made_here, aside)
    session.pending = pending
    seconds = switching.flip(layout, args["release"], aside)
    return {"from": pending["from"], "to": args["release"], "at": pending["at"], "milliseconds": round(seconds * 1000, 3)}


def confirm(session, _id, _args):
    """Keeps the switch."""
    layout = session.require_lock()
    switching.confirm(layout, _pending(session, layout))
    session.pending = None
    session.candidate = None
    session.backups_before = None
    return {"live": layout.current_release()}


def revert(session, _id, args):
    """Takes the switch back."""
    layout = session.require_lock()
    pending = _pending(session, layout)
    result = switching.revert(layout, pending, args.get("reason") or "")
    if pending.get("candidate") and session.pending is None:
        leftovers.remove_release(layout, pending["to"])
    session.pending = None
    return result


def _pending(session, layout):
    """This conversation's switch, or one that an earlier conversation could not finish."""
    if session.pending is not None:
        return session.pending
    standing = history.Standing(history.read(layout), layout.current_release())
    if standing.unconfirmed is None:
        raise StepFailed("STEP", "There is no switch to confirm or revert.")
    return standing.unconfirmed


def archive(session, _id, args):
    """Writes a backup of a release. It stays when a switch of this conversation is confirmed."""
    layout = session.require_lock()
    if session.backups_before is None:
        session.backups_before = leftovers.own_backups(layout)
    return workers.call("archives", "create", [layout.base, args["release"]], session.wire)


def remove(session, _id, args):
    """Removes releases, backups and environments by name; `candidate` removes what this conversation built.

    What is in use is kept, and so is an environment that a release still leads to.
    """
    layout = session.require_lock()
    if args.get("candidate"):
        session.discard_candidate()
    removed, in_use = [], []
    for release_id in args.get("releases") or []:
        if release_id == layout.current_release():
            raise StepFailed("INPUT", "Release %s is live and can't be removed." % release_id)
        (removed if leftovers.remove_release(layout, release_id) else in_use).append(release_id)
    backups = [name for name in args.get("backups") or [] if leftovers.remove_backup(layout, name)]
    unneeded = [name for name in args.get("environments") or [] if environments.remove(layout, name)]
    return {"releases": removed, "inUse": in_use, "backups": backups, "environments": unneeded}


def inspect(session, _id, args):
    """Everything that is not as it should be. Needs no lock and changes nothing."""
    layout = session.open(args["basePath"])
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    holder = probing.lock_holder(layout) if session.lock_fd is None else None
    return dict(inspecting.inspect(layout, _launcher(args), session.wire.check), holder=holder)


def mend(session, _id, args):
    """Puts one finding of `inspect` right, in the way that `what` names."""
    layout = session.require_lock()
    session.looks.clear()
    done = mending.mend(layout, args["what"], args.get("path"), _launcher(args), session.wire.check)
    return {"done": done}


def record(session, _id, args):
    """Adds fields to a release's record, marks entries as kept, or adds a line to the history."""
    layout = session.require_lock()
    if "release" in args:
        known = records.read(layout, args["release"])
        if known is None:
            raise StepFailed("NOT_FOUND", "Release %s has no record." % args["release"])
        known.update(args.get("fields") or {})
        records.add_passed(known, session.passed.get(args["release"]))
        if args.get("kept"):
            _mark_kept(layout, args["release"], set(args["kept"]))
            session.looks.pop(args["release"], None)
        records.write(layout, args["release"], known)
    if "event" in args:
        history.append(layout, args["event"], **(args.get("entry") or {}))
    return {}


def _mark_kept(layout, release_id, paths):
    entries = tree.read_manifest(layout.manifest(release_id)) or []
    for entry in entries:
        entry.kept = entry.path in paths
    tree.write_manifest(layout.manifest(release_id), entries)


def _launcher(args):
    """The launcher's name and text; the text comes with the program."""
    return args["entrypoint"], hot_deploy.launcher.encode("utf-8")


VERBS = {
    "lock": lock,
    "probe": probe,
    "list": list_releases,
    "digest": digest,
    "receive": receive,
    "assemble": assemble,
    "environment": environment,
    "run": run,
    "adopt": adopt,
    "drain": drain,
    "detach": detach,
    "attach": attach,
    "dismantle": dismantle,
    "flip": flip,
    "confirm": confirm,
    "revert": revert,
    "archive": archive,
    "remove": remove,
    "record": record,
    "inspect": inspect,
    "mend": mend,
}
