import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { openDirectory } from '../../../nodes/shared/source/directory';
import {
  deployOptions,
  engineVersions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { makePdf } from '../../support/engine';
import { Crowd } from '../../support/extractions';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';
import { withUv } from '../../support/withUv';
import { size } from '../../support/size';

const VERSIONS = ['1', '2', '3', '4'];
const EXTRACTIONS = size(160, 400);
const FLIPS = size(32, 80);
/** Never reached: the extractions go on until the last flip. */
const AT_MOST = 50 * EXTRACTIONS;

withoutInstallerSettings();
withUv();
const make = temporaryDirectories();

test(`P1: none of ${EXTRACTIONS} extractions or more sees code of one release and a dependency of another over ${FLIPS} flips`, async () => {
  const wheelhouse = await make('wheelhouse');
  for (const version of VERSIONS) writeKeywords(wheelhouse, version);
  const pdf = join(await make('pdf'), 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
  const base = await make();
  const [source] = await engineVersions(make, 'base');
  await needKeywords(source);
  const options = deployOptions(base, { dependencies: offline(wheelhouse), createBackup: false });

  const tally = await inConversation(async (client) => {
    const deployVersion = async (version: string) => {
      await requireKeywords(source, version);
      const bundle = await openDirectory({ directory: source, selection: options.selection });
      return (await deploy(client, bundle, options)).release;
    };
    const releases = [await deployVersion(VERSIONS[0])];
    const crowd = new Crowd({ basePath: base, pdf, total: AT_MOST, atOnce: 3, pauseSeconds: 0.005 });
    // Environments are built while extractions run, then releases flip back and forth between all of them.
    for (const version of VERSIONS.slice(1)) releases.push(await deployVersion(version));
    for (let flip = 0; flip < FLIPS; flip++) {
      const target = { target: 'release', release: releases[flip % releases.length] } as const;
      expect((await rollBack(client, target, options)).status).toBe('rolledBack');
      await crowd.reached(crowd.tally.done + 2);
    }
    await crowd.reached(EXTRACTIONS);
    return crowd.stop();
  });
  const { done, failed, mixed, versions } = tally;
  expect({ failed, mixed }).toEqual({ failed: [], mixed: [] });
  expect(done).toBeGreaterThanOrEqual(EXTRACTIONS);
  expect([...versions].sort()).toEqual(VERSIONS);
}, 240_000);
