import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { getStatus } from '../../../nodes/shared/operations/status';
import { crashingPython } from '../../support/changedPython';
import {
  checkOf,
  deployTo,
  inConversation,
  openClient,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { drawnStep } from '../../support/drawn';
import { keptNames, liveTree, originalsOf, seenThrough, treeOf } from '../../support/snapshot';
import { writeTree } from '../../support/tree';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint } from '../../support/named';

const make = temporaryDirectories();
let before: string, after: string, pythons: string;

/** Prints the versions of its code and of its configuration. */
const PROGRAM = `import json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))
import engine
print(engine.VERSION, json.load(open('config/engine.json'))['version'], end='')
`;

beforeAll(async () => {
  [before, after, pythons] = [await make(), await make(), await make('pythons')];
  const tree = (version: string) => ({
    'run.py': PROGRAM,
    'src/engine.py': `VERSION = '${version}'\n`,
    'config/engine.json': `{"version": "${version}"}`,
  });
  await writeTree(before, { ...tree('1'), 'src/gone.py': '' });
  await writeTree(after, { ...tree('2'), 'requirements.txt': '' });
});

/** A base path as it was before the operation that is to crash, made once and copied. */
async function prepared(kind: 'plain' | 'deployed' | 'twice deployed'): Promise<string> {
  const base = await make('prepared');
  if (kind === 'plain') await cp(before, base, { recursive: true });
  if (kind === 'twice deployed') await deployTo(base, after);
  if (kind !== 'plain') await deployTo(base, before);
  return base;
}

const OPERATIONS = [
  { name: 'a first deployment over plain files', kind: 'plain', run: toAfter },
  { name: 'a deployment', kind: 'deployed', run: toAfter },
  { name: 'a rollback', kind: 'twice deployed', run: toPrevious },
] as const;

async function toAfter(base: string, python?: string): Promise<unknown> {
  return deployTo(base, after, { keepReleases: 1, keepBackups: 0, removeOldCode: true }, { python });
}

async function toPrevious(base: string, python?: string): Promise<unknown> {
  return rollBackTo(base, { target: 'previous' }, {}, { python });
}

/** Of the kills of a first deployment, every so many are followed by one that goes live. */
const EVERY = 4;
/** Outside of proof, the next kill is at most so many changes further on. */
const STEP = 5;

test.each(OPERATIONS)(
  'P2, P3, P5: $name may be killed before any change on disk',
  async ({ kind, run }) => {
    const template = await prepared(kind);
    let kills = 0;
    for (let at = drawnStep(STEP); ; at += drawnStep(STEP)) {
      const base = await make('crash');
      execFileSync('cp', ['-a', `${template}/.`, base]);
      const originals = originalsOf(base);
      const python = await crashingPython(pythons, at);
      const outcome = await run(base, python).catch((error: unknown) => error);
      expectWhole(base, at);
      if (!(outcome instanceof Error)) break;
      expect({ at, ...told(outcome) }).toMatchObject({ at, code: 'LOST' });
      if (kind === 'plain') await expectLiveOrPlain(base, at, originals);
      kills++;
      if (kind === 'plain' && kills % EVERY > 0) continue;
      await deployTo(base, after, { removeOldCode: true });
      expectSettled(base, at);
    }
  },
  240_000,
);

/** After a next operation that goes live with nothing itself. */
async function expectLiveOrPlain(
  base: string,
  at: number,
  originals: ReturnType<typeof originalsOf>,
): Promise<void> {
  const checks = [checkOf({ when: 'after', command: 'false' })];
  await deployTo(base, after, { checks, removeOldCode: true }).catch(() => undefined);
  if (existsSync(join(base, 'current'))) expectSettled(base, at);
  else expect({ at, originals: originalsOf(base) }).toEqual({ at, originals });
}

/** What a comparison shows of an outcome; of an error itself it would leave the message out. */
function told(outcome: Error): object {
  return { ...outcome, message: outcome.message };
}

/** What extractions find is one version or the other, to the last byte. */
function expectWhole(base: string, at: number): void {
  const { 'run.py': _launcherOrProgram, ...seen } = seenThrough(base);
  const possible = [before, after].map((directory) => {
    const { 'run.py': _program, ...others } = treeOf(directory);
    return others;
  });
  expect({ at, possible }).toEqual({ at, possible: expect.arrayContaining([seen]) });
  const versions = execFileSync(PYTHON, ['-B', 'run.py'], { cwd: base, encoding: 'utf8' });
  expect({ at, versions }).toEqual({ at, versions: expect.stringMatching(/^(1 1|2 2)$/) });
}

