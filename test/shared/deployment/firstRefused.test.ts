/** A first deployment over plain files that does not go live: those are as they were, inode for inode. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { getHistory } from '../../../nodes/shared/operations/getHistory';
import { repairEngine } from '../../../nodes/shared/operations/repair';
import { getStatus } from '../../../nodes/shared/operations/status';
import type { Check } from '../../../nodes/shared/release/checks';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { pythonWithoutExchange } from '../../support/changedPython';
import {
  checkOf,
  type ConversationOptions,
  deployOptions,
  deployTo,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { asBasePath } from '../../support/named';
import { keptNames, originalsOf } from '../../support/snapshot';
import { startRelay, startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { offline } from '../../support/wheels';

jest.setTimeout(60_000);
const make = temporaryDirectories();
let source: string;
let base: string;

beforeAll(async () => {
  source = await make('source');
  await writeTree(source, {
    'run.py': 'def extract():\n    return 2\nif __name__ == "__main__":\n    print(extract())\n',
    'src/main.py': '',
    'config/engine.json': '{"version": 2}',
    'prompts/a.txt': 'a',
  });
});

/** A plain engine whose start script is a link, and that another script beside imports. */
beforeEach(async () => {
  base = await make('plain');
  await writeTree(base, {
    'src/main.py':
      'import json, helper\ndef extract():\n    return helper.version()\nif __name__ == "__main__":\n    print(extract())\n',
    'src/helper.py':
      'import json\ndef version():\n    return json.load(open("config/engine.json"))["version"]\n',
    'config/engine.json': '{"version": 1}',
    'batch.py': 'import sys\nsys.path.insert(0, "src")\nfrom run import extract\nprint(extract())\n',
    'output/1.json': '{}',
  });
  await symlink('src/main.py', join(base, 'run.py'));
  await mkdir(join(base, 'src/empty'));
  await chmod(join(base, 'src'), 0o2775);
  await chmod(join(base, 'config/engine.json'), 0o640);
  await chmod(join(base, 'output'), 0o700);
});

const SELECTION = {
  include: ['src/**', 'config/**', 'prompts/**', 'run.py', 'requirements.txt'],
  exclude: [],
};

function first(
  changes: Partial<DeployOptions> = {},
  conversation: ConversationOptions = {},
  from = source,
): Promise<unknown> {
  // The source is without src/helper.py, which the plain engine has.
  return deployTo(base, from, { selection: SELECTION, removeOldCode: true, ...changes }, conversation);
}

function says(script: string): string {
  return execFileSync(PYTHON, ['-B', script], { cwd: base, encoding: 'utf8' }).trim();
}

/** Runs as before, and nothing of ours lies beside it. */
function expectPlain(before: ReturnType<typeof originalsOf>): void {
  expect(originalsOf(base)).toEqual(before);
  expect([says('run.py'), says('batch.py')]).toEqual(['1', '1']);
  expect(keptNames(base)).toMatchObject({ '.hot-deploy/staging': [], '.hot-deploy/releases': [] });
  expect(readdirSync(join(base, '.hot-deploy'))).not.toContain('adopted');
}

/** What the next operation, which asks for nothing, leaves. */
async function next(): Promise<void> {
  await inConversation((client) =>
    client.call('lock', { basePath: asBasePath(base), create: false, holder: {}, waitSeconds: 30 }),
  );
}

const kill = (parent: string) => `import os, signal; os.kill(${parent}, signal.SIGKILL)`;
const before = (changes: Partial<Check>): Partial<DeployOptions> => ({ checks: [checkOf(changes)] });
const after = (changes: Partial<Check>): Partial<DeployOptions> => before({ ...changes, when: 'after' });
const UNTOUCHED = /plain files in \S+ are as they were; the deployment changed nothing\./;
const TAKEN_BACK = /The switch was taken back: the plain files in \S+ are as they were\./;

const REFUSALS: Array<[string, Partial<DeployOptions>, string, RegExp]> = [
  ['a check before the switch does not pass', before({ command: 'false' }), 'CHECK', UNTOUCHED],
  ['a check after the switch does not pass', after({ command: 'false' }), 'CHECK', TAKEN_BACK],
  ['its packages can’t be installed', { dependencies: offline('/nowhere') }, 'DEPENDENCIES', UNTOUCHED],
];

