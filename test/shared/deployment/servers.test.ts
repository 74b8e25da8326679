/**
 * P1: servers that import an engine's modules by themselves, behind the prefix, keep to one release: their workers, too, and
 * what they import late, while another one is live. With the real servers, in each way of pinning.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

import type { Pinning } from '../../../nodes/shared/contract/records';
import { deployTo, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { writeTree } from '../../support/tree';
import { UV_DIRECTORY } from '../../support/wheels';

jest.setTimeout(240_000);
const make = temporaryDirectories();
const servers: ChildProcess[] = [];
let environment: string;

/** What each answers, over a socket in its working directory: its version, a late module's and, asked for, a new worker's. */
const files = (version: string) => ({
  'main.py': `
import asyncio
V = '${version}'

async def app(scope, receive, send):
    if scope['type'] != 'http':
        return
    import package.late
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': (V + package.late.V).encode()})

def wsgi(environ, start_response):
    import package.late
    start_response('200 OK', [])
    return [(V + package.late.V).encode()]
`,
  'package/__init__.py': '',
  'package/late.py': `V = '${version}'\n`,
  'run.py': `
import os, sys
from main import V, wsgi
# Celery looks for modules in its working directory for as long as it loads this.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

def tasks():
    from celery import Celery
    queue = {'data_folder_in': 'queue', 'data_folder_out': 'queue', 'control_folder': 'queue'}
    made = Celery('run', broker='filesystem://', backend='file://' + os.path.abspath('results'))
    made.conf.update(broker_transport_options=queue)

    @made.task(name='tell')
    def tell():
        import package.late
        return V + package.late.V

    return made

if os.path.isdir('queue'):
    celery = tasks()
    os.mkdir('results/loaded-%d' % os.getpid())
`,
});

const SELECTION = { include: ['main.py', 'run.py', 'package/**'], exclude: [] };

const SERVERS: Record<string, string[]> = {
  uvicorn: ['uvicorn', 'main:app', '--uds', 'socket'],
  'uvicorn, with workers': ['uvicorn', 'main:app', '--uds', 'socket', '--workers', '2'],
  'uvicorn, as a module': ['python', '-m', 'uvicorn', 'main:app', '--uds', 'socket'],
  'gunicorn, with workers': ['gunicorn', 'main:wsgi', '--bind', 'unix:socket', '--workers', '2'],
  'gunicorn, of a start script': ['gunicorn', 'run:wsgi', '--bind', 'unix:socket'],
};

beforeAll(async () => {
  environment = await make('servers');
  execFileSync(join(UV_DIRECTORY, 'uv'), ['venv', '-q', '--python', PYTHON, '--clear', environment]);
  const packages = ['uvicorn==0.38.0', 'gunicorn==23.0.0', 'celery==5.5.3'];
  execFileSync(join(UV_DIRECTORY, 'uv'), ['pip', 'install', '-q', '--python', environment, ...packages]);
}, 120_000);
afterEach(async () => {
  for (const server of servers.splice(0)) {
    const ended = once(server, 'exit');
    // The whole group: workers are its own.
    process.kill(-(server.pid as number), 'SIGKILL');
    await ended;
  }
});

async function answer(base: string): Promise<string> {
  const asked = get({ socketPath: join(base, 'socket'), path: '/' });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return text(response);
}

async function answerOnceThere(base: string): Promise<string> {
  for (;;) {
    if (existsSync(join(base, 'socket'))) {
      try {
        return await answer(base);
      } catch {
        // It listens in a moment.
      }
    }
    await pause(20);
  }
}

const cases = (['place', 'code'] as const).flatMap((pinning) =>
  Object.entries(SERVERS).map(([name, words]) => [name, pinning, words] as [string, Pinning, string[]]),
);

/** A base path with version 1 live, and version 2 before it. */
async function engine(pinning: Pinning): Promise<string> {
  const base = await make('served');
  await writeTree(base, { 'main.py': '', 'run.py': '', 'package/__init__.py': '' });
  for (const version of ['2', '1']) {
    const source = await make(`version-${version}`);
    await writeTree(source, files(version));
    await deployTo(base, source, { selection: SELECTION, pinning, removeOldCode: true });
  }
  return base;
}

function start(base: string, words: readonly string[]): void {
  const [program = '', ...others] = words;
  const env = { ...process.env, PATH: `${environment}/bin:${process.env.PATH}` };
  servers.push(spawn(program, others, { cwd: base, detached: true, stdio: 'ignore', env }));
}

/** After it the other version is live. */
async function switchOften(base: string): Promise<void> {
  for (let index = 0; index < 5; index++) await rollBackTo(base, { target: 'previous' });
}

const PREFIX = [PYTHON, '.hot-deploy/launch.py'];

test.each(cases)('P1: %s, pinned %s', async (_name, pinning, words) => {
  const base = await engine(pinning);
  start(base, [...PREFIX, ...words]);
  const said = new Set([await answerOnceThere(base)]);
  await switchOften(base);
  // Another worker may answer each time, and imports late then.
  for (let index = 0; index < 10; index++) said.add(await answer(base));
  expect([...said]).toEqual(['11']);
});

test('P1: gunicorn, of a start script and without the prefix, by code', async () => {
  const base = await engine('code');
  start(base, [join(environment, 'bin/gunicorn'), 'run:wsgi', '--bind', 'unix:socket']);
  const said = new Set([await answerOnceThere(base)]);
  await switchOften(base);
  for (let index = 0; index < 10; index++) said.add(await answer(base));
  expect([...said]).toEqual(['11']);
});

test.each(['place', 'code'] as const)(
  'P1: celery’s worker, of a start script, pinned %s',
  async (pinning) => {
    const base = await engine(pinning);
    for (const name of ['queue', 'results']) await mkdir(join(base, name));
    const worker = [
      'celery',
      '-A',
      'run:celery',
      'worker',
      '--concurrency',
      '2',
      '--without-gossip',
      '--without-mingle',
    ];
    start(base, [...PREFIX, ...worker]);
    while (!readdirSync(join(base, 'results')).some((name) => name.startsWith('loaded'))) await pause(20);
    await switchOften(base);
    const ask = 'import run; print(run.celery.send_task("tell").get(timeout=60))';
    const [program = '', ...words] = [...PREFIX, join(environment, 'bin/python'), '-c', ask];
    expect(execFileSync(program, words, { cwd: base, encoding: 'utf8' })).toBe('11\n');
  },
);
