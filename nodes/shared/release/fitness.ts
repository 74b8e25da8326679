import { DeployError } from '../errors';
import type { Probe } from '../executor/protocol';
import type { Bundle } from '../source/bundle';
import { refuseMergedNames } from '../source/paths';

/** Refuses a bundle that could not work in this place, before anything is sent or touched. */
export function refuseUnfit(bundle: Bundle, probe: Probe, entrypoint: string): void {
  if (probe.filesystem.mergesNames) refuseMergedNames(bundle.entries);
  if (bundle.entries.some(({ path }) => path === entrypoint)) return;
  throw new DeployError('INPUT', `The source has no ${entrypoint} at its top that the patterns include.`, {
    description:
      `Extractions are started through ${entrypoint}. Name the engine’s own file in Entrypoint and in Include, ` +
      'or choose the directory that holds it.',
  });
}
