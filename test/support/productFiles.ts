import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** The TypeScript files that the package is built of, relative to its root. */
export function productFiles(): string[] {
  return ['nodes', 'credentials'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${top}/${path}`),
  );
}