test.each(REFUSALS)('P3: %s, and the originals are back', async (_why, options, code, said) => {
  await writeFile(join(source, 'requirements.txt'), 'nothing-of-that-name==1\n');
  const plain = originalsOf(base);
  const error = await thrownBy(first({ ...options, createBackup: true }));
  expect(error).toMatchObject({ code, message: expect.stringMatching(said) });
  expect(error.details).toMatchObject({ live: null, previousRelease: null, backup: null });
  expectPlain(plain);
  expect(await status()).toMatchObject({ release: null, unconfirmedSwitch: null });
  expect(await repaired()).toBe('sound');
});

const status = () => inConversation((client) => getStatus(client, deployOptions(base)));
const repaired = async () =>
  (await inConversation((client) => repairEngine(client, { ...deployOptions(base), dryRun: false }))).status;

test('P3: where names can’t be exchanged, the originals are back, too', async () => {
  const python = await pythonWithoutExchange(await make('python'));
  const plain = originalsOf(base);
  const error = await thrownBy(first(after({ command: 'false' }), { python }));
  expect(error.message).toMatch(TAKEN_BACK);
  expectPlain(plain);
});

test.each(['copy plain files', 'check before the switch', 'adopt', 'switch', 'check after the switch'])(
  'P3: cancelled in “%s”, the originals are back',
  async (step) => {
    const controller = new AbortController();
    const plain = originalsOf(base);
    const onStep: DeployOptions['onStep'] = (event) => {
      if (event.step === step && event.phase === 'start') controller.abort();
    };
    const checks = [checkOf({ when: 'both', command: 'sleep 0.2' })];
    const error = await thrownBy(first({ checks, onStep }, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'CANCELLED', message: expect.stringMatching(UNTOUCHED) });
    expectPlain(plain);
  },
);

test.each([
  ['before', 'the next operation'],
  ['after', 'the next operation'],
  ['after', 'Repair Engine'],
] as const)(
  'P3, P5: its executor was killed in a check %s the switch: %s puts the originals back',
  async (when, who) => {
    const plain = originalsOf(base);
    const killing = checkOf({ type: 'python', when, code: kill('os.getppid()') });
    const error = await thrownBy(first({ checks: [killing] }));
    expect(error.code).toBe('LOST');
    // Whoever decides finds that the new version is not good.
    const checks = [checkOf({ when: 'after', command: 'false' })];
    if (who === 'Repair Engine') {
      await inConversation((client) =>
        repairEngine(client, { ...deployOptions(base, { checks }), dryRun: false }),
      );
    } else {
      await thrownBy(first({ checks }));
    }
    expectPlain(plain);
    expect(await repaired()).toBe('sound');
  },
);

test('P3, P5: an adoption that 0.1.0 left unconfirmed, without a journal, is taken back to the originals', async () => {
  const plain = originalsOf(base);
  await thrownBy(first(after({ type: 'python', code: kill('os.getppid()') })));
  const history = join(base, '.hot-deploy/history.jsonl');
  const lines = readFileSync(history, 'utf8').trim().split('\n');
  const flip = lines.findIndex(
    (line) => line.includes('"operation":"adopt"') || line.includes('"operation": "adopt"'),
  );
  const { to } = JSON.parse(lines[flip] as string) as { to: string };
  writeFileSync(history, `${lines.slice(0, flip + 1).join('\n')}\n`);
  rmSync(join(base, '.hot-deploy/undo.jsonl'));
  // The switch that came after it was not started.
  for (const name of readdirSync(base)) {
    const path = join(base, name);
    if (!(name in plain) && lstatSync(path).isSymbolicLink()) rmSync(path);
  }
  await symlink(`releases/${to}`, join(base, 'current'));
  await thrownBy(first(before({ command: 'false' })));
  const own = /^(?:releases|environments|backups)(?:\/|$)/;
  const left = Object.entries(originalsOf(base)).filter(([path]) => !own.test(path));
  expect(Object.fromEntries(left)).toEqual(plain);
  expect(says('run.py')).toBe('1');
});

test('P3, P5: its executor was killed after the switch: the next operation keeps it with the adoption', async () => {
  const error = await thrownBy(first(after({ type: 'python', code: kill('os.getppid()') })));
  expect(error.code).toBe('LOST');
  expect(await first()).toMatchObject({ status: 'unchanged', settled: { outcome: 'confirmed' } });
  expect(await rollBackTo(base, { target: 'previous' })).toMatchObject({ source: { type: 'adopted' } });
  expect(await repaired()).toBe('sound');
});

