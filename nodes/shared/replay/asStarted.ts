import { type Entrypoint, entrypointNames } from '../contract/names';
import type { RunRequest } from '../run/request';

/** What a replay starts, as the workflow does: the entrypoint, or where there is none the program that the words begin with. */
export function asStarted(
  entrypoint: Entrypoint,
  given: readonly string[],
): Pick<RunRequest, 'start'> & { words: readonly string[] } {
  const [name] = entrypointNames(entrypoint);
  if (name !== undefined) return { start: { kind: 'entrypoint', name }, words: given };
  const [program = '', ...words] = given;
  return { start: { kind: 'program', name: program }, words };
}
