/** An engine that a newer version of the package deployed: nothing is looked at, nothing changes. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LOCKED_VERBS, type Verb, VERBS } from '../../../nodes/shared/contract/verbs';
import { getRuns } from '../../../nodes/shared/operations/getRuns';
import { listReleases } from '../../../nodes/shared/operations/list';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import { repairEngine } from '../../../nodes/shared/operations/repair';
import { getStatus } from '../../../nodes/shared/operations/status';
import { RawConversation } from '../../support/conversation';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { asBasePath } from '../../support/named';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(60_000);
const make = temporaryDirectories();
let v1: string;
let base: string;
let number: string;

beforeAll(async () => {
  [v1] = await engineVersions(make, 'base');
  base = await make('app');
  await deployTo(base, v1);
  number = join(base, '.hot-deploy/layout');
});

const ID = '20261123-171501-3f2a9c1';
const RUN = '0123456789abcdef';
const STARTED = {
  start: { kind: 'program', name: 'true' },
  arguments: [],
  holder: {},
  timeoutSeconds: 1,
  graceSeconds: 1,
};

/** What each verb that names the engine is asked for. */
function asked(): Partial<Record<Verb, object>> {
  const engine = { basePath: base, entrypoint: 'run.py' };
  const compared = { basePath: base, release: ID };
  return {
    lock: { basePath: base, create: true, holder: {}, waitSeconds: 0 },
    probe: engine,
    list: { basePath: base },
    history: { basePath: base, limit: 1 },
    entries: compared,
    previewAdoption: { ...engine, names: ['src'] },
    survey: { basePath: engine.basePath, names: ['src'] },
    texts: { ...compared, paths: [] },
    compareDirectories: { ...compared, directories: [] },
    compare: { ...compared, entries: [], sameDirectories: [] },
    compareReleases: { ...compared, against: null },
    runs: { basePath: base },
    holdRelease: { basePath: base, release: null },
    openRun: { basePath: base, run: RUN },
    runEngine: { basePath: base, run: RUN, ...STARTED },
    stopRuns: { basePath: base, runs: [], includeLive: false, waitSeconds: 0, holder: {} },
    inspect: engine,
  };
}

test('a deployment writes the number down', () => {
  expect(readFileSync(number, 'utf8')).toBe('1\n');
});

test('one of the first version, which has none, goes on', async () => {
  rmSync(number);
  expect((await deployTo(base, v1)).status).toBe('unchanged');
  expect(readFileSync(number, 'utf8')).toBe('1\n');
});

describe.each([
  ['newer', '2\n', 'layoutNewer'],
  ['garbage', 'two\n', 'layoutUnreadable'],
])('a number that is %s', (_name, content, kind) => {
  beforeEach(() => writeFileSync(number, content));
  afterAll(() => writeFileSync(number, '1\n'));

  test('P2: every verb that names an engine is refused, the others for want of the lock; nothing changes', async () => {
    const before = statusOf(base);
    const raw = await RawConversation.open();
    const table = asked();
    for (const verb of Object.keys(VERBS) as Verb[]) {
      const answer = await raw.ask({ verb, args: table[verb] ?? {} });
      // What names a run of this conversation has none to name.
      const without = LOCKED_VERBS.includes(verb) ? 'lockNeeded' : 'stepMisshapen';
      const expected = table[verb] ? kind : without;
      expect({ verb, ...answer }).toMatchObject({ verb, ok: false, failure: { kind: expected } });
    }
    raw.channel.stdin.end();
    await raw.ended();
    await raw.channel.exit;
    expect(statusOf(base)).toEqual(before);
  });

  test('P2: so is every operation, in words that say what to do', async () => {
    const before = statusOf(base);
    const options = { ...deployOptions(base), dryRun: false };
    const bundle = await bundleOf(v1, options);
    const operations: Array<() => Promise<unknown>> = [
      () => deployTo(base, v1, { deployUnchanged: true }),
      () => rollBackTo(base, { target: 'previous' }),
      () => detachAt(base),
      () => inConversation((client) => repairEngine(client, options)),
      () => inConversation((client) => getStatus(client, options)),
      () => inConversation((client) => listReleases(client, asBasePath(base))),
      () => inConversation((client) => getRuns(client, asBasePath(base))),
      () => inConversation((client) => planDeployment(client, bundle, options)),
    ];
    for (const operation of operations) {
      const refused = await thrownBy(operation());
      expect(refused.code).toBe('STEP');
      expect(refused.message).toContain('Nothing was changed');
      expect(refused.description).toMatch(/[Uu]pdate n8n-nodes-hot-deploy/);
    }
    expect(statusOf(base)).toEqual(before);
  });
});
