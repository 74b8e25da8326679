import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { listReleases } from '../../../nodes/shared/operations/list';
import { getStatus } from '../../../nodes/shared/operations/status';
import {
  deployTo,
  engineVersions,
  inConversation,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { fuzz, nasty, replacedAt } from '../../support/fuzz';
import { size } from '../../support/size';
import { statusOf } from '../../support/snapshot';
import { asBasePath, asEntrypoint } from '../../support/named';

jest.setTimeout(300_000);
const make = temporaryDirectories();
let place: string;
let canary: string;
let v1: string;
let v2: string;
let number = 0;

beforeAll(async () => {
  [v1, v2] = await engineVersions(make, 'base', 'v2');
  place = await make('place');
  canary = join(place, 'canary');
  mkdirSync(join(canary, 'kept'), { recursive: true });
  writeFileSync(join(canary, 'kept/file'), 'kept');
  const base = join(place, 'app');
  await deployTo(base, v1);
  await deployTo(base, v2);
});

/** The engine as it was, in a place of its own beside the canary. */
function freshEngine(): string {
  const base = join(place, `app${++number}`);
  cpSync(join(place, 'app'), base, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return base;
}

/** The files that tell the executor what is what; any of them may be forged by whoever owns the engine. */
function stateFiles(base: string): string[] {
  const records = readdirSync(join(base, '.hot-deploy/releases')).map(
    (name) => `.hot-deploy/releases/${name}`,
  );
  return ['.hot-deploy/history.jsonl', '.hot-deploy/undo.jsonl', '.hot-deploy/holder.json', ...records];
}

/** Undos of a conversation that was cut off: each names something that would be removed or put in place. */
function undos(current: string): object[] {
  const pending = { at: 't', event: 'flip', operation: 'deploy', to: current, from: null, made: ['run.py'] };
  return [
    { verb: 'revertSwitch', arguments: { ...pending, aside: 'current.0123456789ab' }, since: 0, by: null },
    { verb: 'discardRelease', arguments: { release: current }, since: 0, by: null },
    { verb: 'discardStaging', arguments: { name: 'backup' }, since: 0, by: null },
    {
      verb: 'discardBackups',
      arguments: { before: ['hot-backup-20261123-171501.tar.gz'] },
      since: 0,
      by: null,
    },
    { verb: 'attach', arguments: { names: ['src'], entrypoint: 'run.py' }, since: 0, by: null },
  ];
}

/** Writes a state file with one place of its content replaced; a history gets a line more, unconfirmed or not. */
function forge(base: string, which: number, at: number, lie: unknown): void {
  const names = stateFiles(base);
  const file = join(base, names[which % names.length]);
  if (file.endsWith('undo.jsonl')) {
    const told = undos(readlinkSync(join(base, 'current')).split('/')[1]);
    writeFileSync(file, `${JSON.stringify(replacedAt(told[at % told.length], which + at, lie))}\n`);
    return;
  }
  if (file.endsWith('.jsonl')) {
    const current = readlinkSync(join(base, 'current')).split('/')[1];
    const line = {
      at: 't',
      event: 'flip',
      operation: 'deploy',
      to: current,
      from: null,
      made: ['run.py'],
      sequence: 9,
    };
    writeFileSync(file, `${readFileSync(file, 'utf8')}${JSON.stringify(replacedAt(line, at, lie))}\n`);
    return;
  }
  const before: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { workflow: 'x' };
  writeFileSync(file, JSON.stringify(replacedAt(before, at, lie)) ?? '');
}

/** Whether what is live is a release that is there, however it came about. */
function livesWell(base: string): boolean {
  const current = join(base, 'current');
  if (!lstatSync(current, { throwIfNoEntry: false })) return true;
  return /^releases\/\d{8}-\d{6}-[0-9a-f]{7}(-\d+)?$/.test(readlinkSync(current)) && existsSync(current);
}

const OPERATIONS: Record<string, (base: string) => Promise<unknown>> = {
  status: (base) =>
    inConversation((client) =>
      getStatus(client, { basePath: asBasePath(base), entrypoint: asEntrypoint('run.py') }),
    ),
  deploy: (base) => deployTo(base, v1, { createBackup: false, keepReleases: 1 }),
  rollback: (base) => rollBackTo(base, { target: 'previous' }),
};

test('P7: whatever records, manifests and history say, nothing outside the engine is touched', async () => {
  const untouched = () => [statusOf(canary), readdirSync(place).filter((name) => !name.startsWith('app'))];
  const before = untouched();
  await fuzz(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(OPERATIONS)),
      fc.nat(),
      fc.nat(),
      nasty,
      async (name, which, at, lie) => {
        const base = freshEngine();
        forge(base, which, at, lie);
        const outcome = await OPERATIONS[name](base).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(outcome).toBeInstanceOf(DeployError);
          expect(outcome.message).not.toMatch(/stopped unexpectedly|undefined/);
        }
        expect(livesWell(base)).toBe(true);
        expect(untouched()).toEqual(before);
      },
    ),
    size(20, 50),
  );
});

