import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { parseResult, type Verb } from '../../../nodes/shared/contract/verbs';
import { DeployError } from '../../../nodes/shared/errors';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import { listReleases } from '../../../nodes/shared/operations/list';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  temporaryDirectories,
} from '../../support/deployment';
import { fuzz, nasty, replacedAt } from '../../support/fuzz';
import { size } from '../../support/size';
import { inParts } from '../../support/frames';
import { lyingHost, type Said } from '../../support/lyingHost';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint } from '../../support/named';

jest.setTimeout(300_000);
const make = temporaryDirectories();
let v1: string;
let v2: string;
let basePath: string;

beforeAll(async () => {
  [v1, v2] = await engineVersions(make, 'base', 'v2');
  basePath = await make('app');
  await deployTo(basePath, v1);
  await deployTo(basePath, v2);
});

/** What n8n does with a host; the sources alternate so that there is something to do. */
const OPERATIONS: Record<string, (client: ExecutorClient) => Promise<unknown>> = {
  status: (client) =>
    getStatus(client, { basePath: asBasePath(basePath), entrypoint: asEntrypoint('run.py') }),
  list: (client) => listReleases(client, asBasePath(basePath)),
  plan: async (client) =>
    planDeployment(client, await bundleOf(v1, deployOptions('')), deployOptions(basePath)),
  deploy: async (client) => {
    const bundle = await bundleOf(Math.random() < 0.5 ? v1 : v2, deployOptions(''));
    return deploy(client, bundle, deployOptions(basePath, { createBackup: false, keepReleases: 3 }));
  },
  rollback: (client) => rollBack(client, { target: 'previous' }, deployOptions(basePath)),
};

/** What must hold whatever a host says: an end, with something that can be shown, and nothing here has changed. */
async function endsWell(work: Promise<unknown>): Promise<void> {
  const before = [statusOf(v1), statusOf(v2)];
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(DeployError);
    expect(outcome.message).toMatch(/\S/);
    expect(outcome.message).not.toMatch(/undefined|is not a|Cannot read|not iterable|stopped unexpectedly/);
    expect(outcome.message.length).toBeLessThan(10_000);
  }
  expect(JSON.stringify(outcome).length).toBeLessThan(5_000_000);
  expect(({} as Said).polluted).toBeUndefined();
  expect([statusOf(v1), statusOf(v2)]).toEqual(before);
}

test('P7: a host in other hands: whatever one answer says, n8n ends with a result or a sentence', async () => {
  const operations = fc.constantFrom(...Object.keys(OPERATIONS));
  await fuzz(
    fc.asyncProperty(operations, fc.nat(12), fc.nat(), nasty, async (name, which, place, lie) => {
      let left = which;
      const connection = lyingHost((message) => {
        if (message.event !== undefined || message.ok !== true || left-- !== 0) return [message];
        return [{ ...message, result: replacedAt(message.result, place, lie) }];
      });
      await endsWell(inConversation(OPERATIONS[name], { connection }));
    }),
    size(20, 60),
  );
});

test('P7: a host in other hands: refusals, greetings and ends that are none', async () => {
  await fuzz(
    fc.asyncProperty(fc.nat(6), fc.nat(), nasty, async (which, place, lie) => {
      let left = which;
      const connection = lyingHost((message) =>
        left-- === 0
          ? [replacedAt({ ...message, failure: { kind: 'linkInPlace', facts: { path: 'x' } } }, place, lie)]
          : [message],
      );
      await endsWell(inConversation(OPERATIONS.status, { connection, startTimeoutMs: 20_000 }));
    }),
    size(15, 40),
  );
});

test.each<[string, unknown]>([
  ['an index that is none', [0, 100_000]],
  ['a negative index', [-1]],
  ['a path', ['/etc/passwd']],
])('P7: a host asks for content that was not announced: %s', async (_title, needed) => {
  const base = await make('app');
  const connection = lyingHost((message) => {
    const { result } = message as { result?: Said };
    return [result?.needed ? { ...message, result: { ...result, needed } } : message];
  });
  const thrown = await thrownBy(deployTo(base, v1, {}, { connection }));
  expect(thrown.message).toMatch(
    /asks for entry 100000 of|can't be understood \(the result of compare \(needed\)/,
  );
});

test('P7: a host that floods a step’s output is cut off, and memory stays bounded', async () => {
  const piece = 'x'.repeat(64 * 1024);
  let shown = 0;
  const connection = lyingHost((message) => {
    if (message.id === undefined || message.ok !== true) return [message];
    return [...Array<unknown>(2000).fill({ event: 'output', id: message.id, text: piece }), message];
  });
  await inConversation(
    async (client) => {
      const onOutput = (text: string): void => void (shown += text.length);
      const called = client.call('list', { basePath: asBasePath(basePath) }, { onOutput });
      expect((await thrownBy(called)).message).toMatch(/more output of list came than is ever shown/);
    },
    { connection },
  );
  expect(shown).toBeLessThan(5 * 1024 * 1024);
  expect(process.memoryUsage().heapUsed).toBeLessThan(1024 * 1024 * 1024);
});

test('P7: lists of a host stay bounded, also when releases share what they repeat', async () => {
  const packages = Array.from({ length: 10_000 }, (_, index) => [`package-${index}`, '1.0']);
  const environment = '0123456789abcdef';
  const connection = lyingHost((message) => {
    const { result } = message as { result?: { releases?: Said[] } & Said };
    if (!result?.releases) return [message];
    const [first] = result.releases;
    const releases = Array<Said>(10_000).fill({ ...first, environment });
    return [
      ...inParts(message.id, 'releases', releases, 100),
      ...inParts(message.id, 'environments', [{ environment, releases: [], packages }]),
      { ...message, result: { ...result, releases: [], environments: [] } },
    ];
  });
  const listed = await inConversation((client) => listReleases(client, asBasePath(basePath)), { connection });
  expect(listed.releases).toHaveLength(10_000);
  expect(JSON.stringify(listed).length).toBeLessThan(20_000_000);
});

test.each<[Verb, object, RegExp]>([
  ['confirm', { live: '../../etc' }, /confirm \(live\) has another form/],
  ['flip', { from: null, to: 'x', at: '', milliseconds: 1 }, /flip \(to\) has another form/],
  ['archive', { name: 'x'.repeat(2000), bytes: 1 }, /archive \(name\) has another form/],
  ['remove', {}, /remove \(releases\)/],
  ['list', JSON.parse('{"__proto__": {"current": null}}') as object, /has another form/],
])('P7: an answer to %s that is none: %j', (verb, answer, message) => {
  expect(() => parseResult(verb, answer)).toThrow(message);
});

test('P7: n8n’s side of a conversation has nothing to write files with', () => {
  const root = join(__dirname, '../../../nodes');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const imported = files.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return [...text.matchAll(/import (?:type )?([^;]*?) from 'node:fs(?:\/promises)?'/g)].map(
      ([, names]) => [path, names] as const,
    );
  });
  expect(imported.length).toBeGreaterThan(5);
  const writes =
    /\*|default|write|append|rename|mkdir|mkdtemp|rm\b|unlink|symlink|link\(|chmod|chown|copy|cp\b|truncate/i;
  const writing = imported.filter(([, names]) => writes.test(names)).map(([path]) => path);
  // Git's own folders, which hold what came from the repository and nothing that an executor said.
  expect(writing.filter((path) => !path.startsWith('shared/git/'))).toEqual([]);
});
