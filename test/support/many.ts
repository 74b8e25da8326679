import { evaluate } from './pythonModule';

/** How much of everything is made. */
export interface Many {
  releases?: number;
  backups?: number;
  environments?: number;
}

/**
 * Makes an engine's base path hold more than lists name: releases of one file, whole and with records, the oldest with
 * the sequence 1, all leading to one environment; environments that nobody needs; backups.
 */
export function makeMany(basePath: string, { releases = 0, backups = 0, environments = 0 }: Many): void {
  evaluate(MAKING, { basePath, releases, backups, environments });
}

/** The id of a release that was made, from 0 for the oldest. */
export function madeRelease(number: number): string {
  return `20200101-${String(number).padStart(6, '0')}-${number.toString(16).padStart(7, '0')}`;
}

/** Which all of them lead to. */
export const SHARED_ENVIRONMENT = 'f'.repeat(16);

const MAKING = `
import os
from hot_deploy import tree
from hot_deploy.layout import Layout

given = json.load(sys.stdin)
layout = Layout(given["basePath"])
layout.create()

def write(path, value, mode=0o644):
    with open(path, "w") as handle:
        handle.write(value if isinstance(value, str) else json.dumps(value))
    os.chmod(path, mode)

def environment(name):
    place = os.path.join(layout.environments, name)
    os.makedirs(os.path.join(place, "bin"))
    os.symlink(os.path.realpath(sys.executable), os.path.join(place, "bin/python"))
    python = {"executable": os.path.realpath(sys.executable), "version": sys.version.split()[0]}
    write(os.path.join(place, "hot-deploy.json"), {"python": python, "packages": [["six", "1.17.0"]]})

if given["releases"]:
    environment("f" * 16)
for number in range(given["environments"]):
    environment("%016x" % number)
for number in range(given["backups"]):
    write(os.path.join(layout.backups, "hot-backup-20200101-%06d.tar.gz" % number), "")
for number in range(given["releases"]):
    release_id = "20200101-%06d-%07x" % (number, number)
    release = layout.release(release_id)
    os.mkdir(release)
    write(os.path.join(release, "run.py"), "print(%d)\\n" % number, 0o444)
    os.symlink("../../environments/" + "f" * 16, os.path.join(release, ".venv"))
    entry = tree.read_entry(release, "run.py", os.lstat(os.path.join(release, "run.py")))
    write(layout.manifest(release_id), [entry.row()])
    write(layout.record(release_id), {
        "release": release_id, "sequence": number + 1, "state": "ready", "createdAt": "2020-01-01T00:00:00.000Z",
        "source": {"type": "directory", "reference": "/engine"}, "names": ["run.py"], "files": 1, "bytes": entry.size,
        "digest": None, "entrypoint": "run.py", "include": ["run.py"], "exclude": []})
    os.chmod(release, 0o555)
print("null")
`;
