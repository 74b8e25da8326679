import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Comparison, EntryRow } from '../../contract/facts';
import type { BasePath, ReleaseId } from '../../contract/names';
import { DeployError } from '../../errors';
import type { ExecutorClient } from '../../executor/client';
import type { Bundle, BundleEntry } from '../../source/bundle';
import { directoryDigestsInSteps } from '../../source/digest';
import { directoryOf } from '../../source/paths';
import { inTurns, withPauses } from '../../source/turns';
import type { Content } from '../bundleContent';
import type { AdoptionPreview, Live } from '../live';

/** Below this many entries, listing them all costs less than first asking which directories differ. */
const LIST_ALL_BELOW = 250;

/** The part of a bundle that has to be listed: its entries outside the directories that both sides have alike. */
export interface Difference {
  readonly entries: readonly BundleEntry[];
  readonly sameDirectories: readonly string[];
}

/** Which release a question is about. */
export interface Asked {
  readonly basePath: BasePath;
  readonly release: ReleaseId | null;
  readonly kept?: readonly string[] | undefined;
  readonly left?: readonly string[] | undefined;
}

/** The question about what is live, or about what an adoption would make. */
export function askedAbout(basePath: BasePath, live: Live | AdoptionPreview | undefined): Asked {
  if (!live) return { basePath, release: null };
  return live.release === null
    ? { basePath, release: null, kept: [...live.keep, ...live.sharedToo], left: live.left }
    : { basePath, release: live.release, kept: live.dropped };
}

/** Finds out, with one short line for each directory, which part of the bundle differs from what is live. */
export async function difference(client: ExecutorClient, bundle: Bundle, asked: Asked): Promise<Difference> {
  const nothing = asked.release === null && asked.kept === undefined;
  if (nothing || bundle.entries.length < LIST_ALL_BELOW)
    return { entries: bundle.entries, sameDirectories: [] };
  const directories = [...(await inTurns(directoryDigestsInSteps(bundle.entries)))];
  const { differing } = await client.call('compareDirectories', { ...asked, directories });
  const different = new Set(differing);
  return {
    entries: bundle.entries.filter((entry) => different.has(directoryOf(entry.path))),
    sameDirectories: directories.map(([path]) => path).filter((path) => !different.has(path)),
  };
}

/** Compares that part, entry by entry. The engine's side remembers it, for the release that is received of it. */
export async function compare(
  client: ExecutorClient,
  bundle: Bundle,
  { entries, sameDirectories }: Difference,
  asked: Asked & { sizes?: boolean | undefined },
): Promise<{ comparison: Comparison; content: Content }> {
  const rows = await rowsOf(entries);
  const comparison = await client.call('compare', { ...asked, entries: rows, sameDirectories });
  const { needed } = comparison;
  refuseUnannounced(needed, entries.length);
  return { comparison, content: { bundle, entries, needed } };
}

/** Only what was announced is ever sent. */
function refuseUnannounced(needed: readonly number[], announced: number): void {
  const index = needed.find((each) => each >= announced);
  if (index === undefined) return;
  throw new DeployError('STEP', `The engine’s side asks for entry ${index} of ${announced}.`, {
    description: 'That is no executor of ours, or a defect. Nothing of it was sent.',
  });
}

/** The entries as they cross the wire. */
async function rowsOf(entries: readonly BundleEntry[]): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  const add = ({ path, type, mode, size, digest, target }: BundleEntry): void => {
    rows.push([path, type, mode, size, digest, target ?? null]);
  };
  await inTurns(withPauses(entries, add));
  // What is done with them next is worth a turn of its own.
  await nextTurn();
  return rows;
}
