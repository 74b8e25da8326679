import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/**
 * Gives a user of this machine a rule for sudo, such as `ALL=(ALL) NOPASSWD: ALL`, in a file of its own that visudo has
 * approved first. Returns what takes it away again; call it in `afterAll`. Needs root.
 */
export function allowSudo(username: string, rule: string): () => void {
  const line = `${username} ${rule}\n`;
  execFileSync('visudo', ['-c', '-q', '-f', '-'], { input: line });
  const file = `/etc/sudoers.d/${username}`;
  writeFileSync(file, line, { mode: 0o440, flag: 'wx' });
  return () => rmSync(file, { force: true });
}
