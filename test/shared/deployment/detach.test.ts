/** The way back to a plain directory: nobody notices, nothing is left, and a deployment adopts it again. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { getStatus } from '../../../nodes/shared/operations/status';
import { crashingPython, pythonWithoutExchange } from '../../support/changedPython';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  openClient,
  PYTHON,
  temporaryDirectories,
} from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { drawnStep } from '../../support/drawn';
import { makePdf } from '../../support/engine';
import { Crowd, expectWhole, Reader, startExtraction } from '../../support/extractions';
import { availablePythons } from '../../support/pythons';
import { size } from '../../support/size';
import { liveTree, seenThrough, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';
import { withUv } from '../../support/withUv';
import { asBasePath, asEntrypoint } from '../../support/named';

jest.setTimeout(120_000);
withoutInstallerSettings();
withUv();
const make = temporaryDirectories();
let pdf: string;
let v2: string;

beforeAll(async () => {
  pdf = join(await make('pdf'), 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
  [v2] = await engineVersions(make, 'v2');
});

/** Outside of proof, it is killed before one of so many next changes on disk. */
const STEP = 5;

const onTestEnd: Array<() => void> = [];
afterEach(() => onTestEnd.splice(0).forEach((end) => end()));

/** An engine that was adopted from version 1 and has version 2 live. */
async function deployed(): Promise<string> {
  const [base] = await engineVersions(make, 'base');
  await deployTo(base, v2);
  return base;
}

const wordsOf = (base: string) => readFileSync(join(base, 'run.py'), 'utf8');

/** Plain files and directories, with the content of `version`, which their owner may write to. */
function expectPlain(base: string, version: string): void {
  expect(seenThrough(base)).toEqual(treeOf(version));
  for (const name of ['src', 'config', 'run.py', 'src/extractor.py']) {
    const status = lstatSync(join(base, name));
    expect([name, status.isSymbolicLink(), status.mode & 0o200]).toEqual([name, false, 0o200]);
  }
  expect(wordsOf(base)).not.toContain('hot-deploy');
  expect(existsSync(join(base, 'current'))).toBe(false);
}

test('links and launcher become files again, history and backups stay, and deploying adopts it again', async () => {
  const base = await deployed();
  const { backup, release } = await deployTo(base, v2, { deployUnchanged: true });
  const result = await detachAt(base);
  expect(result).toMatchObject({
    status: 'detached',
    release,
    names: ['config', 'requirements.txt', 'src', 'run.py'],
    swap: { atomic: true, gapMs: 0 },
    packages: { needed: [], missing: [] },
    removed: { releases: expect.arrayContaining([release]), backups: [] },
    left: ['backups', '.hot-deploy'],
  });
  expectPlain(base, v2);
  expect(readdirSync(base).sort()).toEqual(
    ['.hot-deploy', 'backups', 'config', 'requirements.txt', 'run.py', 'src'].sort(),
  );
  expect(readdirSync(join(base, 'backups'))).toContain(backup);
  expect(readFileSync(join(base, '.hot-deploy/history.jsonl'), 'utf8')).toContain('"detached"');

  const status = await inConversation((client) => getStatus(client, deployOptions(base)));
  expect(status).toMatchObject({ state: 'plain', release: null, kept: { releases: 0 } });
  expect((await detachAt(base)).status).toBe('unchanged');
  const again = await deployTo(base, v2, { deployUnchanged: true });
  expect(again).toMatchObject({ status: 'deployed', swap: { adopted: true, atomic: true } });
  expect(liveTree(base)).toEqual(treeOf(v2));
  await detachAt(base);
  expectPlain(base, v2);
});

test('on request nothing of ours is left, but what is not ours is', async () => {
  const base = await deployed();
  await writeFile(join(base, 'backups', 'mine.txt'), 'mine');
  await mkdir(join(base, 'samples'));
  const { left, removed } = await detachAt(base, { removeHistory: true });
  expect(left).toEqual(['backups']);
  expect(removed.backups).toHaveLength(1);
  expect(readdirSync(base).sort()).toEqual(
    ['backups', 'config', 'requirements.txt', 'run.py', 'samples', 'src'].sort(),
  );
  expect(readdirSync(join(base, 'backups'))).toEqual(['mine.txt']);
  expect((await deployTo(base, v2)).swap.adopted).toBe(true);
});

test('a name that a person put there is not touched, whether it goes through or is taken back', async () => {
  const base = await deployed();
  execFileSync('sh', ['-c', 'rm config && mkdir config && echo mine > config/mine.json'], { cwd: base });
  await inConversation(async (client) => {
    const { holder, entrypoint } = deployOptions(base);
    await client.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
    expect((await client.call('detach', { entrypoint })).names).not.toContain('config');
    expect(lstatSync(join(base, 'src')).isSymbolicLink()).toBe(false);
    // The conversation ends here, as when n8n goes away.
  });
  expect(lstatSync(join(base, 'src')).isSymbolicLink()).toBe(true);
  expect(wordsOf(base)).toContain('hot-deploy launcher');
  expect(readdirSync(join(base, 'config'))).toEqual(['mine.json']);
  await detachAt(base);
  expect(readdirSync(join(base, 'config'))).toEqual(['mine.json']);
});

