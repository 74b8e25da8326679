/** Counts down what may still be done with patterns that come from elsewhere; where there is none, all may be. */
export interface Meter {
  left: number;
}

/** Takes `work` off a meter: whether that was more than was left. */
export function exceeds(meter: Meter | undefined, work: number): boolean {
  if (!meter) return false;
  meter.left -= work;
  return meter.left < 0;
}
