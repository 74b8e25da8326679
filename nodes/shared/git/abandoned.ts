import { lstat, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** A directory without a socket is being made, or its maker was killed in that instant. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes this user's directories whose names begin with `prefix` and on whose `socket` nobody listens any more. */
export async function removeAbandoned(parent: string, prefix: string, socket: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const directory = join(parent, name);
    try {
      const { uid, mtimeMs } = await lstat(directory);
      if (uid !== process.getuid?.()) continue;
      const answer = await knock(join(directory, socket));
      const gone = answer === 'ECONNREFUSED' || (answer === 'ENOENT' && Date.now() - mtimeMs > DAY_MS);
      if (gone) await rm(directory, { recursive: true, force: true });
    } catch {
      // Somebody else removes it, or it can't be removed: the next one tries again.
    }
  }
}

/** How connecting to a socket ends: `open`, or the system's code. */
function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve('open');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
