/** A probability as it is: whole numbers compare alike in every language, and rounded ones don't at a limit itself. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A limit on a probability, as data: `[1, 100]` is 1 %. */
export type Limit = [numerator: number, denominator: number];

/** As many bits as a number holds whatever they are. */
const BITS = 1000;

export function isAtMost({ numerator, denominator }: Fraction, [above, below]: Limit): boolean {
  return numerator * BigInt(below) <= BigInt(above) * denominator;
}

/** The nearest number, for people. */
export function toNumber({ numerator, denominator }: Fraction): number {
  const excess = BigInt(Math.max(0, denominator.toString(2).length - BITS));
  return Number(numerator >> excess) / Number(denominator >> excess);
}

/** In how many ways `some` are chosen from `all`. Both are whole and not negative. */
export function choose(all: number, some: number): bigint {
  if (some > all) return 0n;
  let ways = 1n;
  for (let count = 1; count <= some; count += 1) ways = (ways * BigInt(all - some + count)) / BigInt(count);
  return ways;
}
