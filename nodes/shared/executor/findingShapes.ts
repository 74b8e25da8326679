/** What the engine's side may say of a finding; see `findings.ts`. */
import type { FindingKind } from './findings';
import { count, flag, list, number, oneOf, orNull, type Shape, shape, text } from './shapes';

const WORDS = text(4096);
const PATH = text(4096);
const paths = list(PATH, 10_000);

const FACTS: Readonly<Record<FindingKind, Readonly<Record<string, Shape>>>> = {
  currentForeign: { target: PATH, wasLive: orNull(text(64)) },
  currentMissing: { wasLive: text(64) },
  currentDangling: { target: PATH, wasLive: orNull(text(64)) },
  unconfirmedSwitch: { from: orNull(text(64)), to: text(64), operation: WORDS, at: text(64) },
  launcherMissing: {},
  launcherOutdated: {},
  linkMissing: {},
  linkDangling: {},
  plainName: { same: flag },
  staging: {},
  temporary: {},
  unfinishedRelease: {},
  unfinishedEnvironment: {},
  adoptionLeftover: {},
  orphanRecord: {},
  foreignInReleases: {},
  unknownRelease: { live: flag },
  manifestMissing: { live: flag },
  damagedRelease: {
    live: flag,
    missing: paths,
    modified: paths,
    counts: shape({ missing: count, modified: count }),
  },
  writable: { paths, count },
  orphanEnvironment: {},
  ailingEnvironment: { ailment: WORDS, releases: list(text(64), 10_000) },
  owner: { uid: number, gid: number },
  foreignLock: { tool: WORDS },
};

/** The kinds that are known here: a word of any other would have no meaning. */
export const findingKind: Shape = oneOf(...Object.keys(FACTS));

/** One finding with what its kind says. */
export const finding: Shape = (value, where) => {
  shape({ kind: findingKind, path: PATH })(value, where);
  shape(FACTS[(value as { kind: FindingKind }).kind])(value, where);
};
