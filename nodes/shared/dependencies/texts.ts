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
        texts.set(entry.path, Buffer.concat(pieces).toString('utf8'));
      }
      return texts;
    },
  };
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
