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
import { DEFAULT_SELECTION } from '../../../nodes/shared/source/bundle';
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

/** What belongs to the host, where a case has it. */
const STATE = 'config/state.json';
const SHARED = { selection: { ...DEFAULT_SELECTION, shared: [STATE] } };
type Kind = 'plain' | 'plain with state' | 'deployed with state' | 'deployed' | 'twice deployed';

/** A base path as it was before the operation that is to crash, made once and copied. */
async function prepared(kind: Kind): Promise<string> {
  const base = await make('prepared');
  if (kind.startsWith('plain')) await cp(before, base, { recursive: true });
  if (kind === 'plain with state') await writeTree(base, { [STATE]: '1' });
  if (kind === 'deployed with state') {
    // As an earlier version of the package left it: in the live release, and nobody's.
    const [withState, exclude] = [await make('state'), [STATE]];
    await cp(before, withState, { recursive: true });
    await writeTree(withState, { [STATE]: '1' });
    await deployTo(base, withState);
    await deployTo(base, before, { selection: { ...DEFAULT_SELECTION, exclude } });
    return base;
  }
  if (kind.startsWith('plain')) return base;
  if (kind === 'twice deployed') await deployTo(base, after);
  await deployTo(base, before);
  return base;
}

const OPERATIONS = [
  { name: 'a first deployment over plain files', kind: 'plain', run: toAfter },
  {
    name: 'a first deployment over plain files, some of which are shared',
    kind: 'plain with state',
    run: toAfter,
  },
  { name: 'a deployment that shares what releases took along', kind: 'deployed with state', run: toAfter },
  { name: 'a deployment', kind: 'deployed', run: toAfter },
  { name: 'a rollback', kind: 'twice deployed', run: toPrevious },
] as const;

async function toAfter(base: string, python?: string, kind?: Kind): Promise<unknown> {
  const options = { keepReleases: 1, keepBackups: 0, removeOldCode: true, ...asked(kind) };
  return deployTo(base, after, options, { python });
}

const asked = (kind?: Kind) => (kind === 'deployed with state' ? SHARED : {});

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
      const outcome = await run(base, python, kind).catch((error: unknown) => error);
      expectWhole(base, at, kind);
      if (!(outcome instanceof Error)) break;
      expect({ at, ...told(outcome) }).toMatchObject({ at, code: 'LOST' });
      if (kind.startsWith('plain')) await expectLiveOrPlain(base, at, originals);
      kills++;
      if (kind.startsWith('plain') && kills % EVERY > 0) continue;
      await deployTo(base, after, { removeOldCode: true, ...asked(kind) });
      expectSettled(base, at);
      expectWhole(base, at, kind);
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
function expectWhole(base: string, at: number, kind?: Kind): void {
  const { 'run.py': _launcherOrProgram, [STATE]: state, ...seen } = seenThrough(base);
  expect({ at, state: state !== undefined }).toEqual({ at, state: kind?.endsWith('state') ?? false });
  const possible = [before, after].map((directory) => {
    const { 'run.py': _program, ...others } = treeOf(directory);
    return others;
  });
  expect({ at, possible }).toEqual({ at, possible: expect.arrayContaining([seen]) });
  const versions = execFileSync(PYTHON, ['-B', 'run.py'], { cwd: base, encoding: 'utf8' });
  expect({ at, versions }).toEqual({ at, versions: expect.stringMatching(/^(1 1|2 2)$/) });
}

function expectSettled(base: string, at: number): void {
  const { [STATE]: _state, ...live } = liveTree(base);
  expect({ at, live }).toEqual({ at, live: treeOf(after) });
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
