import type { BasePath, ReleaseId } from '../contract/names';
import type { ExecutorClient } from '../executor/client';
import type { Bundle } from '../source/bundle';
import type { ReleaseFiles } from './requirementFiles';

/** What is larger is no list of requirements, in bytes. */
const LARGEST = 1024 * 1024;

/** A bundle's files. Reading some takes one more pass through an archive. */
export function filesOfBundle(bundle: Bundle): ReleaseFiles {
  return {
    entries: bundle.entries,
    async readTexts(paths) {
      const small = bundle.entries.filter(({ path, size }) => paths.includes(path) && size <= LARGEST);
      const texts = new Map<string, string>();
      if (small.length === 0) return texts;
      for await (const { entry, chunks } of bundle.read(new Set(small.map(({ path }) => path)))) {
        const pieces: Uint8Array[] = [];
        for await (const chunk of chunks) pieces.push(chunk);
        const text = decoded(Buffer.concat(pieces));
        if (text !== undefined) texts.set(entry.path, text);
      }
      return texts;
    },
  };
}

/** By the mark that a file begins with, as pip has it: PowerShell's `>` writes UTF-16. */
const MARKS = [
  { mark: '\xff\xfe', encoding: 'utf-16le' },
  { mark: '\xfe\xff', encoding: 'utf-16be' },
] as const;

/** A text without its mark, as the engine's side reads it; undefined where it is longer in UTF-8 than a text may be. */
export function decoded(content: Buffer): string | undefined {
  const start = content.toString('latin1', 0, 2);
  const encoding = MARKS.find(({ mark }) => mark === start)?.encoding ?? 'utf-8';
  const text = new TextDecoder(encoding).decode(content);
  return Buffer.byteLength(text) <= LARGEST ? text : undefined;
}

/** The files of a release on the engine's side, or of the backup that is being unpacked there. */
export function filesOfRelease(
  client: ExecutorClient,
  basePath: BasePath,
  release: ReleaseId,
  entries: ReleaseFiles['entries'],
): ReleaseFiles {
  return {
    entries,
    async readTexts(paths) {
      const { texts } = await client.call('texts', { basePath, release, paths });
      return new Map(Object.entries(texts).map(([path, text]) => [path, text ?? '']));
    },
  };
}
