/** What is undone of a conversation whose executor was killed: by the next one, as by its own end. */
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { repairEngine } from '../../../nodes/shared/operations/repair';
import { bring } from '../../support/conversation';
import {
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath, asEntrypoint } from '../../support/named';
import { keptNames, liveTree, seenThrough, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(60_000);
const make = temporaryDirectories();
let v2: string;
let base: string;
let client: ExecutorClient;

beforeAll(async () => {
  [v2] = await engineVersions(make, 'v2');
});

beforeEach(async () => {
  [base] = await engineVersions(make, 'base');
  await deployTo(base, v2);
  client = await openClient();
});

const journal = () => join(base, '.hot-deploy/undo.jsonl');
const history = () => readFileSync(join(base, '.hot-deploy/history.jsonl'), 'utf8');
const lock = (one: ExecutorClient, clean?: boolean) =>
  one.call('lock', {
    basePath: asBasePath(base),
    create: false,
    holder: { workflow: 'nightly', operation: 'deploy' },
    waitSeconds: 5,
    clean,
  });

async function kill(): Promise<void> {
  const ended = thrownBy(
    client.call('list', { basePath: asBasePath(base) }).then(() => client.call('attach', {})),
  );
  process.kill(client.hello.processId, 'SIGKILL');
  await ended;
  await client.close();
}

/** What the next operation's lock says that it removed, and what it leaves to undo. */
async function next(): Promise<ReadonlyArray<readonly [string, string]>> {
  const { cleaned } = await inConversation((other) => lock(other));
  expect(existsSync(journal())).toBe(false);
  return cleaned;
}

test('P3: a release that was ready, and a backup, are removed; the history says who had asked', async () => {
  const before = keptNames(base);
  await lock(client);
  const [live] = before.releases.slice(-1);
  await client.call('archive', { release: live as never });
  const release = await bring(client, base, { 'run.py': 'print(3)\n' });
  await kill();
  expect(await next()).toEqual([['unfinishedRelease', `releases/${release}`]]);
  expect({ ...keptNames(base), '.hot-deploy': [] }).toEqual({ ...before, '.hot-deploy': [] });
  const told = JSON.parse(history().trim().split('\n').pop() as string) as object;
  expect(told).toMatchObject({
    event: 'discarded',
    to: release,
    reason: 'the conversation was cut off',
    by: { workflow: 'nightly', operation: 'deploy' },
  });
  expect((await inConversation((other) => lock(other))).cleaned).toEqual([]);
});

test('P2: a switch that waits for a decision keeps its release and its backup until there is one', async () => {
  const before = keptNames(base);
  await lock(client);
  const [live] = before.releases.slice(-1);
  const { name } = await client.call('archive', { release: live as never });
  const release = await bring(client, base, { 'run.py': 'print(3)\n' });
  await client.call('flip', { release, operation: 'deploy', entrypoint: asEntrypoint('run.py') });
  await kill();
  await inConversation(async (other) => {
    expect((await lock(other)).cleaned).toEqual([]);
    expect(keptNames(base)).toMatchObject({
      releases: expect.arrayContaining([release]),
      backups: expect.arrayContaining([name]),
    });
  });
  expect(keptNames(base).releases).toContain(release);
  await inConversation(async (other) => {
    await lock(other);
    await other.call('revert', { reason: 'no' });
  });
  expect({ ...keptNames(base), '.hot-deploy': [] }).toEqual({ ...before, '.hot-deploy': [] });
  expect(existsSync(journal())).toBe(false);
  expect(liveTree(base)).toEqual(treeOf(v2));
});

test('P2: a half return to a plain directory is taken back, but for what was edited since', async () => {
  const before = seenThrough(base);
  await lock(client);
  const { names } = await client.call('detach', { entrypoint: asEntrypoint('run.py') });
  await kill();
  expect(names).toContain('src');
  expect(seenThrough(base)).not.toEqual(before);
  await writeFile(join(base, 'config', 'mine.json'), '{}');
  expect(await next()).toEqual([['staging', '.hot-deploy/staging/detached']]);
  expect(lstatSync(join(base, 'src')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(base, 'run.py'), 'utf8')).toContain('hot-deploy launcher');
  expect(readdirSync(join(base, 'config'))).toContain('mine.json');
  // What is edited goes live with the next deployment, as any edit of a plain name does.
  await rm(join(base, 'config'), { recursive: true });
  await symlink('current/config', join(base, 'config'));
  expect(seenThrough(base)).toEqual(before);
});

test('Repair Engine finds what would be undone, and undoes it', async () => {
  await lock(client);
  const release = await bring(client, base, { 'run.py': 'print(3)\n' });
  await kill();
  const repair = (dryRun: boolean) =>
    inConversation((other) => repairEngine(other, { ...deployOptions(base), dryRun }));
  const finding = { kind: 'unfinishedRelease', path: `releases/${release}` };
  expect(await repair(true)).toMatchObject({ status: 'planned', findings: [finding] });
  expect(keptNames(base).releases).toContain(release);
  expect(await repair(false)).toMatchObject({ status: 'repaired', findings: [{ ...finding, done: true }] });
  expect(keptNames(base).releases).not.toContain(release);
  expect((await repair(false)).status).toBe('sound');
});

test('what a newer version wrote down to be undone is left to it', async () => {
  await client.close();
  const line = '{"verb":"closeSocket","arguments":{"path":"x"},"since":0,"by":null}\n';
  writeFileSync(journal(), line);
  await deployTo(base, v2, { deployUnchanged: true });
  expect(readFileSync(journal(), 'utf8')).toBe(line);
});
