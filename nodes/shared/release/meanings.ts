import type { FindingKind, FindingOf, RawFinding, RepairKind } from '../contract/findings';
import { printable } from '../text/printable';

/** One thing that was found, as people read it. */
export interface Finding {
  kind: FindingKind;
  /** Below the base path. */
  path: string;
  /** What it is, and where it comes from. */
  explanation: string;
  /** What is done about it, or what a person may do. */
  action: string;
  /** Whether that was done. */
  done: boolean;
}

/**
 * What becomes of a kind of finding: one of the executor's repairs; `restore`, which makes a whole release live;
 * `settle`, which decides on an interrupted switch; `remove`, for environments; `nothing`, for what people decide on.
 */
export type Remedy = RepairKind | 'restore' | 'settle' | 'remove' | 'nothing';

interface Meaning<K extends FindingKind> {
  explanation: string | ((finding: FindingOf<K>) => string);
  action: string | ((finding: FindingOf<K>) => string);
  remedy: Remedy | ((finding: FindingOf<K>) => Remedy);
}

const RESTORE = 'The newest release that was live, is whole and passes its checks is made live again';
const BY_HAND = 'Nothing: it is not ours. Remove it when you know what it is';
const REMOVE = 'It is removed';
const DEPLOY_AGAIN = 'Deploy again, or roll back: both make a whole release live';

