import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { getHistory, type HistoryItem } from '../../../nodes/shared/operations/getHistory';
import {
  checkOf,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
let base: string;
let first: string;
let second: string;

const history = (limit = 50): Promise<HistoryItem[]> =>
  inConversation((client) => getHistory(client, asBasePath(base), limit));

beforeAll(async () => {
  const [v1, v2] = await engineVersions(make, 'base', 'v2');
  base = await make('app');
  const somebody = { workflow: 'Nightly', execution: '7', operation: 'deploy', user: 'u-1', agent: true };
  first = (await deployTo(base, v1, { holder: somebody })).release;
  await thrownBy(deployTo(base, v2, { checks: [checkOf({ name: 'never', command: 'false' })] }));
  await thrownBy(
    deployTo(base, v2, { checks: [checkOf({ name: 'later', when: 'after', command: 'false' })] }),
  );
  second = (await deployTo(base, v2)).release;
  await rollBackTo(base, { target: 'previous' });
  // Changes nothing, so it is no change.
  await deployTo(base, v1);
});

test('one item for each change of what is live and each attempt that did not stay, newest first', async () => {
  const items = await history();
  expect(items).toMatchObject([
    { operation: 'rollback', from: second, to: first, end: 'kept' },
    { operation: 'deploy', from: first, to: second, end: 'kept' },
    { operation: 'deploy', from: first, end: 'takenBack', reason: 'check later did not pass' },
    { operation: 'deployment', end: 'refused', reason: 'check never did not pass' },
    { operation: 'deploy', from: null, to: first, end: 'kept' },
  ]);
  for (const item of items) {
    expect(item).toMatchObject({ host: 'localhost', basePath: base });
    expect(Date.parse(item.at)).not.toBeNaN();
  }
  const times = items.map(({ at }) => at);
  expect(times).toEqual([...times].sort().reverse());
});

test('who asked for it is said as it was given, and nothing else of them', async () => {
  const items = await history();
  expect(items.at(-1)?.by).toEqual({
    workflow: 'Nightly',
    execution: '7',
    operation: 'deploy',
    user: 'u-1',
    agent: true,
  });
  expect(items[0].by).toEqual({ workflow: 'Test', execution: '1' });
});

test('an event keeps its id whatever comes later, no two have the same, and a limit takes the newest', async () => {
  const before = await history();
  expect(new Set(before.map(({ eventId }) => eventId)).size).toBe(before.length);
  expect(await history(2)).toEqual(before.slice(0, 2));
  await rollBackTo(base, { target: 'previous' });
  const after = await history();
  expect(after.slice(1)).toEqual(before);
});

test('lines that nobody here wrote are skipped', async () => {
  const before = await history();
  appendFileSync(
    join(base, '.hot-deploy/history.jsonl'),
    'half a line\n{"event":"flip","to":"../../etc"}\n[]\n',
  );
  expect(await history()).toEqual(before);
});

test('an engine that was never deployed has none', async () => {
  const plain = await make('plain');
  expect(await inConversation((client) => getHistory(client, asBasePath(plain), 5))).toEqual([]);
});
