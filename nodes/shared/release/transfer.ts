import type { BasePath, ReleaseId } from '../contract/names';
import { createDeflate } from 'node:zlib';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Comparison, EntryRow } from '../contract/facts';
import type { ReleaseRecord } from '../contract/records';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import type { Bundle, BundleEntry } from '../source/bundle';
import { directoryDigestsInSteps } from '../source/digest';
import { inTurns, withPauses } from '../source/turns';
import { releaseTime } from './layout';
import type { Foreseen, Live } from './live';

/** Below this many entries, listing them all costs less than first asking which directories differ. */
const LIST_ALL_BELOW = 250;
const PIECE_BYTES = 128 * 1024;

/** The part of a bundle that has to be listed: its entries outside the directories that both sides have alike. */
export interface Difference {
  entries: BundleEntry[];
  sameDirectories: string[];
}

/** Finds out, with one short line for each directory, which part of the bundle differs from what is live. */
export async function difference(
  client: ExecutorClient,
  basePath: BasePath,
  bundle: Bundle,
  live: Live | Foreseen | undefined,
): Promise<Difference> {
  if (!live || bundle.entries.length < LIST_ALL_BELOW)
    return { entries: bundle.entries, sameDirectories: [] };
  const directories = [...(await inTurns(directoryDigestsInSteps(bundle.entries)))];
  const { differing } = await client.call('compareDirectories', {
    ...askedAbout(basePath, live),
    directories,
  });
  const different = new Set(differing);
  return {
    entries: bundle.entries.filter((entry) => different.has(directoryOf(entry.path))),
    sameDirectories: directories.map(([path]) => path).filter((path) => !different.has(path)),
  };
}

/** Which release a question is about. */
export function askedAbout(
  basePath: BasePath,
  live: Live | Foreseen | undefined,
): { basePath: BasePath; release: ReleaseId | null; kept?: string[] } {
  if (!live) return { basePath, release: null };
  return live.release === null
    ? { basePath, release: null, kept: live.keep }
    : { basePath, release: live.release };
}

/** The entries as they cross the wire. */
export async function rowsOf(entries: readonly BundleEntry[]): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  const add = ({ path, type, mode, size, digest, target }: BundleEntry): void => {
    rows.push([path, type, mode, size, digest, target ?? null]);
  };
  await inTurns(withPauses(entries, add));
  // What is done with them next is worth a turn of its own.
  await nextTurn();
  return rows;
}

/** Announces a release and learns what it needs and changes. */
export async function announce(
  client: ExecutorClient,
  basePath: BasePath,
  digest: string,
  { entries, sameDirectories }: Difference,
  live: Live | undefined,
): Promise<Comparison & { release: ReleaseId }> {
  const compared = await client.call('compare', {
    ...askedAbout(basePath, live),
    entries: await rowsOf(entries),
    sameDirectories,
  });
  const { needed } = compared;
  for (const index of needed) pathAt(entries, index);
  const keep = live?.keep ?? [];
  const received = { time: releaseTime(), digest, live: live?.release ?? null, needed, keep };
  return { ...compared, ...(await client.call('receive', received)) };
}

/**
 * Sends what the announced release needs and has it assembled, compiled and placed beside the others.
 *
 * When the source can't be read to its end, the conversation is ended: the executor removes what it had begun.
 */
export async function assemble(
  client: ExecutorClient,
  bundle: Bundle,
  { entries }: Difference,
  needed: readonly number[],
  record: Partial<ReleaseRecord>,
): Promise<{ compiled: number; carriedOver: number }> {
  const encoding = client.connection.remote ? 'deflate' : 'identity';
  const assembled = client.call('assemble', { encoding, record });
  // A refusal that arrives while content is still on its way is heard when that is through.
  assembled.catch(() => undefined);
  try {
    const wanted = new Set(needed.map((index) => pathAt(entries, index)));
    const content = contentOf(bundle, wanted);
    await client.sendContent(encoding === 'deflate' ? compressed(content) : content);
  } catch (error) {
    await client.close();
    throw toDeployError(error);
  }
  return assembled;
}

/** Only what was announced is ever sent. */
function pathAt(entries: readonly BundleEntry[], index: number): string {
  const entry = entries[index];
  if (entry) return entry.path;
  throw new DeployError('STEP', `The engine’s side asks for entry ${index} of ${entries.length}.`, {
    description: 'That is no executor of ours, or a defect. Nothing of it was sent.',
  });
}

/** The wanted files' content in one stream, in pieces that are worth a frame. */
async function* contentOf(bundle: Bundle, wanted: ReadonlySet<string>): AsyncGenerator<Uint8Array> {
  if (wanted.size === 0) return;
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const file of bundle.read(wanted)) {
    for await (const chunk of file.chunks) {
      pieces.push(chunk);
      length += chunk.length;
      if (length < PIECE_BYTES) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(pieces);
}

function compressed(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const deflate = createDeflate({ level: 3 });
  const source = Readable.from(content, { objectMode: false });
  source.on('error', (error) => deflate.destroy(error));
  return source.pipe(deflate);
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
