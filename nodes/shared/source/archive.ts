import type { Readable } from 'node:stream';

import { ArchiveScan, type HardLink } from './archiveScan';
import type { Bundle, BundleEntry, BundleLimits, FileContent, Selection } from './bundle';
import { cancelled, throwIfCancelled } from './cancel';
import { openTarStream } from './compression';
import { LimitCounter } from './bundleLimits';
import { checkEntryPath } from './paths';
import { createSelection } from './patterns';
import { quote } from './quote';
import { TarReader, type TarMember } from './tar';
import { digestTree, nothingSelected } from './tree';
import { sourceChanged, verified } from './verify';

export interface ArchiveOptions {
  /** Opens the archive at its beginning, every time with the same bytes. Streams are destroyed after use. */
  open: () => Promise<Readable>;
  /** The archive's file name, for messages and outputs. */
  name?: string | undefined;
  selection: Selection;
  /** Default: `DEFAULT_LIMITS`. They count everything the archive holds, ignored members too. */
  limits?: BundleLimits | undefined;
  signal?: AbortSignal | undefined;
}

/** Files of which one pass through the archive yields the content, by the path that holds it. */
type Pass = Map<string, BundleEntry>;

/**
 * Opens a tar or tar.gz archive as a bundle: reads it once to check and hash it, and once more for every `read`.
 * Nothing is written to disk and nothing of the content is kept.
 *
 * One leading folder that everything in the archive lies in is stripped, as long as no pattern could select that
 * folder itself. Hard links become files with the content of the earlier member; their entries come last, and one
 * `read` takes one more pass for them, so ask for one path for each digest.
 *
 * Throws `INPUT` for an archive that is damaged, hostile, passes a limit, or of which nothing is selected, and
 * `CANCELLED`. Everything is refused as a whole: a path that leaves the archive is not skipped.
 */
export async function openArchive(options: ArchiveOptions): Promise<Bundle> {
  const shown = options.name === undefined ? 'the archive' : `the archive ${quote(options.name)}`;
  const streams = new Set<Readable>();
  const members = (): AsyncGenerator<TarMember> => readMembers(options, shown, streams);

  const scan = new ArchiveScan(createSelection(options.selection), options.signal);
  for await (const member of members()) await scan.add(member);
  scan.finish();
  const { hardLinks, rounds } = inRounds(scan);
  const entries = [...scan.entries, ...hardLinks];
  if (entries.length === 0) throw nothingSelected(shown, options.selection, [...scan.topLevel]);
  const digest = await digestTree(entries);
  return {
    source: { type: 'binary', reference: options.name },
    entries,
    ignored: scan.ignored.summary(),
    beside: scan.ignored.names(),
    digest,
    read: (wanted) => readFiles({ members, scan, rounds, signal: options.signal }, wanted),
    close: async () => {
      for (const stream of streams) stream.destroy();
    },
  };
}

/** The members of the archive, from a stream that is destroyed at the end or when the caller cancels. */
async function* readMembers(
  { open, limits, signal }: ArchiveOptions,
  shown: string,
  streams: Set<Readable>,
): AsyncGenerator<TarMember> {
  const stream = await open();
  streams.add(stream);
  // A stream destroyed before anybody reads from it would end the process otherwise; readers get the error anyway.
  stream.on('error', () => {});
  const abort = (): void => void stream.destroy(cancelled());
  signal?.addEventListener('abort', abort);
  try {
    throwIfCancelled(signal);
    const bytes = await openTarStream(stream, shown);
    for await (const member of new TarReader(bytes, new LimitCounter(limits), shown).members()) {
      throwIfCancelled(signal);
      yield member;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    streams.delete(stream);
    stream.destroy();
  }
}

/** An archive that was read once: how it is read again, and in which rounds its files come. */
interface Scanned {
  members: () => AsyncGenerator<TarMember>;
  scan: ArchiveScan;
  rounds: readonly Pass[];
  signal: AbortSignal | undefined;
}

/**
 * Distributes the files over passes: all members in the first, and in every further one at most one hard link to each,
 * in the order in which the archive holds their content.
 */
function inRounds(scan: ArchiveScan): { hardLinks: BundleEntry[]; rounds: Pass[] } {
  const files = scan.entries.filter((entry) => entry.type === 'file');
  const positions = new Map(files.map((entry, index) => [entry.path, index]));
  const position = (link: HardLink): number => positions.get(link.origin) ?? 0;
  const rounds: Pass[] = [new Map(files.map((entry) => [entry.path, entry]))];
  const used = new Map<string, number>();
  for (const link of [...scan.hardLinks].sort((a, b) => position(a) - position(b))) {
    const round = (used.get(link.origin) ?? 0) + 1;
    used.set(link.origin, round);
    rounds[round] ??= new Map();
    rounds[round].set(link.origin, link.entry);
  }
  return { hardLinks: rounds.slice(1).flatMap((round) => [...round.values()]), rounds };
}

async function* readFiles(
  { members, scan, rounds, signal }: Scanned,
  wanted: ReadonlySet<string>,
): AsyncGenerator<FileContent> {
  for (const round of rounds) {
    const missing: Pass = new Map([...round].filter(([, entry]) => wanted.has(entry.path)));
    if (missing.size === 0) continue;
    for await (const member of members()) {
      const path = member.type === 'file' ? scan.strip(checkEntryPath(member.path)) : '';
      const entry = missing.get(path);
      if (!entry) continue;
      missing.delete(path);
      yield { entry, chunks: verified(entry, member.body(), signal) };
      if (missing.size === 0) break;
    }
    for (const entry of missing.values()) throw sourceChanged(entry.path);
  }
}
