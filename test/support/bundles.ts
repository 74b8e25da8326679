import type { Bundle } from '../../nodes/shared/source/bundle';

/** Reads the wanted files of a bundle, by default all of them: their paths and content, in the order yielded. */
export async function readAll(bundle: Bundle, wanted?: string[]): Promise<Array<[string, string]>> {
  const files: Array<[string, string]> = [];
  const paths = wanted ?? bundle.entries.map((entry) => entry.path);
  for await (const { entry, chunks } of bundle.read(new Set(paths))) {
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    files.push([entry.path, Buffer.concat(pieces).toString()]);
  }
  return files;
}

/** The paths of a bundle's entries. */
export function paths(bundle: Bundle): string[] {
  return bundle.entries.map((entry) => entry.path);
}
