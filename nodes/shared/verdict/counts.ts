/** How runs ended, of one release. Runs of which nobody knows how they ended are in neither number. */
export interface Counts {
  readonly runs: number;
  /** Of these. */
  readonly failed: number;
}

/** What a verdict is made of. */
export interface Evidence {
  readonly candidate: Counts;
  /** Live runs that started meanwhile, or before where there are none; nothing where there was no other release. */
  readonly control: Counts;
}

/** One run that has ended. */
export interface EndedRun {
  /** What it worked on; null for one that is like no other. */
  readonly input: string | null;
  readonly failed: boolean;
}

/**
 * Counts runs of one release: those of one input are one vote, which failed if any of them did. Fifty retries of one
 * document that nothing can read say no more than the first.
 */
export function votes(runs: Iterable<EndedRun>): Counts {
  const byInput = new Map<string | symbol, boolean>();
  for (const { input, failed } of runs) {
    const vote = input ?? Symbol('a run by itself');
    byInput.set(vote, failed || byInput.get(vote) === true);
  }
  return { runs: byInput.size, failed: [...byInput.values()].filter(Boolean).length };
}