const ROUNDS = size(2, 5);

test(`P1, P4: nothing is missing, fails or mixes while it goes there and back, ${ROUNDS} times`, async () => {
  const base = await deployed();
  const reader = await Reader.start(base);
  const crowd = new Crowd({ basePath: base, pdf, total: 1_000, atOnce: 2, pauseSeconds: 0.01 });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await crowd.reached(crowd.tally.done + 4);
      const { swap } = await detachAt(base, { extractionWaitSeconds: 60 });
      expect(swap).toEqual({ atomic: true, gapMs: 0 });
      await crowd.reached(crowd.tally.done + 4);
      await deployTo(base, v2, { deployUnchanged: true });
    }
  } finally {
    await expectWhole(crowd, reader, ['2']);
  }
});

test('P4: while extractions run it is refused; waiting lets them end, and takes all back when they do not', async () => {
  const base = await deployed();
  const running = startExtraction(base, pdf, 3600);
  onTestEnd.push(() => running.kill('SIGKILL'));
  await once(running.stderr as NodeJS.ReadableStream, 'data');
  const before = seenThrough(base);
  const refused = await thrownBy(detachAt(base));
  expect(refused).toMatchObject({
    code: 'LOCKED',
    message: expect.stringMatching(/^Extractions still run: \d/),
  });
  expect(refused.message).toContain('changed nothing');
  const late = await thrownBy(detachAt(base, { extractionWaitSeconds: 1 }));
  expect(late.message).toMatch(/^Extractions still run after 10 s/);
  expect(seenThrough(base)).toEqual(before);
  expect(wordsOf(base)).toContain('hot-deploy launcher');

  const detached = detachAt(base, { extractionWaitSeconds: 60 });
  running.kill('SIGKILL');
  expect((await detached).status).toBe('detached');
  expectPlain(base, v2);
});

test('P4: a launcher that has not leased its release yet is waited for, too', async () => {
  const base = await deployed();
  // It looks like one that never gets there.
  const starting = spawn(PYTHON, [
    '-c',
    'import sys; print(1, flush=True); sys.stdin.read()',
    join(base, 'run.py'),
  ]);
  onTestEnd.push(() => starting.kill('SIGKILL'));
  await once(starting.stdout, 'data');
  const late = await thrownBy(detachAt(base));
  expect(late.message).toContain(`Extractions still run after 10 s: process ${starting.pid}.`);
  expect(wordsOf(base)).toContain('hot-deploy launcher');
});

test('P2: what links lead to is not removed; a link that leads nowhere is', async () => {
  const base = await deployed();
  await symlink('current/gone', join(base, 'gone'));
  const before = seenThrough(base);
  const dismantled = inConversation(async (client) => {
    await client.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 0 });
    await client.call('dismantle', { everything: true });
  });
  expect((await thrownBy(dismantled)).message).toMatch(/still lead to release/);
  expect(seenThrough(base)).toEqual(before);
  await symlink('current/gone', join(base, 'gone'));
  await detachAt(base);
  expectPlain(base, v2);
  expect(readdirSync(base)).not.toContain('gone');
});

/** Resolves when a conversation waits for the lock that another one has. */
const waitsForLock = ({ hello }: ExecutorClient) => {
  const descriptors = `/proc/${hello.processId}/fd`;
  return until(() =>
    readdirSync(descriptors).some((fd) => leadsTo(join(descriptors, fd), '.hot-deploy/lock')),
  );
};

test('P6: who waited for the lock while everything was removed, lock included, has the one that counts', async () => {
  const base = await deployed();
  const [remover, waiting, third] = [await openClient(), await openClient(), await openClient()];
  const lock = (client: ExecutorClient, waitSeconds: number) =>
    client.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds });
  try {
    await lock(remover, 0);
    const locked = lock(waiting, 60);
    await waitsForLock(waiting);
    await remover.call('detach', { entrypoint: asEntrypoint('run.py') });
    await remover.call('dismantle', { everything: true });
    await remover.close();
    await locked;
    expect((await thrownBy(lock(third, 0))).code).toBe('LOCKED');
  } finally {
    await Promise.all([remover, waiting, third].map((client) => client.close()));
  }
});

