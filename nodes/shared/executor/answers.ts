/**
 * What an executor may answer. The host that runs it may be in other hands: no answer is trusted to have its form, and
 * none may be larger than what somebody can look at. Fields that are not known here are let through, within bounds.
 */
import { isReleaseId } from '../release/layout';
import { finding, findingKind } from './findingShapes';
import type { Verb } from './protocol';
import {
  bounded,
  byName,
  count,
  digits,
  flag,
  list,
  number,
  oneOf,
  optional,
  orNull,
  type Shape,
  shape,
  text,
  tuple,
} from './shapes';

/** Texts that people read. */
const WORDS = text(4096);
const PATH = text(4096);
/** As much as a program's output is given, with room for what is said about it. */
const OUTPUT = text(64 * 1024);
const MANY = 10_000;
const EVERY_FILE = 1_000_000;

const releaseId: Shape = (value, where) => {
  text(64)(value, where);
  if (!isReleaseId(value as string)) throw new RangeError(`${where} is no release id`);
};
const release = orNull(releaseId);
const paths = list(PATH, MANY);

const source = shape({
  type: text(64),
  reference: optional(WORDS),
  commit: optional(WORDS),
  repository: optional(WORDS),
  subdirectory: optional(WORDS),
});
const record = {
  release: releaseId,
  sequence: count,
  state: text(64),
  createdAt: text(64),
  source,
  digest: optional(orNull(text(128))),
  names: list(PATH, MANY),
  files: count,
  bytes: count,
  include: optional(list(WORDS, 1000)),
  exclude: optional(list(WORDS, 1000)),
  entrypoint: optional(PATH),
};
const unconfirmed = orNull(shape({ at: text(64), operation: WORDS, from: release, to: releaseId }));
const inUse = list(shape({ release: releaseId, processes: count }), MANY);
const packages = list(tuple(text(200), text(200)), MANY);
const installer = orNull(shape({ name: text(64), version: orNull(text(200)) }));
const standing = { current: release, previous: release, liveSince: orNull(text(64)), unconfirmed };

const row = [PATH, oneOf('file', 'link', 'directory'), count, count, digits(64), orNull(PATH)] as const;
const rows = list(tuple(...row), EVERY_FILE);
const changes = shape({
  counts: shape({ added: count, modified: count, removed: count }),
  paths: shape({ added: paths, modified: paths, removed: paths }),
});
const ended = {
  exitCode: orNull(number),
  signal: orNull(text(64)),
  timedOut: flag,
  output: OUTPUT,
  omittedBytes: count,
};

const holder = orNull(shape({ workflow: optional(WORDS), execution: optional(WORDS) }));
const sizesByPath = byName(tuple(orNull(count), orNull(count)));

const live = shape({
  record: orNull(shape(record)),
  drift: shape({ modified: paths, missing: paths }),
  extra: list(PATH, EVERY_FILE),
  kept: list(PATH, EVERY_FILE),
  environment: shape({ name: orNull(WORDS), ailment: orNull(WORDS) }),
});

const ANSWERS: Partial<Record<Verb, Shape>> = {
  lock: shape({ cleaned: list(tuple(findingKind, PATH), EVERY_FILE) }),
  probe: shape({
    ...standing,
    exists: flag,
    base: PATH,
    writable: flag,
    filesystem: shape({ type: orNull(text(64)), mount: orNull(PATH), mergesNames: flag }),
    space: shape({ freeBytes: count, totalBytes: count, freeInodes: orNull(count) }),
    names: list(shape({ name: text(255 * 4), type: text(64) }), EVERY_FILE),
    undone: orNull(shape({ release, at: text(64), reason: WORDS })),
    sequence: count,
    releasesInUse: inUse,
    lost: release,
    live: orNull(live),
    holder: optional(holder),
  }),
  list: shape({
    ...standing,
    wereLive: list(releaseId, MANY),
    releases: list(shape({ ...record, processes: count, environment: orNull(WORDS) }), MANY),
    backups: list(shape({ name: text(1024), bytes: count, createdAt: text(64) }), MANY),
    environments: list(
      shape({
        environment: WORDS,
        releases: list(releaseId, MANY),
        ailment: optional(orNull(WORDS)),
        createdAt: optional(orNull(text(64))),
        python: optional(orNull(text(200))),
        installer: optional(installer),
        packages: optional(packages),
      }),
      MANY,
    ),
  }),
  digest: shape({
    needed: optional(list(count, EVERY_FILE)),
    bytes: optional(count),
    changes: optional(changes),
    differing: optional(list(PATH, EVERY_FILE)),
    entries: optional(list(tuple(...row, number), EVERY_FILE)),
    texts: optional(byName(orNull(text(1024 * 1024)))),
    sizes: optional(sizesByPath),
  }),
  receive: shape({
    release: releaseId,
    needed: list(count, EVERY_FILE),
    bytes: count,
    changes,
    entries: optional(rows),
  }),
  assemble: shape({ files: count, bytes: count, compiled: count, carriedOver: count }),
  environment: shape({
    status: oneOf('reused', 'built', 'failed', 'none'),
    passed: flag,
    environment: orNull(WORDS),
    packages,
    before: packages,
    installer: optional(installer),
    python: optional(text(200)),
    run: orNull(shape({ ...ended, stage: text(64), check: optional(orNull(OUTPUT)) })),
    durationMs: number,
  }),
  run: shape({ ...ended, passed: flag, durationMs: number }),
  adopt: shape({ release: releaseId, names: paths, entries: rows, gapMs: number, atomic: flag }),
  drain: shape({
    left: list(shape({ processId: count, command: WORDS }), MANY),
    inUse: list(releaseId, MANY),
  }),
  detach: shape({
    names: optional(paths),
    gapMs: optional(number),
    atomic: optional(flag),
    needed: optional(packages),
    missing: optional(list(tuple(WORDS, WORDS, orNull(WORDS)), MANY)),
  }),
  dismantle: shape({
    releases: list(releaseId, MANY),
    environments: list(WORDS, MANY),
    backups: list(text(1024), MANY),
    left: list(PATH, MANY),
  }),
  flip: shape({ from: release, to: releaseId, at: text(64), milliseconds: number }),
  confirm: shape({ live: release }),
  revert: shape({ live: release, milliseconds: number }),
  archive: shape({ name: text(1024), bytes: count }),
  remove: shape({
    releases: list(WORDS, MANY),
    inUse: list(WORDS, MANY),
    backups: list(text(1024), MANY),
    environments: list(WORDS, MANY),
  }),
  inspect: shape({ deployed: flag, current: orNull(PATH), findings: list(finding, EVERY_FILE), holder }),
  mend: shape({ done: list(WORDS, EVERY_FILE) }),
};

/**
 * Makes sure that a result is one of the step that was asked for.
 *
 * @throws RangeError naming the first field that has another form
 */
export function checkAnswer(verb: Verb, result: object): void {
  const where = `the result of ${verb}`;
  bounded(result, where);
  ANSWERS[verb]?.(result, where);
}
