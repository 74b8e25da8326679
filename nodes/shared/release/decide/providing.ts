import type { RecordedDependencies } from '../../contract/records';
import { isLeftAlone } from '../../dependencies/wanted';
import type { Provide, Subject } from '../steps';

/** What a release needs, beside what is live. */
export interface Needs {
  readonly release: Subject;
  readonly wanted: RecordedDependencies;
  readonly live: Subject | null;
  readonly liveHasPackages: boolean;
  readonly keep: boolean;
}

/** The step that gives a release what it needs; undefined where nothing is installed, and nothing was before. */
export function providing({ release, wanted, live, liveHasPackages, keep }: Needs): Provide | undefined {
  const installs = wanted.installs && !isLeftAlone(wanted, keep);
  if (!installs && !liveHasPackages) return undefined;
  return { step: 'provide', release, wanted, live, liveHasPackages, keep };
}
