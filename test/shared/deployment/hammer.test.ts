import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { openDirectory } from '../../../nodes/shared/source/directory';
import {
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { makePdf, materialiseEngine, writeVersion } from '../../support/engine';
import { Crowd, expectWhole, Reader } from '../../support/extractions';
import { size } from '../../support/size';
import { originalsOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const EXTRACTIONS = size(300, 1_000);
const FLIPS = size(60, 200);
/** Never reached: the extractions go on until the last flip. */
const AT_MOST = 50 * EXTRACTIONS;
const ADOPTIONS = size(3, 10);
/** Every so many flips a new version is deployed; between them it goes back and forth. */
const DEPLOY_EVERY = 10;
const TIMEOUT_MS = size(120_000, 600_000);

const make = temporaryDirectories();
let pdf: string;

beforeAll(async () => {
  pdf = join(await make('pdf'), 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
});

/** Switches `base` `FLIPS` times, by rollbacks and now and then by a deployment; `pace` is awaited before each. */
async function flipOften(
  client: ExecutorClient,
  base: string,
  source: string,
  pace: (flip: number) => Promise<void>,
): Promise<number> {
  const options = deployOptions(base, { keepReleases: 3, keepBackups: 1 });
  let flips = 0;
  for (; flips < FLIPS; flips++) {
    await pace(flips);
    if (flips % DEPLOY_EVERY > 0) {
      expect((await rollBack(client, { target: 'previous' }, options)).status).toBe('rolledBack');
      continue;
    }
    await writeVersion(source, `flip-${flips}`);
    const bundle = await openDirectory({ directory: source, selection: options.selection });
    expect((await deploy(client, bundle, options)).status).toBe('deployed');
  }
  return flips;
}

/** Inode for inode, but for what its runs leave in releases that they still use. */
function liveNames(base: string): unknown {
  return Object.entries(originalsOf(base)).filter(([path]) => !/^releases(?:\/|$)|__pycache__/.test(path));
}

async function deployedEngine(): Promise<{ base: string; source: string }> {
  const [base, source] = await engineVersions(make, 'base', 'base');
  await deployTo(base, source, { deployUnchanged: true });
  return { base, source };
}

test(
  `P1, P2: none of ${EXTRACTIONS} extractions or more fails or mixes versions while releases flip ${FLIPS} times`,
  async () => {
    const { base, source } = await deployedEngine();
    const crowd = new Crowd({ basePath: base, pdf, total: AT_MOST, atOnce: 4, pauseSeconds: 0.005 });
    await inConversation((client) =>
      flipOften(client, base, source, (flip) => crowd.reached(flip * (EXTRACTIONS / FLIPS))),
    );
    await crowd.reached(EXTRACTIONS);
    const { done, failed, mixed, versions } = await crowd.stop();
    expect({ failed, mixed }).toEqual({ failed: [], mixed: [] });
    expect(done).toBeGreaterThanOrEqual(EXTRACTIONS);
    expect(versions.size).toBeGreaterThan(FLIPS / DEPLOY_EVERY / 2);
  },
  TIMEOUT_MS,
);

test(
  `P2: no file is missing through the links while releases flip ${FLIPS} times`,
  async () => {
    const { base, source } = await deployedEngine();
    const reader = await Reader.start(base);
    await inConversation((client) => flipOften(client, base, source, async () => undefined));
    const { opened, missing } = await reader.stop();
    expect(missing).toEqual([]);
    expect(opened).toBeGreaterThan(10 * FLIPS);
  },
  TIMEOUT_MS,
);

test(
  `P1, P2: nothing is missing, fails or mixes while plain directories are adopted, ${ADOPTIONS} times`,
  async () => {
    const source = await make('v2');
    await materialiseEngine('v2', source);
    for (let round = 0; round < ADOPTIONS; round++) {
      const [base] = await engineVersions(make, 'base');
      const reader = await Reader.start(base);
      const crowd = new Crowd({ basePath: base, pdf, total: 1_000, atOnce: 2, pauseSeconds: 0.01 });
      await crowd.reached(4);
      const { swap } = await deployTo(base, source);
      expect(swap).toMatchObject({ adopted: true, atomic: true, gapMs: 0, unpinned: 0 });
      await crowd.reached(crowd.tally.done + 4);
      await expectWhole(crowd, reader, ['1', '2']);
    }
  },
  TIMEOUT_MS,
);

test(
  `P1, P3: nothing is missing, fails or mixes while first deployments are taken back after the switch, ${ADOPTIONS} times`,
  async () => {
    const source = await make('v2');
    await materialiseEngine('v2', source);
    const [base] = await engineVersions(make, 'base');
    const before = liveNames(base);
    const reader = await Reader.start(base);
    const crowd = new Crowd({ basePath: base, pdf, total: AT_MOST, atOnce: 3, pauseSeconds: 0.01 });
    for (let round = 0; round < ADOPTIONS; round++) {
      await crowd.reached(crowd.tally.done + 6);
      // Not at once: so that runs start while it is live.
      const checks = [
        checkOf({ type: 'python', code: 'import time; time.sleep(0.5); raise SystemExit(1)', when: 'after' }),
      ];
      expect((await thrownBy(deployTo(base, source, { checks }))).message).toContain(
        'The switch was taken back',
      );
    }
    await crowd.reached(crowd.tally.done + 6);
    await expectWhole(crowd, reader, ['1', '2']);
    expect(liveNames(base)).toEqual(before);
  },
  TIMEOUT_MS,
);
