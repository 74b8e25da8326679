/** What a replay tells of a release. Pure: the same comparisons always come to the same verdict. */
import { isAtMost, type Limit } from '../verdict/fraction';
import { isFatter, isSlower, median } from '../verdict/paired';
import { signTest } from '../verdict/signTest';
import type { Comparison } from './compareRuns';
import type { Difference } from './differences';
import type { Observed } from './observed';
import type { InputFailure, ReplayVerdict } from './replaySettings';

type Seen = Omit<Observed, 'parts'>;

/** One input's runs. What was not compared, since one of its runs did not succeed, is left out. */
export interface InputRuns {
  readonly input: string;
  readonly live: Seen;
  readonly again: Seen;
  readonly other: Seen;
  /** The other release once more, where it did not succeed at first. */
  readonly repeated?: Seen;
  /** Fields that differ between both runs of the live release. */
  readonly noise?: ReadonlySet<string>;
  /** Between the live release and the other one; differences of those fields are not listed. */
  readonly found?: Comparison;
}

export interface FoundOfInput extends Difference {
  readonly input: string;
}

export interface Judged {
  readonly verdict: ReplayVerdict;
  /** Inputs with which the live release succeeded twice: only they tell something. */
  readonly usable: number;
  /** Inputs that the live release itself does not get through, and why. */
  readonly unusable: readonly InputFailure[];
  /** Inputs that only the other release does not get through. */
  readonly failing: readonly InputFailure[];
  /** Files that only the live release puts out. */
  readonly missing: ReadonlyArray<{ readonly input: string; readonly file: string }>;
  readonly slower: boolean;
  readonly fatter: boolean;
  /** Medians, the other release's divided by the live one's; null where no input tells. */
  readonly timeRatio: number | null;
  readonly memoryRatio: number | null;
  readonly differences: readonly FoundOfInput[];
  readonly unlisted: number;
  /** Tells those that are not listed from others. */
  readonly rest: readonly string[];
  /** Fields that the live release does not put out alike twice. */
  readonly noisy: readonly string[];
  /** Of them, those that the other release varies more often. */
  readonly noisier: readonly string[];
  /** Fields that were compared and are not noisy. */
  readonly steady: number;
}

/** As unlikely by chance as this, for a field that varies anyway. */
const NOISIER: Limit = [5, 100];

/** `unfinished`: whether the time was over before all inputs were through. */
export function judgeReplay(inputs: readonly InputRuns[], unfinished: boolean): Judged {
  const usable = inputs.filter(({ live, again }) => succeeded(live) && succeeded(again));
  const through = usable.filter(
    ({ other, repeated }) => succeeded(other) || (repeated && succeeded(repeated)),
  );
  const noisy = new Set(usable.flatMap(({ noise }) => [...(noise ?? [])]));
  const differences = usable.flatMap((each) => [...unstable(each), ...steadyDifferences(each, noisy)]);
  const differs = usable.some(({ found }) =>
    [...(found?.differing ?? [])].some((field) => !noisy.has(field)),
  );
  const unlisted = differs ? usable.reduce((sum, { found }) => sum + (found?.unlisted ?? 0), 0) : 0;
  const fields = new Set(usable.flatMap(({ found }) => [...(found?.fields ?? [])]));
  const told = {
    usable: usable.length,
    unusable: inputs.flatMap(({ input, live, again }) => failure(input, [live, again])),
    failing: usable
      .filter((each) => !through.includes(each))
      .flatMap(({ input, other }) => failure(input, [other])),
    missing: usable.flatMap(({ input, found }) =>
      (found?.missing ?? []).filter((file) => !noisy.has(file)).map((file) => ({ input, file })),
    ),
    ...costs(through),
    differences,
    unlisted,
    rest: differs ? usable.map(({ found }) => found?.rest ?? '') : [],
    noisy: [...noisy].sort(),
    noisier: [...noisy].filter((field) => isNoisier(field, usable)).sort(),
    steady: [...fields].filter((field) => !noisy.has(field)).length,
  };
  return { verdict: verdictOf(told, unfinished), ...told };
}

function verdictOf(
  {
    failing,
    missing,
    slower,
    fatter,
    differences,
    unlisted,
    noisier,
    usable,
    steady,
  }: Omit<Judged, 'verdict'>,
  unfinished: boolean,
): ReplayVerdict {
  if (failing.length > 0 || missing.length > 0 || slower || fatter) return 'worse';
  if (differences.length > 0 || unlisted > 0 || noisier.length > 0) return 'different';
  return usable === 0 || steady === 0 || unfinished ? 'inconclusive' : 'same';
}

function succeeded({ status }: Seen): boolean {
  return status === 'succeeded';
}

function failure(input: string, runs: readonly Seen[]): InputFailure[] {
  const failed = runs.find((run) => !succeeded(run));
  return failed ? [{ input, why: failed.why ?? failed.status }] : [];
}

/** A release that fails once of twice, where the live one succeeds twice. */
function unstable({ input, other, repeated }: InputRuns): FoundOfInput[] {
  if (succeeded(other) || !repeated || !succeeded(repeated)) return [];
  return [
    { input, path: 'status', field: 'status', live: '"succeeded"', other: JSON.stringify(other.status) },
  ];
}

function steadyDifferences({ input, found }: InputRuns, noisy: ReadonlySet<string>): FoundOfInput[] {
  return (found?.differences ?? [])
    .filter(({ field }) => !noisy.has(field))
    .map((difference) => ({ input, ...difference }));
}

/** Among the inputs in which exactly one of both pairs differs there, by the sign test. */
function isNoisier(field: string, usable: readonly InputRuns[]): boolean {
  const told = usable
    .filter(({ found }) => found !== undefined)
    .map(({ noise, found }) => [noise?.has(field), found?.differing.has(field)] as const)
    .filter(([byItself, byOther]) => byItself !== byOther);
  const wins = told.filter(([, byOther]) => byOther).length;
  return told.length > 0 && isAtMost(signTest(wins, told.length), NOISIER);
}

function costs(
  through: readonly InputRuns[],
): Pick<Judged, 'slower' | 'fatter' | 'timeRatio' | 'memoryRatio'> {
  const pairs = through.map(({ live, again, other, repeated }) => {
    const run = succeeded(other) ? other : (repeated ?? other);
    return {
      time: run.durationMs / mean(live.durationMs, again.durationMs),
      memory: run.peakMemoryBytes / mean(live.peakMemoryBytes, again.peakMemoryBytes),
      more: run.peakMemoryBytes - mean(live.peakMemoryBytes, again.peakMemoryBytes),
    };
  });
  const times = pairs.map(({ time }) => time);
  const memory = pairs.map(({ memory }) => memory);
  if (pairs.length === 0) return { slower: false, fatter: false, timeRatio: null, memoryRatio: null };
  return {
    slower: isSlower(times),
    fatter: isFatter(
      memory,
      pairs.map(({ more }) => more),
    ),
    timeRatio: median(times),
    memoryRatio: median(memory),
  };
}

/** Never 0: what is measured in whole milliseconds may be. */
function mean(one: number, other: number): number {
  return Math.max((one + other) / 2, 1);
}
