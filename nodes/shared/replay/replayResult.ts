/** What comes out of a replay, as an item has it. */
import { createHash } from 'node:crypto';

import { type FoundOfInput, type InputRuns, type Judged, judgeReplay } from './judgeReplay';
import { replaySentence } from './replaySentence';
import {
  type ReplayDifference,
  type ReplayResult,
  type ReplaySettings,
  RUNS_OF_AN_INPUT,
} from './replaySettings';

/** As many entries of each kind as an output has. */
const LISTED = 50;

/** What is not told by the runs. */
interface Circumstances {
  readonly settings: ReplaySettings;
  readonly available: number;
  readonly unfinished: boolean;
  readonly unused: string[];
}

export function resultOfReplay(
  through: readonly InputRuns[],
  { settings, available, unfinished, unused }: Circumstances,
): ReplayResult {
  const judged = judgeReplay(through, unfinished);
  const { verdict, failing, unusable, missing, differences, unlisted, noisy, noisier, slower, fatter } =
    judged;
  const repeated = through.filter((each) => each.repeated !== undefined).length;
  return {
    verdict,
    summary: replaySentence(judged, { inputs: through.length, unfinished, maxMinutes: settings.maxMinutes }),
    ...{ inputs: through.length, available, runs: through.length * RUNS_OF_AN_INPUT + repeated, unfinished },
    failing: failing.slice(0, LISTED),
    unusable: unusable.slice(0, LISTED),
    missing: missing.slice(0, LISTED),
    differences: differences.slice(0, LISTED).map(shownDifference),
    differenceCount: differences.length + unlisted,
    differenceDigest: digestOf(judged),
    ...{ noisy: noisy.slice(0, LISTED), noisier: noisier.slice(0, LISTED), unused, slower, fatter },
    timeRatio: rounded(judged.timeRatio),
    memoryRatio: rounded(judged.memoryRatio),
    network: through.some(isOnline) ? 'on' : 'off',
  };
}

function isOnline({ live, again, other }: InputRuns): boolean {
  return [live, again, other].some(({ network }) => network !== 'off');
}

function shownDifference({ input, path, live, other }: FoundOfInput): ReplayDifference {
  return { input, path, live: live ?? null, other: other ?? null };
}

/** By which exactly these differences can be approved. */
function digestOf({ differences, unlisted, rest, noisier }: Judged): string | null {
  if (differences.length === 0 && unlisted === 0 && noisier.length === 0) return null;
  const lines = differences.map(shownDifference).map((each) => JSON.stringify(Object.values(each)));
  const what = JSON.stringify([lines.sort(), rest, noisier]);
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}

function rounded(ratio: number | null): number | null {
  return ratio === null ? null : Math.round(ratio * 100) / 100;
}
