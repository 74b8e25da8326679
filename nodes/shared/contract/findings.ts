/** What the engine's side may say is not as it should be, kind by kind, beside the path below the base path. */
import { releaseId } from './names';
import { MANY } from './limits';
import { count, flag, list, number, oneOf, orNull, record, type TypeOf, variants } from './shape';
import { moment, path, word, words } from './plainTexts';

const paths = list(words, MANY);
const found = { path };

const FINDINGS = {
  /** `target`: what the link says, or `directory` or `file`. */
  currentForeign: record({ ...found, target: words, wasLive: orNull(word) }),
  currentMissing: record({ ...found, wasLive: word }),
  currentDangling: record({ ...found, target: words, wasLive: orNull(word) }),
  unconfirmedSwitch: record({
    ...found,
    from: orNull(releaseId),
    to: releaseId,
    operation: words,
    at: moment,
  }),
  launcherMissing: record(found),
  launcherOutdated: record(found),
  linkMissing: record(found),
  linkDangling: record(found),
  /** `same`: it holds exactly what the live release has under that name. */
  plainName: record({ ...found, same: flag }),
  staging: record(found),
  temporary: record(found),
  unfinishedRelease: record(found),
  unfinishedEnvironment: record(found),
  adoptionLeftover: record(found),
  orphanRecord: record(found),
  foreignInReleases: record(found),
  unknownRelease: record({ ...found, live: flag }),
  manifestMissing: record({ ...found, live: flag }),
  damagedRelease: record({
    ...found,
    live: flag,
    missing: paths,
    modified: paths,
    counts: record({ missing: count, modified: count }),
  }),
  writable: record({ ...found, paths, count }),
  orphanEnvironment: record(found),
  /** `count`: of the releases that lead to it; the list names the first. */
  ailingEnvironment: record({ ...found, problem: words, releases: list(releaseId, MANY), count }),
  owner: record({ ...found, uid: number, gid: number }),
  foreignLock: record({ ...found, tool: words }),
} as const;

/** One thing that is not as it should be, as the engine's side tells it. */
export const finding = variants('kind', FINDINGS);
export type RawFinding = TypeOf<typeof finding>;
export type FindingKind = RawFinding['kind'];

/** A finding of one kind. */
export type FindingOf<K extends FindingKind> = Extract<RawFinding, { kind: K }>;

/** The kinds that are known here: a word of any other would have no meaning. */
export const findingKind = oneOf(...(Object.keys(FINDINGS) as FindingKind[]));

/** The single steps that put something right; see the executor's `repairing`. */
export const repairKind = oneOf('leftovers', 'links', 'adoption', 'missingFiles', 'readOnly', 'owner');
export type RepairKind = TypeOf<typeof repairKind>;