function expectSettled(base: string, at: number): void {
  expect({ at, live: liveTree(base) }).toEqual({ at, live: treeOf(after) });
  const kept = keptNames(base);
  expect({ at, staging: kept['.hot-deploy/staging'] }).toEqual({ at, staging: [] });
  const temporary = [...kept['.hot-deploy'], ...kept['.hot-deploy/releases'], ...kept.backups].filter(
    (name) => name.endsWith('.tmp'),
  );
  expect({ at, temporary }).toEqual({ at, temporary: [] });
  const recorded = new Set(kept['.hot-deploy/releases'].map((name) => name.split('.')[0]));
  expect({ at, recorded: [...recorded].sort() }).toEqual({ at, recorded: kept.releases });
}

describe('a switch whose executor was killed before it was confirmed', () => {
  /** Passes on every version but the one named. */
  const unless = (version: string, then: string) =>
    checkOf({
      name: 'version check',
      type: 'python',
      when: 'after',
      code: `import engine, os, signal\nif engine.VERSION == '${version}': ${then}`,
    });
  const KILL_EXECUTOR = 'os.kill(os.getppid(), signal.SIGKILL)';

  async function interrupted(): Promise<string> {
    const base = await prepared('deployed');
    const error = await thrownBy(deployTo(base, after, { checks: [unless('2', KILL_EXECUTOR)] }));
    expect(error.code).toBe('LOST');
    expect(error.message).toContain('SIGKILL');
    // Nobody is left there who could go back by himself.
    expect(error.message).toContain(`and ${String(error.details.attempted)} may be now, unconfirmed`);
    expect(error.description).toContain('the next operation decides');
    expect(liveTree(base)).toEqual(treeOf(after));
    return base;
  }

  test('P5: is reported by Get Status', async () => {
    const base = await interrupted();
    const status = await inConversation((client) =>
      getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
    );
    expect(status.unconfirmedSwitch).toMatchObject({ operation: 'deploy', to: status.release });
    expect(status.lockedBy).toBeNull();
  });

  test('P2, P5: is confirmed by the next operation when the checks pass', async () => {
    const base = await interrupted();
    const result = await deployTo(base, after, { checks: [unless('1', 'exit(1)')] });
    expect(result.settled).toEqual({ release: result.release, outcome: 'confirmed' });
    expect(result.status).toBe('unchanged');
    expect((await rollBackTo(base, { target: 'previous' })).status).toBe('rolledBack');
    expect(liveTree(base)).toEqual(treeOf(before));
  });

  test('P2, P5: is taken back by the next operation when a check does not pass', async () => {
    const base = await interrupted();
    const stuck = readlinkSync(join(base, 'current')).slice('releases/'.length);
    const checks = [unless('2', 'exit(1)')];
    const result = await deployTo(base, before, { checks });
    expect(result.settled).toEqual({ release: stuck, outcome: 'reverted', check: 'version check' });
    expect(result.status).toBe('unchanged');
    expect(liveTree(base)).toEqual(treeOf(before));
    expect(keptNames(base).releases).not.toContain(stuck);
  });

  test('P5: a release that was kept before an interrupted rollback stays when that is taken back', async () => {
    const base = await prepared('twice deployed');
    await thrownBy(rollBackTo(base, { target: 'previous' }, { checks: [unless('2', KILL_EXECUTOR)] }));
    const { releases } = keptNames(base);
    await deployTo(base, before, { checks: [unless('2', 'exit(1)')] });
    expect(keptNames(base).releases).toEqual(releases);
  });
});

test('P5: a step asked for after the executor was killed is answered at once', async () => {
  const client = await openClient();
  process.kill(client.hello.processId, 'SIGKILL');
  const error = await thrownBy(client.call('list', { basePath: asBasePath('/') }));
  expect(error.message).toContain('SIGKILL');
  expect((await thrownBy(client.call('list', { basePath: asBasePath('/') }))).code).toBe('LOST');
  await client.close();
});
