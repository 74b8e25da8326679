"""Steps that look and change nothing. Most need no lock."""

import os

from hot_deploy import adoption, assembly, files, inspecting, ownership, probing, switching, tree
from hot_deploy.layout import checked_path


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

    With `texts`: the text of those files of a release, or of a backup that is being unpacked. With `directories`: which
    of the client's directories differ from the release's. With `entries`: what a release of them would need and change.
    With `against`: what changes from that release to this one. With `adopting`: the entries that adopting those names
    would make; a question with `kept` is about these entries then, of which those are nobody's. Otherwise: its entries.
    """
    layout = session.layout or session.open(args["basePath"])
    if "adopting" in args:
        entries = adoption.foresee(layout, args["adopting"], args["entrypoint"], session.wire.check)
        session.foreseen = tree.Foreseen(entries)
        return {"entries": [entry.row()[:7] for entry in entries]}
    if "texts" in args:
        root = session.assembly.staging if session.assembly is not None else layout.release(args["release"])
        return {"texts": {path: files.read_text(os.path.join(root, checked_path(path))) for path in args["texts"]}}
    if "kept" in args:
        live = session.foreseen.keep(set(args["kept"]))
    else:
        live = session.look(args.get("release"))
    if "directories" in args:
        known = tree.directory_digests([entry for entry in live.intact if not entry.kept])
        return {"differing": [path for path, theirs in args["directories"] if known.get(path) != theirs]}
    if "entries" in args:
        entries = assembly.merged_entries(args["entries"], live.intact, args["sameDirectories"])
        compared = comparison(assembly.Assembly(layout, "", None, live.intact, entries, []), live)
        if args.get("sizes"):
            compared["sizes"] = assembly.sizes(compared["changes"], live.recorded, entries)
        return compared
    if "against" in args:
        before = session.look(args["against"]).recorded
        return {"changes": assembly.changes(before, before, [entry for entry in live.recorded if not entry.kept])}
    return {"entries": [entry.row()[:7] for entry in live.recorded]}


def comparison(made, live):
    return {
        "needed": made.needed,
        "bytes": sum(made.entries[index].size for index in made.needed),
        "changes": assembly.changes(live.recorded, live.intact, made.entries),
    }


def inspect(session, _id, args):
    """Everything that is not as it should be. Needs no lock and changes nothing."""
    layout = session.open(args["basePath"])
    layout.owner = ownership.resolve(args.get("owner"), layout.base)
    holder = probing.lock_holder(layout) if session.lock_fd is None else None
    return dict(inspecting.inspect(layout, switching.wanted_launcher(args), session.wire.check), holder=holder)
