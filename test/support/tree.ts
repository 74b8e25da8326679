import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A tree as it is written to disk: text is a file, `{ link }` a symbolic link, `null` an empty directory. */
export type Tree = Record<string, string | Buffer | { link: string } | null>;

/** Writes a tree below a directory, which is made when it isn't there. */
export async function writeTree(root: string, tree: Tree): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    const location = join(root, path);
    await mkdir(content === null ? location : dirname(location), { recursive: true });
    if (content === null) continue;
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(location, content);
    else await symlink(content.link, location);
  }
}
