import { type InputRuns, judgeReplay, type Judged } from '../../nodes/shared/replay/judgeReplay';

/** How much a run's time varies from one to the next: the standard deviation of its logarithm. */
export const SPREAD = 0.15;
const MB = 1024 ** 2;

/** Two numbers of a normal distribution: G. E. P. Box and M. E. Muller (Annals of Mathematical Statistics 29, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A replay of so many inputs whose runs take a second or so, and `times` that with the new release. */
export function replayOfTimes(inputs: number, times: number, random: () => number): Judged {
  const seen = (factor: number) => ({
    ...{ status: 'succeeded' as const, peakMemoryBytes: 50 * MB },
    durationMs: Math.round(1000 * factor * Math.exp(SPREAD * normal(random))),
  });
  const through: InputRuns[] = Array.from({ length: inputs }, (_, number) => {
    const fields = new Set(['report.json']);
    const nothing = {
      differences: [],
      unlisted: 0,
      rest: '',
      fields,
      differing: new Set<string>(),
      missing: [],
    };
    return {
      ...{ input: String(number), live: seen(1), again: seen(1), other: seen(times) },
      ...{ noise: nothing.differing, found: nothing },
    };
  });
  return judgeReplay(through, false);
}
