/** P13: services that are set up as the documentation shows, in a systemd unit and by a program of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { AskingInside } from '../../support/askingInside';
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { mainProgram, SELECTION, SERVERS, serviceFiles } from '../../support/documentedSetups';
import { asEntrypoint } from '../../support/named';
import { onOwnKernel } from '../../support/ownKernel';
import { answers, endService, freePort } from '../../support/servedEngine';
import { writeTree } from '../../support/tree';

jest.setTimeout(300_000);
const make = temporaryDirectories();

describe('python main.py, which calls uvicorn.run', () => {
  let base: string;
  let port: number;
  let serve: ChildProcess | undefined;
  afterEach(() => serve && endService(serve));

  async function deployVersion(version: string, changes = {}) {
    const source = await make(`version-${version}`);
    // What the page calls `service` is the application, whatever its module is called elsewhere.
    const { 'main.py': service, 'late.py': late } = serviceFiles(version);
    await writeTree(source, { 'main.py': mainProgram().text, 'service.py': service, 'late.py': late });
    const options = { entrypoint: asEntrypoint(''), selection: SELECTION, createBackup: false };
    return deployTo(base, source, { ...options, ...changes });
  }

  function start(): ChildProcess {
    const replaced = (word: string) => word.replace('/app/', `${base}/`).replace(':8000', `:${port}`);
    const [program = '', ...words] = mainProgram().command.map(replaced);
    const env = { ...process.env, PATH: `${join(SERVERS, 'bin')}:${process.env.PATH}` };
    return spawn(program, words, { cwd: base, env, stdio: 'ignore' });
  }

  test('is handed over: no request is lost, and each is one release’s', async () => {
    base = await make('app');
    port = await freePort();
    await deployVersion('0');
    serve = start();
    const clients = new AskingInside([], port);
    expect(await clients.first()).toBe('0');
    await clients.start();
    await clients.hold();
    const { service } = await deployVersion('1', {
      checks: [{ ...answers(port), http: { ...answers(port).http!, text: '1' } }],
      service: { method: 'auto', readySeconds: 30, drainSeconds: 10, keepOldSeconds: 0 },
    });
    expect(service).toMatchObject({ method: 'handOver' });
    expect(await clients.first()).toBe('1');
    expect(await clients.goOn()).toBe('0 0');
    expect(Object.keys(await clients.stop()).sort()).toEqual(['0', '1']);
    const ended = once(serve, 'exit');
    serve.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

// The kernel that these need exists for this processor only.
const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('a systemd unit', () => {
  let said: Record<string, unknown>[];
  beforeAll(() => {
    said = onOwnKernel(join(__dirname, '../../support/systemdSetup.ts'), true);
  });
  const at = (name: string): unknown => said.find((one) => one.name === name);

  test('can be enabled, and starts what was deployed', () => {
    expect(at('start')).toMatchObject({ enabled: 'enabled-runtime', answer: '0' });
  });

  test('is handed over by a deployment: no request is lost, and each is one release’s', () => {
    const { counts } = at('hand-over') as { counts: object };
    expect(Object.keys(counts)).toEqual(['0', '1']);
    expect(at('hand-over')).toMatchObject({ method: 'handOver', answer: '1', held: '0 0' });
  });

  test('leaves no process behind when it is stopped', () => {
    expect(at('stop')).toMatchObject({ state: 'inactive', result: 'success', left: [], isAnyLeft: false });
  });

  test('starts what has become current, and so does a restart', () => {
    expect(at('started again')).toMatchObject({ answer: '2' });
    expect(at('restart')).toMatchObject({ answer: '2' });
  });

  test('is started again after serve.py was killed, and can be handed over then', () => {
    expect(at('crash')).toMatchObject({ answer: '2', restarts: 1 });
    expect(at('hand-over after')).toMatchObject({ method: 'handOver', answer: '3' });
  });
});
