import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Where Markdown of ours lies, beside the root itself. */
const FOLDERS = ['.github', 'docs'];

/** The absolute paths of all Markdown files of the repository. */
export function markdownFiles(): string[] {
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return [...readdirSync(ROOT), ...below]
    .filter((path) => path.endsWith('.md'))
    .sort()
    .map((path) => join(ROOT, path));
}
