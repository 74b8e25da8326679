/** A new version of a service that is reloaded is started aside and asked before the switch: the one that answers goes on. */
import { type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { deploy } from '../../../nodes/shared/operations/deploy';
import type { Check } from '../../../nodes/shared/release/checks';
import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import {
  bundleOf,
  deployOptions,
  deployTo,
  openClient,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import {
  answerOf,
  answers,
  ask,
  endService,
  freePort,
  servedVersions,
  superviseService,
  writeServed,
} from '../../support/servedEngine';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const version = servedVersions(make);
const RESTART: ServiceOptions = {
  method: 'reload',
  reload: { by: 'command', command: ['sh', '-c', 'kill "$(cat engine.pid)"'], timeoutSeconds: 20 },
};
let base: string;
let port: number;
let mark: string;
let supervisor: ChildProcess;
let first: string;

beforeEach(async () => {
  base = await make('app');
  port = await freePort();
  mark = `aside-${port}`;
  first = (await deployTo(base, await version('1'))).release;
  supervisor = superviseService(base, port);
  expect(await answerOf(port, 'version 1')).toBe('version 1');
});

afterEach(() => endService(supervisor));

/** Asks for what a version says; the mark finds what was started. */
function aside(says: string, timeoutSeconds = 10): Check {
  const { http, ...check } = answers(port, timeoutSeconds);
  const start = ['env', `ASIDE=${mark}`, 'python3', 'src/service.py', '{port}', mark];
  return { ...check, when: 'both', start, http: { ...http!, text: says } };
}

const deployVersion = async (name: string, check: Check, start = '') =>
  deployTo(base, await version(name, start), { service: RESTART, checks: [check] });
/** The processes that were started for the check and are still there. */
const left = () =>
  readdirSync('/proc').filter((pid) => {
    const path = `/proc/${pid}/cmdline`;
    return /^\d+$/.test(pid) && existsSync(path) && readFileSync(path, 'utf8').includes(mark);
  });
const pid = () => readFileSync(join(base, 'engine.pid'), 'utf8');

test('it answers: the switch comes, and it is asked once more', async () => {
  const { checks } = await deployVersion('2', aside('version 2'));
  expect(checks.filter(({ type }) => type === 'http')).toMatchObject([
    {
      when: 'before',
      passed: true,
      startedAs: 'place',
      output: expect.stringMatching(/200 after \d+ attempts?\n$/),
    },
    { when: 'after', passed: true },
  ]);
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  expect(left()).toEqual([]);
  const back = await rollBackTo(
    base,
    { target: 'release', release: first },
    { service: RESTART, checks: [aside('version 1')] },
  );
  expect(back.checks.map(({ type, when }) => [type, when])).toContainEqual(['http', 'before']);
});

test.each([
  [
    'crashes',
    'sys.exit("no database")',
    /no database\n.*the start command ended \(exit code 1\) before it answered/s,
  ],
  [
    'never answers',
    'import time; time.sleep(600)',
    /not as it should be within 2 s: no answer: Connection refused/,
  ],
  ['says something else', '', /not as it should be within 2 s: status 200 without "version 2" in it/],
])(
  'P3: one that %s is refused before the switch, and what answers is left alone',
  async (_what, start, said) => {
    const before = pid();
    const error = await thrownBy(deployVersion(start ? '2' : '3', aside('version 2', 2), start));
    expect(error).toMatchObject({ code: 'CHECK', details: { check: { when: 'before' } } });
    expect(error.description).toMatch(said);
    expect([await ask(port), pid()]).toEqual(['version 1', before]);
    expect(left()).toEqual([]);
  },
);

test('one that ignores TERM is killed with what it has started', async () => {
  const stubborn = [
    'import signal, subprocess',
    // Only where it was started aside: the supervisor has to end the other one, and all of it.
    "if sys.argv[-1].startswith('aside'):",
    '    signal.signal(signal.SIGTERM, signal.SIG_IGN)',
    `    subprocess.Popen(['sh', '-c', 'trap "" TERM; sleep 600; :', sys.argv[-1]])`,
  ].join('\n');
  await deployVersion('2', aside('version 2'), stubborn);
  expect(await answerOf(port, 'version 2')).toBe('version 2');
  expect(left()).toEqual([]);
});

test('P3: a first deployment shows it, too, and leaves no name behind where it is refused', async () => {
  const plain = await make('plain');
  await writeServed(plain, '0');
  const names = readdirSync(plain);
  const source = await version('1', 'sys.exit(3)');
  const asked = { ...aside('version 1'), when: 'before' } as const;
  expect(await thrownBy(deployTo(plain, source, { checks: [asked] }))).toMatchObject({ code: 'CHECK' });
  expect(readdirSync(plain).filter((name) => name !== '.hot-deploy')).toEqual(names);
  const { checks } = await deployTo(plain, await version('1'), { checks: [asked] });
  expect(checks.find(({ type }) => type === 'http')).toMatchObject({ passed: true });
});

test('P8: cancelled meanwhile, nothing that was started is left', async () => {
  const stop = new AbortController();
  const client = await openClient({ signal: stop.signal });
  const options = deployOptions(base, {
    checks: [aside('version 2', 60)],
    onStep: ({ phase }) => {
      if (phase === 'output') stop.abort();
    },
  });
  const source = await version('2', 'print("starting", flush=True); import time; time.sleep(600)');
  const error = await thrownBy(deploy(client, await bundleOf(source, options), options));
  await client.close();
  expect(error).toMatchObject({ code: 'CANCELLED' });
  expect(left()).toEqual([]);
});
