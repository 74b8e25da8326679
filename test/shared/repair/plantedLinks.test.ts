/**
 * Where the base path belongs to another user than root, who repairs it: a link planted in place of anything of ours
 * never makes a step write, give away, change or remove something outside of the base path.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { Verb, ArgumentsOf } from '../../../nodes/shared/contract/verbs';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { executorVerbs } from '../../../drill/verbs';
import {
  deployOptions,
  deployTo,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { fileRows } from '../../support/conversation';
import { foundIn, repairAt } from '../../support/repairing';
import { statusOf } from '../../support/snapshot';
import { writeTree } from '../../support/tree';
import { asBasePath } from '../../support/named';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const sources: string[] = [];
const releases: string[] = [];
const ENVIRONMENT = '0123456789abcdef';
let template: string;

beforeAll(async () => {
  template = await make('template');
  for (const version of ['1', '2', '3']) {
    const source = await make('source');
    await writeTree(source, {
      'run.py': `print(${version})\n`,
      'src/engine.py': `VERSION = ${version}\n`,
      'config/engine.json': '{}',
    });
    sources.push(source);
    releases.push((await deployTo(template, source)).release);
  }
  mkdirSync(join(template, 'environments', ENVIRONMENT), { recursive: true });
  writeFileSync(join(template, 'environments', ENVIRONMENT, 'precious'), '');
  mkdirSync(join(template, '.hot-deploy/adopted', releases[0]), { recursive: true });
  // What an interrupted adoption leaves there, and every next operation takes away.
  symlinkSync('current/src', join(template, '.hot-deploy/adopted', releases[0], 'src'));
});

/** Everything of ours that can be a link, as a path below the base path. `0` to `2` stand for the releases. */
const PLACES = [
  'releases',
  'releases/0',
  'releases/1',
  'releases/2',
  'releases/0/src',
  'releases/2/src',
  'releases/2/src/engine.py',
  'releases/2/run.py',
  'environments',
  `environments/${ENVIRONMENT}`,
  'backups',
  '.hot-deploy',
  '.hot-deploy/staging',
  '.hot-deploy/releases',
  '.hot-deploy/releases/2.json',
  '.hot-deploy/releases/2.manifest.json',
  '.hot-deploy/adopted',
  '.hot-deploy/adopted/0',
  '.hot-deploy/history.jsonl',
  '.hot-deploy/lock',
  '.hot-deploy/holder.json',
  'src',
  'run.py',
];

/** An engine of somebody else, with what was at `place` moved outside and a link to it in its place. */
async function planted(place: string): Promise<{ base: string; outside: string; path: string }> {
  const base = await make('planted');
  execFileSync('cp', ['-a', `${template}/.`, base]);
  const path = place.replace(/(releases|adopted)\/([012])(?=$|[./])/, (_, above: string, index: string) =>
    join(above, releases[Number(index)]),
  );
  const outside = join(await make('outside'), basename(path));
  chmodSync(dirname(join(base, path)), 0o755);
  if (existsSync(join(base, path))) execFileSync('cp', ['-a', '-H', join(base, path), outside]);
  else writeFileSync(outside, '');
  // What a step would want to put right, if it took it for ours.
  execFileSync('chmod', ['-R', 'u+w,g+w', outside]);
  rmSync(join(base, path), { recursive: true, force: true });
  symlinkSync(outside, join(base, path));
  execFileSync('chown', ['-hR', '1234:1234', base]);
  return { base, outside, path };
}

const outcome = (work: Promise<unknown>) =>
  work.then(() => 'done').catch((error: { code: string }) => error.code);

const OPERATIONS: Array<[string, (base: string) => Promise<unknown>]> = [
  ['repair', (base) => repairAt(base)],
  ['deploy', (base) => deployTo(base, sources[0], { deployUnchanged: true })],
  ['roll back', (base) => rollBackTo(base, { target: 'release', release: releases[0] })],
  [
    'prune',
    (base) =>
      inConversation((client) =>
        pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }),
      ),
  ],
];

