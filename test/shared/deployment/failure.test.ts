import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { Bundle } from '../../../nodes/shared/source/bundle';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { materialiseEngine } from '../../support/engine';
import { keptNames, seenThrough, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
let v1: string, v2: string, base: string;

beforeAll(async () => {
  [v1, v2, base] = await engineVersions(make, 'base', 'v2', 'base');
  await deployTo(base, v1);
  await deployTo(base, await materialised('v4'));
});

async function materialised(version: string): Promise<string> {
  const directory = await make(version);
  await materialiseEngine(version, directory);
  return directory;
}

/** Everything a failed operation could have changed. */
function everything(): unknown {
  return { seen: seenThrough(base), kept: keptNames(base), live: treeOf(join(base, 'current')) };
}

async function expectNothingChanged(
  operation: () => Promise<unknown>,
): Promise<Awaited<ReturnType<typeof thrownBy>>> {
  const before = everything();
  const error = await thrownBy(operation());
  expect(everything()).toEqual(before);
  return error;
}

test('P3: a check that fails before the switch leaves no trace', async () => {
  const checks = [checkOf({ name: 'smoke test', command: 'python -c "raise SystemExit(3)"' })];
  const error = await expectNothingChanged(() => deployTo(base, v2, { checks }));
  expect(error.code).toBe('CHECK');
  expect(error.message).toMatch(/“smoke test” did not pass before the switch: exit code 3/);
  expect(error.message).toContain('changed nothing');
});

test('P3: a check that fails after the switch takes it back and leaves no trace', async () => {
  const checks = [checkOf({ name: 'live test', when: 'after', command: 'python -c "raise SystemExit(4)"' })];
  const error = await expectNothingChanged(() => deployTo(base, v2, { checks }));
  expect(error.details).toMatchObject({ reverted: true, live: readLive() });
});

test('P3: a rollback whose check fails leaves no trace and keeps the release it went to', async () => {
  const checks = [checkOf({ when: 'after', command: 'false' })];
  const error = await expectNothingChanged(() => rollBackTo(base, { target: 'previous' }, { checks }));
  expect(error.code).toBe('CHECK');
});

test('P3: a source that changes while it is read leaves no trace', async () => {
  const source = await materialised('v2');
  const bundle = await bundleOf(source, deployOptions(base));
  await writeFile(join(source, 'src/matcher.py'), 'VERSION = "other"\n');
  const error = await expectNothingChanged(() => deployTo(base, bundle));
  expect(error.code).toBe('SOURCE_CHANGED');
});

test('P3: a source that cannot be read to its end leaves no trace', async () => {
  const bundle = await bundleOf(v2, deployOptions(base));
  const broken: Bundle = {
    ...bundle,
    async *read(wanted) {
      for await (const file of bundle.read(wanted)) {
        yield file;
        throw new Error('the disk went away');
      }
    },
  };
  const error = await expectNothingChanged(() => deployTo(base, broken));
  expect(error.message).toContain('the disk went away');
});

const STEPS = [
  'lock and look',
  'compare',
  'announce',
  'transfer and assemble',
  'back up',
  'check before the switch',
  'switch',
  'check after the switch',
];

test.each(STEPS)('P3: a deployment cancelled in the step “%s” leaves no trace', async (step) => {
  const checks = [checkOf({ when: 'both', command: 'sleep 0.2' })];
  const error = await expectNothingChanged(() => cancelledAt(step, 'start', { checks }));
  expect(error.code).toBe('CANCELLED');
  expect(error.message).toContain('changed nothing');
});

test('P3: a deployment cancelled while a check runs ends the check and leaves no trace', async () => {
  const marker = join(await make('marker'), 'ended');
  const script = `import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (open(${JSON.stringify(marker)}, "w").close(), sys.exit(1)))
print("ready")
time.sleep(60)`;
  const checks = [checkOf({ type: 'python', code: script, timeoutSeconds: 60 })];
  await expectNothingChanged(() => cancelledAt('test check', 'output', { checks }));
  expect(existsSync(marker)).toBe(true);
});

async function cancelledAt(
  step: string,
  phase: 'start' | 'output',
  changes: Partial<DeployOptions>,
): Promise<unknown> {
  const controller = new AbortController();
  const onStep: DeployOptions['onStep'] = (event) => {
    if (event.step === step && event.phase === phase) controller.abort();
  };
  return deployTo(base, v2, { ...changes, onStep }, { signal: controller.signal });
}

test('P3: cancelled before anything was started, nothing is', async () => {
  const error = await thrownBy(deployTo(base, v2, {}, { signal: AbortSignal.abort() }));
  expect(error.code).toBe('CANCELLED');
});

describe('a first deployment that does not go live', () => {
  const failing = [checkOf({ when: 'after', command: 'false' })];

  test.each(['empty', 'missing'])('P3: leaves nothing behind in a base path that is %s', async (kind) => {
    const empty = await make('first');
    const path = kind === 'empty' ? empty : join(empty, 'app');
    const error = await thrownBy(deployTo(path, v1, { checks: failing }));
    expect(error.message).toContain(`Nothing is live in ${path} yet`);
    expect(seenThrough(path)).toEqual({});
    expect(readdirSync(path)).not.toContain('current');
    expect(keptNames(path)).toMatchObject({ releases: [], backups: [], '.hot-deploy/staging': [] });
  });

  test('P3: shows plain files as they were', async () => {
    const plain = await materialised('base');
    const before = readdirSync(plain);
    const error = await thrownBy(deployTo(plain, v2, { checks: failing }));
    expect(error.details).toMatchObject({ reverted: true, live: null, previousRelease: null });
    expect(readdirSync(plain).filter((name) => name !== '.hot-deploy')).toEqual(before);
  });
});

function readLive(): string {
  return readlinkSync(join(base, 'current')).slice('releases/'.length);
}
