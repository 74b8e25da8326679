import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

import { type Access, allowedVerbs } from './access';
import { withoutComments } from './withoutComments';

const PYTHON_DIRECTORY = join(__dirname, '../../../executor');
const PACKAGE = 'hot_deploy';
/** Of what its modules are made into one text on the engine's side: see `hot_deploy/serve_text.py`. */
const SERVING = 'serving';

/**
 * Run with `python -c`: finds the program on standard input and starts it. It is the same text for everybody, with
 * nothing of a user's in it. Lines before the mark are skipped, such as a password that sudo didn't ask for; the mark
 * begins with a character that no password has.
 */
export const BOOTSTRAP =
  'import sys,zlib;i=sys.stdin.buffer;' +
  'exec(zlib.decompress(i.read(next(int(l[4:])for l in i if l[:4]==b"\\1hd:"))))';

/** What {@link ANNOUNCED_BOOTSTRAP} prints. */
export const READY = 'hot-deploy-ready';

/**
 * The bootstrap behind a sudo that reads a password: says that it runs, so that the program is sent to Python and never
 * to a sudo that asks again, which would take it for further passwords.
 */
export const ANNOUNCED_BOOTSTRAP = `print("${READY}",flush=True);${BOOTSTRAP}`;

/** Makes `program['modules']` importable as `package`, the package `hot_deploy`: see `hot_deploy/importer.py`. */
const LOADER = [
  `exec(compile(program['modules']['importer'], '${PACKAGE}/importer.py', 'exec'))`,
  'package = install(program)',
].join('\n');

/** Seconds without a sign of the client after which an executor leaves, unless told otherwise. */
export const SILENCE_SECONDS = 60;

const programs = new Map<string, Buffer>();

/**
 * What to write to the bootstrap: a line with the length, then the whole program, compressed. Made once: packing it
 * keeps the event loop for some milliseconds.
 *
 * @param silenceSeconds after how long without a sign of the client the executor takes it for gone
 * @param access what it carries out; it refuses all other steps, whoever asks
 */
export function programFor(silenceSeconds: number, access: Access = 'full'): Buffer {
  const key = `${silenceSeconds} ${access}`;
  const known = programs.get(key) ?? pack(programText(silenceSeconds, access));
  programs.set(key, known);
  return known;
}

/** The program as Python text: the same bytes on every machine, so that a host can know it by its digest. */
export function programText(silenceSeconds: number, access: Access): string {
  const sources = JSON.stringify({
    loader: LOADER,
    modules: readModules(PACKAGE),
    launcher: read('launcher.py'),
    launch: read('launch.py'),
    serving: readModules(SERVING),
    byCode: read('by_code.py'),
    tryRelease: read('try_release.py'),
  });
  const allowed = allowedVerbs(access);
  return [
    'import json',
    `program = json.loads(${JSON.stringify(sources)})`,
    "exec(program['loader'])",
    `import ${PACKAGE}.main`,
    `package.main.main(${Number(silenceSeconds)}, ${allowed ? JSON.stringify(allowed) : 'None'})`,
  ].join('\n');
}

/** By which a host that runs listed executors only knows this one: the SHA-256 of its text, in hexadecimal. */
export function programDigest(access: Access): string {
  return createHash('sha256').update(programText(SILENCE_SECONDS, access)).digest('hex');
}

function pack(program: string): Buffer {
  const packed = deflateSync(program, { level: 9 });
  return Buffer.concat([Buffer.from(`\x01hd:${packed.length}\n`), packed]);
}

/** Name → text, without comments, of every module of a package, sorted: directories list their files in any order. */
function readModules(directory: string): Record<string, string> {
  const files = readdirSync(join(PYTHON_DIRECTORY, directory)).filter((file) => file.endsWith('.py'));
  const names = files.map((file) => file.slice(0, -'.py'.length)).filter((name) => name !== '__init__');
  return Object.fromEntries(
    names.sort().map((name) => [name, withoutComments(read(directory, `${name}.py`))]),
  );
}

function read(...names: string[]): string {
  return readFileSync(join(PYTHON_DIRECTORY, ...names), 'utf8');
}