test('P7: what an undo or a switch kept aside lies there, whatever it is called', async () => {
  for (const aside of ['../../../canary/kept', '..', 'current.0123456789ab/..', '/etc']) {
    const base = freshEngine();
    const to = readlinkSync(join(base, 'current')).split('/')[1];
    const pending = { at: 't', event: 'flip', operation: 'deploy', to, from: null, made: [], aside };
    const history = join(base, '.hot-deploy/history.jsonl');
    writeFileSync(history, `${readFileSync(history, 'utf8')}${JSON.stringify(pending)}\n`);
    const undo = { verb: 'revertSwitch', arguments: pending, since: 0, by: null };
    writeFileSync(join(base, '.hot-deploy/undo.jsonl'), `${JSON.stringify(undo)}\n`);
    const failing = { type: 'python', name: 'no', code: 'raise SystemExit(1)', when: 'both' } as const;
    await deployTo(base, v1, { checks: [{ ...failing, timeoutSeconds: 20, environment: {} }] }).catch(
      () => undefined,
    );
    expect(readlinkSync(join(base, 'current'))).toBe(`releases/${to}`);
    expect(readFileSync(join(canary, 'kept/file'), 'utf8')).toBe('kept');
  }
});

test('P7: a forged switch can’t lead anywhere but to a release', async () => {
  const base = freshEngine();
  const current = readlinkSync(join(base, 'current'));
  const to = current.split('/')[1];
  for (const from of ['../../canary/kept', `${to}/../../../canary`, '/etc', '']) {
    const line = { at: 't', event: 'flip', operation: 'deploy', to, from, made: ['../canary/kept/file'] };
    const file = join(base, '.hot-deploy/history.jsonl');
    writeFileSync(file, `${readFileSync(file, 'utf8')}${JSON.stringify(line)}\n`);
    // A check that doesn't pass would take the interrupted switch back to where it came from.
    const failing = { type: 'python', name: 'no', code: 'raise SystemExit(1)', when: 'both' } as const;
    await deployTo(base, v1, { checks: [{ ...failing, timeoutSeconds: 20, environment: {} }] }).catch(
      () => undefined,
    );
    expect(readlinkSync(join(base, 'current'))).toBe(current);
  }
  expect(readFileSync(join(canary, 'kept/file'), 'utf8')).toBe('kept');
});

test.each<[string, unknown]>([
  ['no object', 7],
  ['another release', { release: '20200101-000000-0000000' }],
  ['a sequence that is none', { sequence: 'x' }],
  ['a sequence beyond all numbers', { sequence: 2 ** 60 }],
  ['no source', { source: null }],
  ['a source of another form', { source: { type: ['git'] } }],
  ['names that are none', { names: [{}] }],
  ['no state', { state: null }],
  ['passed checks that are none', { passed: 7 }],
])('P7: a record of %s counts as missing; the others are listed', async (_title, forged) => {
  const base = freshEngine();
  const current = readlinkSync(join(base, 'current')).split('/')[1];
  const directory = join(base, '.hot-deploy/releases');
  const [other] = readdirSync(join(base, 'releases')).filter((name) => name !== current);
  const file = join(directory, `${other}.json`);
  const before = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify(typeof forged === 'object' ? { ...before, ...forged } : forged));
  const listed = await inConversation((client) => listReleases(client, asBasePath(base)));
  expect(listed.releases.map(({ release }) => release)).toEqual([current]);
  expect((await deployTo(base, v1)).status).toBe('deployed');
});
