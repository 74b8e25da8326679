import type { IDataObject } from 'n8n-workflow';

import { becomeOf, accessOf } from '../../nodes/n8n/sshOptions';
import { OPERATIONS } from '../../nodes/operations';
import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, type N8n, type NodeFixture } from '../support/n8n';
import {
  ACCOUNT,
  credentialFor,
  hotDeploy,
  locator,
  onlyJson,
  openN8n,
  ROLLBACK,
  rollback,
} from '../support/nodes';
import { keptNames, statusOf } from '../support/snapshot';
import { startSshd, type Sshd } from '../support/sshd';

const make = temporaryDirectories();
let sshd: Sshd;
let full: N8n;
let reading: N8n;
let basePath: string;
let sourceDirectory: string;

beforeAll(async () => {
  sshd = await startSshd();
  full = await openN8n(credentialFor(sshd));
  reading = await openN8n(credentialFor(sshd, { access: 'readOnly' }));
  basePath = await make('app');
  const [base, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
  for (const version of [base, v2]) {
    onlyJson(await full.run(chain(hotDeploy({ basePath, sourceDirectory: version }))));
  }
  sourceDirectory = v4;
});

afterAll(async () => {
  await full.close();
  await reading.close();
  await sshd.stop();
});

/** Runs a node with the read-only credential; nothing on the engine's side may change by it. */
async function untouched(node: NodeFixture) {
  const before = statusOf(basePath);
  const result = await reading.run(chain(node));
  expect(statusOf(basePath)).toEqual(before);
  return result;
}

test('P7: with read-only access a plan, the status, releases and lists are read', async () => {
  const plan = onlyJson(await untouched(hotDeploy({ operation: 'plan', basePath, sourceDirectory })));
  expect(plan).toMatchObject({ status: 'planned', unchanged: false });
  const status = onlyJson(await untouched(hotDeploy({ operation: 'status', basePath })));
  expect(status).toMatchObject({ state: 'live', writable: true });
  const releases = await untouched(rollback({ operation: 'getAll', basePath }));
  expect(releases.output('Rollback').map(({ json }) => json.state)).toEqual(['live', 'previous']);
  for (const [method, count] of [
    ['searchReleases', 2],
    ['searchBackups', 1],
  ] as const) {
    const { results } = await reading.listSearch(ROLLBACK, method, {
      parameters: { basePath, connection: 'ssh', options: { python: PYTHON } },
      credentials: ACCOUNT,
    });
    expect(results).toHaveLength(count);
  }
});

test.each<[string, () => NodeFixture]>([
  ['Deploy Release', () => hotDeploy({ basePath, sourceDirectory })],
  ['Deploy Release elsewhere', () => hotDeploy({ basePath: `${basePath}/new`, sourceDirectory })],
  ['Roll Back Release', () => rollback({ operation: 'rollback', basePath })],
  [
    'Roll Back Release to a backup',
    () =>
      rollback({
        operation: 'rollback',
        basePath,
        target: 'backup',
        backup: locator(keptNames(basePath).backups[0]),
      }),
  ],
  ['Prune Releases', () => rollback({ operation: 'prune', basePath, options: { keepReleases: 1 } })],
])('P7: with read-only access %s is refused, and nothing is touched', async (_title, node) => {
  const fixture = node();
  const result = await untouched(fixture);
  const { message, description } = result.error(fixture.name) ?? {};
  expect(message).toMatch(/^The credential’s Access is Read Only, and this operation changes the engine\./);
  expect(description).toContain('Choose a credential whose Access is Full');
});

test('P7: a credential from before there was a choice is full; what is no choice is refused', () => {
  const credential: IDataObject = { become: 'none' };
  expect(accessOf(credential as never)).toBe('full');
  expect(becomeOf(credential as never)).toBe('none');
  for (const access of ['readonly', 'read', '', null, 1]) {
    expect(() => accessOf({ access } as never)).toThrow(/^Access is .*\. Choose one of: full, readOnly\.$/);
  }
});

test('a refusal names every operation that changes nothing, and of the others only a repair’s dry run', async () => {
  const result = await untouched(rollback({ operation: 'prune', basePath }));
  const { description } = result.error('Rollback') ?? {};
  const named =
    description
      ?.split('only reads: ')[1]
      .replace(/\.$/, '')
      .split(/, (?:or )?/) ?? [];
  const harmless = Object.values(OPERATIONS)
    .flat()
    .filter(({ changes }) => !changes)
    .map(({ name }) => name);
  expect(named.sort()).toEqual([...harmless, 'Repair Engine with Dry Run'].sort());
});
