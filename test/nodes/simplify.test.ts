import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject, NodeOperationError } from 'n8n-workflow';

import { asWanted, SIMPLIFIED } from '../../nodes/n8n/switchItem';
import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { checks, credentialFor, hotDeploy, onlyJson, openN8n, rollback } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;
let versions: string[];

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
  versions = await engineVersions(make, 'base', 'v2');
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

/** What a person gets who leaves the parameter alone. */
const untouched = { simplify: undefined };
const failing = { type: 'command', name: 'no', command: 'false', when: 'before' };

async function deployed(basePath: string, sourceDirectory: string, more: IDataObject = {}) {
  return onlyJson(await n8n.run(chain(hotDeploy({ basePath, sourceDirectory, ...untouched, ...more }))));
}

test('is on unless it is switched off, and keeps ten fields as they are in the full output', async () => {
  const basePath = await make('app');
  const deployment = await deployed(basePath, versions[0]);
  expect(Object.keys(deployment)).toEqual([...SIMPLIFIED]);
  expect(SIMPLIFIED).toHaveLength(10);

  const full = await deployed(basePath, versions[0], { simplify: false });
  const simple = await deployed(basePath, versions[0]);
  expect(Object.keys(full)).toEqual(expect.arrayContaining([...SIMPLIFIED, 'swap', 'steps', 'n8n']));
  for (const name of SIMPLIFIED.filter((field) => field !== 'durationMs')) {
    expect([name, simple[name]]).toEqual([name, full[name]]);
  }

  await deployed(basePath, versions[1]);
  const back = onlyJson(await n8n.run(chain(rollback({ basePath, ...untouched }))), 'Rollback');
  expect(Object.keys(back)).toEqual([...SIMPLIFIED]);
  expect(back).toMatchObject({ status: 'rolledBack', release: deployment.release });
});

test('how runs are pinned stays where it is not in place', async () => {
  const options = { pinning: 'code' };
  const json = await deployed(await make('app'), versions[0], { options });
  expect(Object.keys(json)).toEqual([...SIMPLIFIED, 'pinning']);
  expect(json.pinning).toEqual({ way: 'code', why: 'chosen' });
});

test('n8n’s health stays where it was asked for', async () => {
  const options = { n8nHealthUrl: `http://127.0.0.1:${sshd.port}/` };
  const json = await deployed(await make('app'), versions[0], { options });
  expect(Object.keys(json)).toEqual([...SIMPLIFIED, 'n8n']);
});

test('what somebody has to know of is never dropped', () => {
  const full = { status: 'deployed', complaint: 'It is full.', settled: {}, repaired: [], swap: {} };
  const { swap: _, ...rest } = full;
  expect(asWanted(full, () => true)).toEqual(rest);
  expect(asWanted(full, () => false)).toEqual(full);
});

test('packages that went into the interpreter itself are not left out', () => {
  const dependencies = { status: 'built', notice: 'Not atomic.' };
  expect(asWanted({ status: 'deployed', dependencies }, () => true)).toEqual({
    status: 'deployed',
    dependencies,
  });
  expect(asWanted({ status: 'deployed', dependencies: { status: 'built' } }, () => true)).toEqual({
    status: 'deployed',
  });
});

test('what did not go live carries everything all the same', async () => {
  const basePath = await make('app');
  const { release } = await deployed(basePath, versions[0]);
  const parameters = { basePath, sourceDirectory: versions[1], checks: checks(failing), ...untouched };
  const everything = { live: release, steps: expect.any(Array), dependencies: { status: 'none' } };
  const stopped = (await n8n.run(chain(hotDeploy(parameters)))).error('Hot Deploy') as NodeOperationError;
  expect(stopped.context.data).toMatchObject(everything);
  const carriesOn = hotDeploy(parameters, { onError: 'continueRegularOutput' });
  expect(onlyJson(await n8n.run(chain(carriesOn)))).toMatchObject({ details: everything });
});

test('the reference names the fields that stay', () => {
  const page = readFileSync(join(__dirname, '../../docs/reference/hot-deploy.md'), 'utf8');
  const [, list] = /\*\*Simplify\*\*[^:]*: ([^.]*)\./.exec(page) ?? [];
  expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual([...SIMPLIFIED]);
});
