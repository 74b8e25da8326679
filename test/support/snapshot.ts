import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** The layout's own names in a base path. */
const OWN_NAMES = ['.hot-deploy', 'backups', 'current', 'environments', 'releases'];

/** What a tree holds, as lines that compare: path, kind, permission bits without write, content. */
export type Snapshot = Record<string, string>;

/** What an extraction finds below a base path: every name but the layout's own, followed through its link. */
export function seenThrough(basePath: string): Snapshot {
  const seen: Snapshot = {};
  for (const name of readdirSync(basePath)) {
    if (OWN_NAMES.includes(name) || name.startsWith('.pinned-')) continue;
    const path = join(basePath, name);
    // A link that leads nowhere yet is what was there before: nothing.
    if (existsSync(path)) describe(realpathSync(path), name, seen, [basePath, 'current/']);
  }
  return seen;
}

/**
 * The engine that is live: as {@link seenThrough}, with the release's own entrypoint in place of the launcher, with what is
 * shared, and without the links to what lies beside it.
 */
export function liveTree(basePath: string): Snapshot {
  const seen: Snapshot = {};
  const root = realpathSync(join(basePath, 'current'));
  for (const name of readdirSync(root)) describe(join(root, name), name, seen, [basePath, '../../']);
  const beside = (name: string, shown: string) => shown === `link ../../${name}`;
  return Object.fromEntries(Object.entries(seen).filter(([name, shown]) => !beside(name, shown)));
}

/** A whole directory, bytecode left out. */
export function treeOf(directory: string): Snapshot {
  const seen: Snapshot = {};
  const root = realpathSync(directory);
  for (const name of readdirSync(root)) describe(join(root, name), name, seen);
  return seen;
}

/** Which links of ours are followed: to what lies, under the same name, in a directory; what they begin with. */
type Followed = readonly [base: string, target: string];

function describe(path: string, shown: string, seen: Snapshot, followed?: Followed): void {
  if (shown.endsWith('__pycache__')) return;
  const status = lstatSync(path);
  const mode = (status.mode & 0o555).toString(8);
  if (status.isSymbolicLink()) {
    const depth = shown.split('/').length - 1;
    const isOurs =
      followed && depth > 0 && readlinkSync(path) === `${'../'.repeat(depth)}${followed[1]}${shown}`;
    const led = isOurs ? join(dirname(path), readlinkSync(path)) : undefined;
    // What it leads to may be a link of the engine's own.
    if (led !== undefined && lstatSync(led, { throwIfNoEntry: false }))
      return describe(led, shown, seen, followed);
    seen[shown] = `link ${readlinkSync(path)}`;
  } else if (status.isDirectory()) {
    const names = readdirSync(path).filter((name) => name !== '__pycache__');
    if (names.length === 0) seen[shown] = 'empty directory';
    for (const name of names) describe(join(path, name), join(shown, name), seen, followed);
  } else {
    seen[shown] = `file ${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
  }
}

/** Everything below a directory as lstat tells it: whatever is written there changes some line of it. */
export function statusOf(directory: string, ignored: RegExp = /^$/): Snapshot {
  const seen: Snapshot = {};
  const visit = (path: string): void => {
    const status = lstatSync(join(directory, path));
    if (!ignored.test(path)) seen[path] = statusLine(status);
    if (status.isDirectory()) for (const name of readdirSync(join(directory, path))) visit(join(path, name));
  };
  visit('.');
  return seen;
}

/**
 * The plain files and directories of a base path themselves: what each is, whose, and since when; without what is ours.
 * Whatever was replaced by a copy of it differs.
 */
export function originalsOf(basePath: string): Snapshot {
  const seen: Snapshot = {};
  const visit = (path: string): void => {
    const status = lstatSync(join(basePath, path));
    const { mode, uid, gid, size, mtimeMs, ino, nlink } = status;
    const target = status.isSymbolicLink() ? readlinkSync(join(basePath, path)) : '';
    seen[path] = [mode.toString(8), uid, gid, size, mtimeMs, ino, nlink, target].join(' ');
    if (status.isDirectory()) for (const name of readdirSync(join(basePath, path))) visit(join(path, name));
  };
  for (const name of readdirSync(basePath)) if (name !== '.hot-deploy') visit(name);
  return seen;
}

function statusLine({ mode, size, mtimeMs, ctimeMs, ino, nlink }: Stats): string {
  return [mode.toString(8), size, mtimeMs, ctimeMs, ino, nlink].join(' ');
}

/** Names in the parts of the layout where operations leave things: releases, backups, staging, records. */
export function keptNames(basePath: string): Record<string, string[]> {
  const parts = ['releases', 'backups', '.hot-deploy/staging', '.hot-deploy/releases', '.hot-deploy'];
  return Object.fromEntries(parts.map((part) => [part, namesIn(join(basePath, part))]));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
