/** Engines that look for all that a plain directory has, and runs of them that wait until they may look. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { temporaryDirectories } from './deployment';
import { BESIDE_ENGINE, placeEngine } from './placeProbes';
import { writeTree } from './tree';

export const SYSTEM_PYTHON = '/usr/bin/python3';

/** What the probes of a run find, by name, once it goes on. */
export type PlaceRun = () => Promise<Record<string, string>>;

/** For a test file: directories that go after it, and processes that are ended after each test. */
export function placeEngines() {
  const make = temporaryDirectories();
  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

  /** A directory that holds a version. */
  async function version(text: string): Promise<string> {
    const source = await make(`place-${text}`);
    await writeTree(source, placeEngine(text));
    return source;
  }

  /** The base path `app` of a plain engine that everybody may write to, with neighbours beside and above. */
  async function plain(): Promise<string> {
    const above = await make('place');
    await chmod(above, 0o777);
    await writeTree(above, { 'common/shared.txt': 'common\n' });
    const base = join(above, 'app');
    await mkdir(base);
    await writeTree(base, { ...placeEngine('0'), ...BESIDE_ENGINE });
    execFileSync(SYSTEM_PYTHON, ['-m', 'venv', '--without-pip', join(base, '.venv')]);
    execFileSync('chmod', ['-R', 'a+rwX', base]);
    return base;
  }

  /** Starts a command that says something at once; what it says after that, once it is given a line. */
  async function started(words: readonly string[], cwd: string): Promise<() => Promise<string>> {
    const [program, ...others] = words as [string, ...string[]];
    const child = spawn(program, others, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    return async () => {
      child.stdin.end('\n');
      await ended;
      return said.replace(/^ready\n/, '').trim();
    };
  }

  /** As {@link started}, for a run of the engine. */
  async function run(words: readonly string[], cwd: string): Promise<PlaceRun> {
    const goOn = await started(words, cwd);
    return async () => JSON.parse(await goOn()) as Record<string, string>;
  }

  return { make, version, plain, started, run };
}
