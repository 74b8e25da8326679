import { appendFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { connectAhead } from '../../../nodes/shared/operations/connectAhead';
import type { SwitchResult } from '../../../nodes/shared/release/result';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { liveTree, treeOf } from '../../support/snapshot';
import { asBasePath, asEntrypoint } from '../../support/named';

const make = temporaryDirectories();
let v1: string, v2: string, v3: string;

beforeAll(async () => {
  [v1, v2, v3] = await engineVersions(make, 'base', 'v2', 'v4');
});

/** Deploys what is read only once the engine was looked at, and `meanwhile` was done between the two. */
async function deployedAhead(
  base: string,
  source: string,
  meanwhile: (client: ExecutorClient) => Promise<unknown>,
): Promise<{ result: SwitchResult; roundTrips: number }> {
  const options = deployOptions(base);
  let read!: () => void;
  const reading = new Promise<void>((resolve) => (read = resolve));
  const client = await connectAhead(openClient(), reading, options);
  try {
    await meanwhile(client);
    read();
    const { roundTrips } = client.stats;
    const result = await deploy(client, await bundleOf(source, options), options);
    return { result, roundTrips: client.stats.roundTrips - roundTrips };
  } finally {
    await client.close();
  }
}

/** Resolves when all that was asked for before was carried out. */
async function carriedOut(client: ExecutorClient, base: string): Promise<void> {
  await client.call('list', { basePath: asBasePath(base) });
}

test('P9: looking at the engine while the source is read takes no round trip of the comparison', async () => {
  const base = await make();
  await deployTo(base, v1);
  const { result, roundTrips } = await deployedAhead(base, v1, (client) => carriedOut(client, base));
  expect(result.status).toBe('unchanged');
  expect(roundTrips).toBe(1);
});

test('P5: what another deployment made live after the look is what this one finds', async () => {
  const base = await make();
  await deployTo(base, v1);
  let other: SwitchResult | undefined;
  const { result } = await deployedAhead(base, v3, async (client) => {
    await carriedOut(client, base);
    other = await deployTo(base, v2);
  });
  expect(result).toMatchObject({ status: 'deployed', previousRelease: other?.release });
  expect(liveTree(base)).toEqual(treeOf(v3));
});

test('P2: what was edited by hand after the look does not come into a release', async () => {
  const base = await make();
  await deployTo(base, v1);
  const edited = join(base, 'current', 'src/extractor.py');
  const { result } = await deployedAhead(base, v2, async (client) => {
    await carriedOut(client, base);
    await chmod(edited, 0o644);
    await appendFile(edited, '# by hand\n');
  });
  expect(result.status).toBe('deployed');
  expect(liveTree(base)).toEqual(treeOf(v2));
});

test('P5: a base path that can not be looked at is refused by the operation itself', async () => {
  const options = { basePath: asBasePath('relative'), entrypoint: asEntrypoint('run.py') };
  const client = await connectAhead(openClient(), new Promise(() => undefined), options);
  const refusal = deploy(client, await bundleOf(v1, deployOptions('relative')), deployOptions('relative'));
  await expect(refusal).rejects.toMatchObject({ code: 'INPUT' });
  await client.close();
});