/** Outside of proof, each place meets two of the operations, and the steps that are told a release one of the three. */
describe.each(PLACES)('P7: with a link at %s', (place) => {
  test.each(drawn(OPERATIONS, 2))('%s changes nothing outside', async (_, operation) => {
    const { base, outside } = await planted(place);
    const before = statusOf(dirname(outside));
    const ended = await outcome(operation(base));
    expect(['done', 'STEP', 'CHECK', 'NOT_FOUND', 'INPUT']).toContain(ended);
    expect(statusOf(dirname(outside))).toEqual(before);
  });

  test('no step changes anything outside', async () => {
    const { base, outside } = await planted(place);
    const before = statusOf(dirname(outside));
    await everyStep(base, drawn(releases, 1));
    expect(statusOf(dirname(outside))).toEqual(before);
  });
});

type Steps = Partial<{ [V in Verb]: Array<ArgumentsOf<V>> }>;

/** For each verb, arguments that make it do what it can with what was planted. */
function steps(base: string, told: readonly string[]): Steps {
  const launcher = { entrypoint: 'run.py' };
  const digest = 'a'.repeat(64);
  const receive = { time: '20261123-171501', digest, sameDirectories: [], keep: [] };
  const entries = fileRows({ 'run.py': 'print(9)\n', 'src/new.py': '' });
  const repair = (what: string, path: string) => ({ basePath: base, what, path, ...launcher });
  return {
    lock: [{ basePath: base, create: true, holder: {}, waitSeconds: 0 }],
    probe: [{ basePath: base, ...launcher }],
    list: [{ basePath: base }],
    inspect: [{ basePath: base, ...launcher }],
    repair: releases
      .flatMap((id) => ['readOnly', 'missingFiles', 'owner'].map((what) => repair(what, `releases/${id}`)))
      .concat([
        ...['leftovers', 'links'].map((what) => repair(what, '')),
        ...['src', 'run.py', 'config'].map((name) => repair('adoption', name)),
        ...[`environments/${ENVIRONMENT}`, 'current', 'src', 'run.py'].map((path) => repair('owner', path)),
      ]),
    receive: told.map((live) => ({ ...receive, live, entries })),
    archive: told.map((release) => ({ release })),
    copyPlain: [{ time: '20261123-171502', names: ['src', 'run.py', 'config'], ...launcher }],
    flip: told.map((release) => ({ release, operation: 'rollback', ...launcher })),
    confirm: [{}],
    detach: [launcher],
    attach: [{}],
    dismantle: [{ everything: true }],
    revert: [{ reason: 'test' }],
    record: told.map((release) => ({ release, fields: { state: 'ready' }, kept: ['src/engine.py'] })),
    remove: [{ releases: releases.slice(0, 2), backups: ['x.tar.gz'], environments: [ENVIRONMENT] }],
  } as unknown as Steps;
}

type Call = [verb: Verb, args: ArgumentsOf<Verb>];

/** Asks for steps in one conversation, after the lock; what is refused is refused. */
async function ask(base: string, calls: readonly Call[]): Promise<void> {
  await inConversation(async (client) => {
    await outcome(
      client.call('lock', { basePath: asBasePath(base), create: true, holder: {}, waitSeconds: 0 }),
    );
    for (const [verb, args] of calls) await outcome(client.call(verb, args));
  }).catch(() => undefined);
}

/** These leave nothing that the next one of them would be refused for. */
const TOGETHER: readonly Verb[] = [
  'lock',
  'probe',
  'list',
  'inspect',
  'archive',
  'confirm',
  'revert',
  'attach',
];

/** Asks for each step in a conversation of its own, but for repairs and those that can share one. */
async function everyStep(base: string, told: readonly string[] = releases): Promise<void> {
  const own = steps(base, told);
  const callsOf = (verb: Verb) => (own[verb] ?? []).map((args): Call => [verb, args]);
  await ask(base, TOGETHER.flatMap(callsOf));
  for (const verb of executorVerbs().filter((each) => !TOGETHER.includes(each))) {
    if (verb === 'repair') await ask(base, callsOf(verb));
    else for (const call of callsOf(verb)) await ask(base, [call]);
  }
}

test('a release that is a link is reported as none of ours, and stays', async () => {
  const { base, path } = await planted('releases/0');
  const result = await repairAt(base, { dryRun: true });
  expect(foundIn(result)[path]).toEqual(['foreignInReleases', false]);
});

test('where nothing is planted, the same steps do what they are for', async () => {
  const base = await make('sound');
  execFileSync('cp', ['-a', `${template}/.`, base]);
  const before = statusOf(base);
  await everyStep(base);
  expect(statusOf(base)).not.toEqual(before);
});
