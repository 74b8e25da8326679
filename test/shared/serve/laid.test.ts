/** What a deployment lays down for services: it starts, it hands over what the executor has deployed, and it goes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { deployTo, type Outcome, PYTHON, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { asEntrypoint } from '../../support/named';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';

const make = temporaryDirectories();
const children: ChildProcess[] = [];

afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

const SERVER = `
import os, socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from version import VERSION

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(VERSION.encode())

server = HTTPServer(('', 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(os.environ['HOT_DEPLOY_FD']))
server.serve_forever()
`;

async function deploy(base: string, version: string): Promise<Outcome> {
  const source = await make(`service-${version}`);
  await writeTree(source, { 'server.py': SERVER, 'version.py': `VERSION = '${version}'\n` });
  return deployTo(base, source, {
    entrypoint: asEntrypoint(''),
    selection: { include: ['*.py'], exclude: [] },
  });
}

/** The answer to each request, in turn. */
async function ask(base: string, ...requests: object[]): Promise<Array<Record<string, unknown>>> {
  // The path of a socket may have 107 bytes only.
  const short = join('/tmp', `hot-deploy-${process.pid}.sock`);
  symlinkSync(join(base, '.hot-deploy/serve.sock'), short);
  const socket = connect(short);
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const answers: Array<Record<string, unknown>> = [];
    for (const request of requests) {
      socket.write(`${JSON.stringify(request)}\n`);
      let event: Record<string, unknown>;
      do {
        const { value } = await lines.next();
        event = JSON.parse(String(value)) as Record<string, unknown>;
      } while (['preparing', 'starting'].includes(String(event.event)));
      answers.push(event);
    }
    return answers;
  } finally {
    socket.destroy();
    unlinkSync(short);
  }
}

test('a deployment lays serve.py, which hands over what comes next, and is gone with it', async () => {
  const base = await make('app');
  const first = await deploy(base, 'one');
  const program = join(base, '.hot-deploy/serve.py');
  expect(execFileSync(PYTHON, [program, '--help'], { encoding: 'utf8' })).toContain('--listen HOST:PORT');

  const child = spawn(PYTHON, [program, '--listen', '127.0.0.1:0', '--', 'python3', 'server.py'], {
    cwd: base,
    stdio: 'ignore',
  });
  children.push(child);
  await until(() => existsSync(join(base, '.hot-deploy/serve.sock')));
  const [status] = await ask(base, { do: 'status' });
  const address = `http://${(status?.listen as string[])[0]}/`;
  const answer = async (): Promise<string> =>
    (await fetch(address, { headers: { connection: 'close' } })).text();
  expect(await answer()).toBe('one');

  const second = await deploy(base, 'two');
  const answers = await ask(
    base,
    { do: 'prepare', release: second.release },
    { do: 'steer' },
    { do: 'keep', drainSeconds: 5 },
  );
  expect(answers.map(({ event, live }) => [event, live])).toEqual([
    ['ready', first.release],
    ['steered', undefined],
    ['kept', second.release],
  ]);
  expect(await answer()).toBe('two');

  child.kill('SIGTERM');
  await once(child, 'exit');
  await detachAt(base);
  expect(existsSync(program)).toBe(false);
});