test('P6: who has removed everything, lock included, touches nothing of who comes next', async () => {
  const base = await deployed();
  const [remover, next] = [await openClient(), await openClient()];
  const asked = { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 0 };
  try {
    await remover.call('lock', asked);
    await remover.call('detach', { entrypoint: asEntrypoint('run.py') });
    await remover.call('dismantle', { everything: true });
    await next.call('lock', asked);
    const staged = join(base, '.hot-deploy/staging/of-the-next');
    await writeFile(staged, '');
    await remover.close();
    expect(existsSync(staged)).toBe(true);
    expect(existsSync(join(base, '.hot-deploy/holder.json'))).toBe(true);
  } finally {
    await Promise.all([remover, next].map((client) => client.close()));
  }
});

test.each([false, true])(
  'a deployment that waited for the lock while the engine became plain goes through (history removed: %s)',
  async (everything) => {
    const base = await deployed();
    const [remover, waiting] = [await openClient(), await openClient()];
    try {
      await remover.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 0 });
      const options = deployOptions(base, { lockWaitSeconds: 60 });
      const bundle = await bundleOf(v2, options);
      const deployment = deploy(waiting, bundle, { ...options, deployUnchanged: true });
      await Promise.race([waitsForLock(waiting), deployment]);
      await remover.call('detach', { entrypoint: asEntrypoint('run.py') });
      await remover.call('dismantle', { everything });
      await remover.close();
      expect(await deployment).toMatchObject({ status: 'deployed', swap: { adopted: true } });
      expect(liveTree(base)).toEqual(treeOf(v2));
    } finally {
      await Promise.all([remover, waiting].map((client) => client.close()));
    }
  },
);

function leadsTo(link: string, end: string): boolean {
  try {
    return readlinkSync(link).endsWith(end);
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

test('packages that the plain engine would miss are named, and keep it from being one', async () => {
  const wheelhouse = await make('wheelhouse');
  writeKeywords(wheelhouse, '1');
  const [source] = await engineVersions(make, 'base');
  await needKeywords(source);
  await requireKeywords(source, '1');
  const base = await make('app');
  await deployTo(base, source, { dependencies: offline(wheelhouse) });
  const refused = await thrownBy(detachAt(base));
  expect(refused).toMatchObject({ code: 'DEPENDENCIES', message: expect.stringContaining('keywords==1') });
  expect(lstatSync(join(base, 'src')).isSymbolicLink()).toBe(true);

  const { packages, removed } = await detachAt(base, { withoutPackages: true });
  expect(packages.needed).toContainEqual({ name: 'keywords', version: '1' });
  expect(packages.missing).toContainEqual({ name: 'keywords', version: '1', found: null });
  expect(removed.environments).toHaveLength(1);
  expect(existsSync(join(base, 'environments'))).toBe(false);
});

test('where the file system can’t exchange names, the output says for how long one was missing', async () => {
  const python = await pythonWithoutExchange(await make('pythons'));
  const base = await deployed();
  const { swap } = await detachAt(base, {}, { python });
  expect(swap.atomic).toBe(false);
  expect(swap.gapMs).toBeGreaterThan(0);
  expectPlain(base, v2);
});

test('P2, P5: it may be killed before any change on disk, and is done or undone afterwards', async () => {
  const pythons = await make('pythons');
  const [one, template] = [await make('one'), await make('template')];
  await writeTree(one, { 'run.py': "print('1', end='')\n", 'src/engine.py': '', 'config/engine.json': '{}' });
  await deployTo(template, one);
  let deployedBetween = false;
  for (let at = drawnStep(STEP); ; at += drawnStep(STEP)) {
    const base = await make('crash');
    execFileSync('cp', ['-a', `${template}/.`, base]);
    const outcome = await detachAt(base, {}, { python: await crashingPython(pythons, at) }).catch(
      (error: unknown) => error,
    );
    const said = execFileSync(PYTHON, ['run.py'], { cwd: base, encoding: 'utf8' });
    expect({ at, said }).toEqual({ at, said: '1' });
    if (!(outcome instanceof Error)) break;
    deployedBetween = !deployedBetween;
    if (deployedBetween) {
      await deployTo(base, one);
      expect({ at, live: liveTree(base) }).toEqual({ at, live: treeOf(one) });
    }
    await detachAt(base, { removeHistory: true });
    expect({ at, names: readdirSync(base).sort() }).toEqual({ at, names: ['config', 'run.py', 'src'] });
  }
});

test('links of the release itself come along as they are', async () => {
  const one = await make('one');
  await writeTree(one, { 'run.py': '', 'src/engine.py': '', 'config/engine.json': '{}' });
  await symlink('engine.py', join(one, 'src', 'same.py'));
  const base = await make('app');
  await deployTo(base, one);
  await detachAt(base);
  expect(seenThrough(base)).toEqual(treeOf(one));
});

test.each(availablePythons())('%s does it', async (python) => {
  const base = await deployed();
  expect(await detachAt(base, {}, { python })).toMatchObject({ status: 'detached', swap: { atomic: true } });
  expectPlain(base, v2);
});
