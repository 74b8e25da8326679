import { appendFile, chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { deploy } from '../../../nodes/shared/operations/deploy';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  openClient,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { liveTree, statusOf, treeOf } from '../../support/snapshot';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
let sshd: Sshd;
let v1: string, v2: string;

/** Who holds the lock is written beside it and taken away again: two entries come and go in one directory. */
const LOCKING = /^\.hot-deploy(\/holder\.json)?$/;

beforeAll(async () => {
  sshd = await startSshd();
  [v1, v2] = await engineVersions(make, 'base', 'v2');
});
afterAll(() => sshd.stop());

async function deployed(): Promise<string> {
  const base = await make();
  await deployTo(base, v1);
  return base;
}

test('P9: the same content again changes nothing, in one round trip', async () => {
  const base = await deployed();
  const before = statusOf(base, LOCKING);
  const again = await deployTo(base, v1);
  expect(again).toMatchObject({ status: 'unchanged', backup: null, swap: { method: 'none' } });
  expect(again.stats.roundTrips).toBe(1);
  expect(statusOf(base, LOCKING)).toEqual(before);
});

test('P9: the same content again changes nothing over SSH', async () => {
  const base = await deployed();
  const connection = await connectSsh(withKey(sshd));
  try {
    const before = statusOf(base, LOCKING);
    expect(await deployTo(base, v1, {}, { connection })).toMatchObject({ status: 'unchanged' });
    expect(statusOf(base, LOCKING)).toEqual(before);
  } finally {
    await connection.close();
  }
});

test('P9: plain files that already are the new version are adopted and nothing more', async () => {
  const [base] = await engineVersions(make, 'base');
  const result = await deployTo(base, v1);
  expect(result).toMatchObject({ status: 'unchanged', swap: { adopted: true, gapMs: 0 } });
  expect(await deployTo(base, v1)).toMatchObject({ status: 'unchanged', swap: { adopted: false } });
});

test('P9: Deploy Unchanged makes a new release of the same content', async () => {
  const base = await deployed();
  const { status, release, previousRelease, changes } = await deployTo(base, v1, { deployUnchanged: true });
  expect(status).toBe('deployed');
  expect(release).not.toBe(previousRelease);
  expect(changes.counts).toMatchObject({ added: 0, modified: 0, removed: 0 });
});

const EDITS: Array<[string, (live: string) => Promise<void>]> = [
  ['edited', (live) => appendFile(join(live, 'src/matcher.py'), '# edited\n')],
  ['removed', (live) => rm(join(live, 'src/matcher.py'))],
  ['made executable', (live) => chmod(join(live, 'src/matcher.py'), 0o555)],
  ['added', (live) => writeFile(join(live, 'src/added.py'), '')],
  ['added to where only code of ours was', (live) => writeFile(join(live, 'src/pdf/added.txt'), '')],
];

test.each(EDITS)(
  'P9: a file that was %s by hand is put right by deploying the same again',
  async (_, edit) => {
    const base = await deployed();
    await edit(join(base, 'current'));
    expect((await deployTo(base, v1)).status).toBe('deployed');
    expect(liveTree(base)).toEqual(treeOf(v1));
    expect((await deployTo(base, v1)).status).toBe('unchanged');
  },
);

test.each(['src', 'run.py'])(
  'P9: a removed %s in the base path is put back by deploying again',
  async (name) => {
    const base = await deployed();
    await rm(join(base, name));
    expect((await deployTo(base, v1)).status).toBe('deployed');
    expect(liveTree(base)).toEqual(treeOf(v1));
    expect(statusOf(base)).toHaveProperty([name]);
  },
);

test('P9: of two deployments at once one is told who holds the lock', async () => {
  const base = await deployed();
  const holder = { workflow: 'Nightly update', execution: '4711' };
  const error = await whileDeploying(base, { holder }, () => thrownBy(deployTo(base, v2)));
  expect(error.code).toBe('LOCKED');
  expect(error.message).toMatch(/^Nightly update \(execution 4711\) holds the lock of .* since 20\d\d-/);
  expect(error.details.holder).toMatchObject(holder);
});

test('P9: of two deployments at once that wait for each other, the second finds nothing to do', async () => {
  const base = await deployed();
  const second = await whileDeploying(base, {}, () => deployTo(base, v2, { lockWaitSeconds: 30 }));
  expect(second.status).toBe('unchanged');
  expect(liveTree(base)).toEqual(treeOf(v2));
});

/** Starts `other` while a deployment of `v2` is in its checks; for a refusal, waits for it before going on. */
async function whileDeploying<T>(
  base: string,
  changes: Parameters<typeof deployOptions>[1],
  other: () => Promise<T>,
): Promise<T> {
  let started: Promise<T> | undefined;
  const first = deployTo(base, v2, {
    ...changes,
    checks: [checkOf({ type: 'python', code: 'print("running", flush=True)\nimport time\ntime.sleep(1)' })],
    onStep: ({ step, phase }) => {
      if (step === 'test check' && phase === 'output') started ??= other();
    },
  });
  expect((await first).status).toBe('deployed');
  if (!started) throw new Error('the first deployment ran no check');
  return started;
}

test('P9: several operations in one conversation are as good as in several', async () => {
  const base = await deployed();
  const client = await openClient();
  try {
    for (const [source, status] of [
      [v2, 'deployed'],
      [v2, 'unchanged'],
      [v1, 'deployed'],
    ] as const) {
      const options = deployOptions(base);
      expect((await deploy(client, await bundleOf(source, options), options)).status).toBe(status);
    }
  } finally {
    await client.close();
  }
});

test('one conversation serves one base path', async () => {
  const [one, other] = [await deployed(), await deployed()];
  await inConversation(async (client) => {
    await deploy(client, await bundleOf(v1, deployOptions(one)), deployOptions(one));
    const error = await thrownBy(
      deploy(client, await bundleOf(v1, deployOptions(other)), deployOptions(other)),
    );
    expect(error.code).toBe('INPUT');
  });
});

describe('round trips', () => {
  test('a deployment of many files takes at most 8, with an adoption and a backup', async () => {
    const [base, source] = await engineVersions(make, 'base', 'v2');
    for (const directory of [base, source]) {
      for (let index = 0; index < 300; index++) {
        await writeFile(join(directory, 'config', `rule-${index}.json`), '{}');
      }
    }
    const connection = await connectSsh(withKey(sshd));
    try {
      const { stats, swap, status } = await deployTo(base, source, {}, { connection });
      expect({ status, adopted: swap.adopted }).toEqual({ status: 'deployed', adopted: true });
      expect(stats.roundTrips).toBeLessThanOrEqual(8);
    } finally {
      await connection.close();
    }
  });

  test('a rollback takes at most 4', async () => {
    const base = await deployed();
    const { backup } = await deployTo(base, v2);
    const { stats } = await rollBackTo(base, { target: 'previous' }, { checks: [checkOf({ when: 'both' })] });
    expect(stats.roundTrips).toBeLessThanOrEqual(4);
    const restored = await rollBackTo(base, { target: 'backup', backup: backup ?? '' });
    expect(restored.stats.roundTrips).toBeLessThanOrEqual(4);
  });
});
