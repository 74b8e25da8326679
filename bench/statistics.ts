/** Middle and extremes of some measurements. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Summarises at least one number. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
  return {
    median: sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : median,
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}
