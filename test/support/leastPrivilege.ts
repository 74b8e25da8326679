import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Access } from '../../nodes/shared/executor/access';
import { programDigest } from '../../nodes/shared/executor/program';

const ROOT = join(__dirname, '..', '..');
const DOCUMENTED = '/usr/local/bin/hot-deploy-python';

/** `hot-deploy-python` as an administrator installs it, in a place of the test's own. */
export interface Wrapper {
  path: string;
  /** Replaces the list of executors that it runs. */
  list(...executors: Access[]): void;
  listFile: string;
}

/** Installs the shipped wrapper in `directory`, with a list beside it. */
export function installWrapper(directory: string): Wrapper {
  chmodSync(directory, 0o755);
  const [path, listFile] = [join(directory, 'hot-deploy-python'), join(directory, 'executors')];
  const text = readFileSync(join(ROOT, 'examples/hot-deploy-python'), 'utf8');
  const changed = text.replace('LIST = "/etc/hot-deploy/executors"', `LIST = ${JSON.stringify(listFile)}`);
  if (changed === text) throw new Error('the wrapper has its list somewhere else');
  writeFileSync(path, changed, { mode: 0o755 });
  chownSync(path, 0, 0);
  const list = (...executors: Access[]) => {
    const lines = executors.map((access) => `${programDigest(access)}  0.1.0 ${access}\n`);
    writeFileSync(listFile, `# Executors of Hot Deploy\n\n${lines.join('')}`, { mode: 0o644 });
  };
  list('full', 'readOnly');
  return { path, list, listFile };
}

/** The blocks of one kind in docs/least-privilege.md, for this user, wrapper and others; the text is the document's. */
export function documented(kind: string, changes: Record<string, string>): string[] {
  const document = readFileSync(join(ROOT, 'docs/least-privilege.md'), 'utf8');
  const blocks = [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === kind);
  return blocks.map(([, , text]) =>
    Object.entries(changes).reduce((block, [from, to]) => block.replaceAll(from, to), text),
  );
}

export { DOCUMENTED as DOCUMENTED_WRAPPER };