const MEANINGS: { [K in FindingKind]: Meaning<K> } = {
  currentForeign: {
    explanation: ({ target }) =>
      target === 'directory' || target === 'file'
        ? `A ${target} stands where the link to the live release belongs.`
        : `It points to ${JSON.stringify(target)}, which no deployment made.`,
    action: ({ wasLive }) =>
      wasLive ? `${RESTORE}; what stands there is kept in .hot-deploy/aside` : BY_HAND,
    remedy: ({ wasLive }) => (wasLive ? 'restore' : 'nothing'),
  },
  currentMissing: {
    explanation: ({ wasLive }) => `The link to the live release is gone; ${wasLive} was live.`,
    action: RESTORE,
    remedy: 'restore',
  },
  currentDangling: {
    explanation: ({ target }) => `It leads to release ${target}, which is gone.`,
    action: RESTORE,
    remedy: 'restore',
  },
  unconfirmedSwitch: {
    explanation: ({ operation, to, at }) =>
      `The switch to ${to} (${operation}, ${at}) was cut off before its end.`,
    action: 'The checks after the switch are run: when all pass it is kept, otherwise taken back',
    remedy: 'settle',
  },
  launcherMissing: {
    explanation: 'The launcher that starts the live release is gone.',
    action: 'It is written again',
    remedy: 'links',
  },
  launcherOutdated: {
    explanation: 'The launcher is another one than this version writes: an older one, or edited.',
    action: 'It is written again',
    remedy: 'links',
  },
  linkMissing: {
    explanation: 'The link to what the live release has under this name is gone.',
    action: 'It is made again',
    remedy: 'links',
  },
  linkDangling: {
    explanation: 'It leads to a name that the live release does not have.',
    action: REMOVE,
    remedy: 'links',
  },
  plainName: {
    explanation: ({ same }) =>
      same
        ? 'An adoption was cut off: the live release has the very same, but the name does not lead there yet.'
        : 'Something else than a link to the live release stands under a deployed name.',
    action: ({ same }) =>
      same
        ? 'It is exchanged for its link; the original is kept in .hot-deploy/adopted'
        : 'Nothing: extractions use it. The next deployment takes it into a release first',
    remedy: ({ same }) => (same ? 'adoption' : 'nothing'),
  },
  staging: {
    explanation: 'A release or environment that was being made, or removed, when the operation was cut off.',
    action: REMOVE,
    remedy: 'leftovers',
  },
  temporary: { explanation: 'A file whose writing was cut off.', action: REMOVE, remedy: 'leftovers' },
  unfinishedRelease: {
    explanation: 'A release whose checks were cut off before they had passed.',
    action: 'It is removed, unless an extraction runs it',
    remedy: 'leftovers',
  },
  unfinishedEnvironment: {
    explanation: 'A virtual environment that was not built to its end.',
    action: 'It is removed, unless a process runs in it',
    remedy: 'leftovers',
  },
  adoptionLeftover: {
    explanation: 'What an interrupted adoption had ready.',
    action: REMOVE,
    remedy: 'leftovers',
  },
  orphanRecord: { explanation: 'The record of a release that is gone.', action: REMOVE, remedy: 'leftovers' },
  foreignInReleases: {
    explanation: 'Its name is none of a release that was made here.',
    action: BY_HAND,
    remedy: 'nothing',
  },
  unknownRelease: {
    explanation: ({ live }) =>
      `A release without a readable record: nobody can tell where it comes from${live ? ', and it is live' : ''}.`,
    action: ({ live }) =>
      live ? DEPLOY_AGAIN : 'Nothing: it can’t go live. Remove it when you don’t need it',
    remedy: 'nothing',
  },
  manifestMissing: {
    explanation: ({ live }) =>
      `The list of its files is gone or damaged: nobody can tell whether it is whole${live ? ', and it is live' : ''}.`,
    action: ({ live }) => (live ? DEPLOY_AGAIN : 'Nothing: it can’t go live. Deploy that version again'),
    remedy: 'nothing',
  },
  damagedRelease: {
    explanation: ({ counts, missing, modified }) =>
      `It is not what was recorded: ${[
        counts.missing && `${counts.missing} missing (${missing[0]})`,
        counts.modified && `${counts.modified} changed (${modified[0]})`,
      ]
        .filter(Boolean)
        .join(', ')}.`,
    action: ({ live, counts }) => {
      if (live) return `Nothing, as edits are not written over. ${DEPLOY_AGAIN}`;
      if (counts.modified)
        return 'Nothing, as edits are not written over. It can’t go live; deploy that version again';
      return 'Its missing files are restored where another release has the very same content';
    },
    remedy: ({ live, counts }) => (live || counts.modified ? 'nothing' : 'missingFiles'),
  },
  writable: {
    explanation: ({ count, paths }) =>
      `${count} of its files can be written to (${paths[0]}), as nobody should.`,
    action: 'The permission to write is taken away',
    remedy: 'readOnly',
  },
  orphanEnvironment: {
    explanation: 'A virtual environment that no release leads to.',
    action: 'It is removed, unless a process runs in it',
    remedy: 'remove',
  },
  ailingEnvironment: {
    explanation: ({ problem, releases }) => `The virtual environment of ${releases.join(', ')} ${problem}.`,
    action: 'Nothing: the next switch to such a release builds it again',
    remedy: 'nothing',
  },
  owner: {
    explanation: ({ uid, gid }) => `It belongs to ${uid}:${gid}, and not to whom the engine belongs.`,
    action: 'It is given to the engine’s owner',
    remedy: 'owner',
  },
  foreignLock: {
    explanation: ({ tool }) => `${tool} leaves this when it is cut off, and may still be at work.`,
    action: 'Nothing: it is not ours. See that no such program runs, then remove it',
    remedy: 'nothing',
  },
};

/** What a finding means, and what is done about it. */
export function explain(finding: RawFinding): { finding: Finding; remedy: Remedy } {
  const { kind, path } = finding;
  const meaning = MEANINGS[kind] as Meaning<FindingKind>;
  const told = <T>(value: T | ((finding: RawFinding) => T)): T =>
    typeof value === 'function' ? (value as (finding: RawFinding) => T)(finding) : value;
  const explanation = printable(told(meaning.explanation));
  return {
    finding: { kind, path, explanation, action: `${told(meaning.action)}.`, done: false },
    remedy: told(meaning.remedy),
  };
}

/** What was removed as the lock was taken, in the same form. */
export function alreadyRemoved(cleaned: ReadonlyArray<[FindingKind, string]>): Finding[] {
  return cleaned.map(([kind, path]) => {
    const { finding } = explain({ kind, path } as RawFinding);
    return { ...finding, done: true };
  });
}
