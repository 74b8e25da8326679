import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statfsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { temporaryMounts } from '../../support/disks';
import { keptNames, liveTree, treeOf } from '../../support/snapshot';
import { type Relay, startRelay, startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint } from '../../support/named';

const { mount } = temporaryMounts();
const make = temporaryDirectories();
let sshd: Sshd;
let v1: string, v2: string;

beforeAll(async () => {
  sshd = await startSshd();
  [v1, v2] = await engineVersions(make, 'base', 'v2');
});
afterAll(() => sshd.stop());

describe('a connection that goes away', () => {
  let relay: Relay;
  beforeEach(async () => {
    relay = await startRelay(sshd.port);
  });
  afterEach(() => relay.close());

  /** Deploys `v2` through the relay; `meanwhile` is called as `step` starts, or brings output. */
  async function deployThroughRelay(
    base: string,
    step: string,
    meanwhile: () => void,
    conversation: { silenceSeconds?: number; signal?: AbortSignal } = {},
  ): Promise<Awaited<ReturnType<typeof thrownBy>>> {
    const connection = await connectSsh(withKey(sshd, { port: relay.port }));
    const onStep: DeployOptions['onStep'] = (event) => {
      if (event.step === step && event.phase !== 'end') meanwhile();
    };
    const check = checkOf({
      type: 'python',
      name: 'slow check',
      when: 'after',
      code: 'import time\nprint("checking", flush=True)\ntime.sleep(30)',
      timeoutSeconds: 40,
    });
    try {
      return await thrownBy(deployTo(base, v2, { checks: [check], onStep }, { ...conversation, connection }));
    } finally {
      await connection.close();
    }
  }

  /** Resolves when the executor that was left alone has put things right and is gone. */
  async function settled(base: string): Promise<void> {
    await inConversation((client) =>
      client.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 30 }),
    );
  }

  test.each(['lock and look', 'announce', 'transfer and assemble', 'check before the switch', 'slow check'])(
    'P5: cut in “%s”, it is reported as lost and the engine stays whole',
    async (step) => {
      const base = await make();
      const { release } = await deployTo(base, v1);
      const before = keptNames(base);
      const error = await deployThroughRelay(base, step, () => relay.cut());
      expect(error.code).toBe('LOST');
      expect(error.message).toMatch(/^The conversation with \S+ broke off: the connection went away\./);
      if (step !== 'lock and look') expect(error.message).toContain(`${release} was live in ${base}`);
      await settled(base);
      expect(liveTree(base)).toEqual(treeOf(v1));
      const { lastUndone } = await inConversation((client) =>
        getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
      );
      // Until something was made, there is no attempt to tell of.
      if (!['lock and look', 'announce'].includes(step)) {
        expect(lastUndone?.reason).toMatch(/^the connection (ended|was lost)/);
      }
      expect({ ...keptNames(base), '.hot-deploy': [] }).toEqual({ ...before, '.hot-deploy': [] });
      expect(await deployTo(base, v1)).toMatchObject({ status: 'unchanged' });
    },
  );

  test('P5: a network that falls silent makes the engine’s side go back by itself', async () => {
    const base = await make();
    await deployTo(base, v1);
    const controller = new AbortController();
    const conversation = { silenceSeconds: 1, signal: controller.signal };
    let silent: () => void = () => undefined;
    const fallenSilent = new Promise<void>((resolve) => (silent = resolve));
    const failing = deployThroughRelay(
      base,
      'slow check',
      () => {
        relay.freeze();
        silent();
      },
      conversation,
    );
    await fallenSilent;
    await settled(base);
    expect(liveTree(base)).toEqual(treeOf(v1));
    const started = Date.now();
    controller.abort();
    expect((await failing).code).toBe('CANCELLED');
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('a disk that fills up', () => {
  const SIZE_MB = 80;

  /** A file system of its own, `SIZE_MB` large, with a release of 12 MB live. */
  async function smallDisk(): Promise<{ base: string; next: string }> {
    const base = mount(await make('disk'), 'tmpfs', `size=${SIZE_MB}m`);
    const [first, next] = await engineVersions(make, 'base', 'v2');
    for (const directory of [first, next]) {
      await writeFile(join(directory, 'config/model.bin'), randomBytes(12 << 20));
    }
    await deployTo(base, first, { createBackup: false });
    return { base, next };
  }

  function fill(base: string, leaveBytes: number): void {
    const { bavail, bsize } = statfsSync(base);
    execFileSync('fallocate', ['-l', String(bavail * bsize - leaveBytes), join(base, 'filler')]);
  }

  const freeBytes = (base: string): number => statfsSync(base).bavail * statfsSync(base).bsize;

  test.each(['transfer and assemble', 'compare'])(
    'P3, P5: in “%s”, it is reported with what to do, and everything taken is freed',
    async (step) => {
      const { base, next } = await smallDisk();
      const before = { live: liveTree(base), kept: keptNames(base), names: readdirSync(base) };
      const free = freeBytes(base);
      const error = await thrownBy(
        deployTo(base, next, {
          onStep: (event) => {
            if (event.step === step && event.phase === 'start') fill(base, 6 << 20);
          },
        }),
      );
      rmSync(join(base, 'filler'));
      expect(error.code).toBe('STEP');
      expect(error.message).toMatch(/No space left on device|MiB free; this release needs/);
      expect(error.description).toMatch(/[Ff]ree some space/);
      expect({ live: liveTree(base), kept: keptNames(base), names: readdirSync(base) }).toEqual(before);
      expect(Math.abs(freeBytes(base) - free)).toBeLessThan(256 * 1024);
      expect((await deployTo(base, next, { createBackup: false })).status).toBe('deployed');
    },
  );

  test('P5: to the last byte, it can still be pruned', async () => {
    const { base, next } = await smallDisk();
    const { previousRelease } = await deployTo(base, next, { createBackup: false });
    await deployTo(base, v1, { createBackup: false });
    fill(base, 0);
    expect(() => execFileSync('cp', ['/proc/self/status', base], { stdio: 'pipe' })).toThrow();
    const removed = await inConversation((client) =>
      pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }),
    );
    expect(removed.releases).toEqual([previousRelease]);
  });
});
