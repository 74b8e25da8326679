import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type RunResult } from '../support/n8n';
import { checks, credentialFor, hotDeploy, items, onlyJson, openN8n } from '../support/nodes';
import { keptNames, liveTree, treeOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let onMessage: (line: string) => void = () => undefined;
let v1: string, v2: string;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd), { onConsole: ({ messages }) => onMessage(String(messages[0])) });
  [v1, v2] = await engineVersions(make, 'base', 'v2');
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

/** Two engines with the first version live. */
async function twoEngines(): Promise<string[]> {
  const parent = await make('fleet');
  const paths = [join(parent, 'a'), join(parent, 'b')];
  for (const basePath of paths) {
    await mkdir(basePath);
    onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v1 }))));
  }
  return paths;
}

/** Deploys the second version to both, and presses Stop when the console shows `line`. */
async function stoppedAt(paths: string[], line: RegExp, check: object): Promise<[RunResult, number]> {
  const controller = new AbortController();
  let stopped = 0;
  onMessage = (text) => {
    if (!line.test(text) || stopped) return;
    stopped = performance.now();
    controller.abort();
  };
  const node = hotDeploy(
    { basePath: '={{ $json.path }}', sourceDirectory: v2, checks: checks({ ...check, timeoutSeconds: 100 }) },
    { onError: 'continueRegularOutput' },
  );
  const fixtures = paths.map((path) => ({ json: { path } }));
  const result = await n8n.run(chain(items(...fixtures), node), { signal: controller.signal });
  return [result, performance.now() - stopped];
}

const LONG = 'import time\nprint("under way", flush=True)\ntime.sleep(90)';

test.each(['before', 'after'])(
  'P8: stopped in a long check %s the switch, it ends within 10 s, as if nothing had been',
  async (when) => {
    const paths = await twoEngines();
    const releases = paths.map((path) => readlinkSync(join(path, 'current')));
    const kept = paths.map(keptNames);
    const check = { type: 'python', name: 'long', code: LONG, when };

    const [result, milliseconds] = await stoppedAt(paths, /: long: under way/, check);
    expect(result.status).toBe('canceled');
    expect(milliseconds).toBeLessThan(10_000);
    expect(result.error('Hot Deploy')?.message).toMatch(
      /^The execution was cancelled\. Release .* is live in .*\/a/,
    );
    expect(paths.map((path) => readlinkSync(join(path, 'current')))).toEqual(releases);
    for (const path of paths) expect(liveTree(path)).toEqual(treeOf(v1));
    expect(paths.map(keptNames)).toEqual(kept);
    expect(existsSync(join(paths[0], '.hot-deploy', 'lock'))).toBe(true);
    execFileSync('flock', ['--nonblock', join(paths[0], '.hot-deploy', 'lock'), 'true']);
  },
);

test('P8: stopped while nothing has been started yet, nothing is', async () => {
  const basePath = join(await make('fleet'), 'a');
  const signal = AbortSignal.abort();
  const result = await n8n.run(chain(hotDeploy({ basePath, sourceDirectory: v2 })), { signal });
  expect(result.status).toBe('canceled');
  expect(existsSync(basePath)).toBe(false);
});