test.each(['copy plain files', 'adopt', 'slow check'])(
  'P3, P5: the connection was lost in “%s”: the engine’s side puts the originals back by itself',
  async (step) => {
    const sshd = await startSshd();
    const relay = await startRelay(sshd.port);
    const connection = await connectSsh(withKey(sshd, { port: relay.port }));
    const plain = originalsOf(base);
    const onStep: DeployOptions['onStep'] = (event) => {
      if (event.step === step && event.phase !== 'end') relay.cut();
    };
    const slow = checkOf({ name: 'slow check', when: 'after', command: 'sh -c "echo started; sleep 20"' });
    try {
      const error = await thrownBy(first({ checks: [slow], onStep }, { connection }));
      expect(error.code).toBe('LOST');
      expect(error.message).toContain("the engine's side puts them back by itself");
    } finally {
      await connection.close();
      await relay.close();
      await sshd.stop();
    }
    await next();
    expectPlain(plain);
  },
);

test.each([
  [
    'is written to',
    (path: string) => writeFileSync(path, '{"version": 1, "more": true}'),
    'config/engine.json',
  ],
  ['comes', (path: string) => writeFileSync(path, 'x'), 'config/state.json'],
])(
  'P3: a file that %s while checks run before the switch keeps it from adopting, and stays',
  async (_how, write, path) => {
    let written = originalsOf(base);
    const onStep: DeployOptions['onStep'] = (event) => {
      if (event.step !== 'check before the switch' || event.phase !== 'start') return;
      write(join(base, path));
      written = originalsOf(base);
      writeFileSync(join(base, 'output/go'), '');
    };
    const wait = checkOf({
      command: `sh -c "until [ -e ${base}/output/go ]; do sleep 0.02; done; rm ${base}/output/go"`,
    });
    const error = await thrownBy(first({ checks: [wait], onStep }));
    expect(error.message).toContain(`${join(base, path)} was written to while it was adopted`);
    const plainOnes = (all: object) =>
      Object.entries(all).filter(([name]) => !/^(releases|backups|output)/.test(name));
    expect(plainOnes(originalsOf(base))).toEqual(plainOnes(written));
    expect(keptNames(base).releases).toEqual([]);
    expect(says('run.py')).toBe('1');
  },
);

test('P4: a run that began meanwhile keeps its release, which the next operation removes', async () => {
  const plain = originalsOf(base);
  const started = join(base, 'output/started');
  const running = `import os, subprocess, time
child = subprocess.Popen(['${PYTHON}', '-B', 'run.py'], cwd='${base}', stdin=subprocess.PIPE, start_new_session=True)
while not os.path.exists('${started}'): time.sleep(0.01)
open('${started}.pid', 'w').write(str(child.pid))
os._exit(1)`;
  const waiting = await make('waiting');
  await writeTree(waiting, {
    'run.py': `import signal\nopen('${started}', 'w').close()\nsignal.pause()\n`,
    'src/main.py': '',
  });
  const error = await thrownBy(first(after({ type: 'python', code: running }), {}, waiting));
  // The adopted one is there, too: it is live until the run has ended.
  const release = keptNames(base).releases.find((name) => name !== error.details?.live);
  expect(error.message).toContain(`Release ${release} is still in use`);
  const onlyPlain = () =>
    Object.fromEntries(
      Object.entries(originalsOf(base)).filter(([path]) => !/^(releases|output)/.test(path)),
    );
  const { output: _output, 'output/1.json': _one, ...expected } = plain;
  // Its names are what the run is pinned by: others have the release with what the plain files held.
  expect(error.details?.complaint).toContain('They are pinned by the names');
  expect([lstatSync(join(base, 'src/main.py')).isSymbolicLink(), says('run.py')]).toEqual([true, '1']);
  process.kill(Number(readFileSync(`${started}.pid`, 'utf8')), 'SIGKILL');
  await next();
  expect(onlyPlain()).toEqual(expected);
  expect(readdirSync(base)).not.toContain('releases');
});

test('its history says that both were taken back', async () => {
  await thrownBy(first(after({ command: 'false' })));
  const changes = await inConversation((client) => getHistory(client, asBasePath(base), 10));
  expect(changes.map(({ operation, end }) => [operation, end])).toEqual([
    ['deploy', 'takenBack'],
    ['adopt', 'takenBack'],
  ]);
});

test('P6: after one that was refused, a first deployment adopts, and rolling back leads to what was plain', async () => {
  await thrownBy(first(after({ command: 'false' })));
  expect(await first()).toMatchObject({ status: 'deployed', swap: { adopted: true } });
  expect(says('run.py')).toBe('2');
  expect(await rollBackTo(base, { target: 'previous' })).toMatchObject({ source: { type: 'adopted' } });
});
