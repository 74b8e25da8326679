import { DeployError } from '../errors';

/** Extractions run what would be taken away from them. */
export function stillRunning(what: string, waitedSeconds?: number): DeployError {
  const after = waitedSeconds === undefined ? '' : ` after ${waitedSeconds} s`;
  return new DeployError('LOCKED', `Extractions still run${after}: ${what}.`, {
    description:
      'Raise Extraction Wait (Seconds): extractions that start meanwhile run the plain files, so that all others come to an end.',
  });
}
