/** An engine that keeps running: it answers over HTTP with the version of the code that it has loaded. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import type { Check } from '../../nodes/shared/release/checks';
import { writeTree } from './tree';

/** Writes one version. `start`: Python that runs before it listens. */
export async function writeServed(directory: string, version: string, start = ''): Promise<void> {
  await writeTree(directory, {
    'run.py': `import sys, time\nprint('${version}', flush=True)\ntime.sleep(float(sys.argv[1]) if sys.argv[1:] else 0)\n`,
    'src/service.py': [
      'import os, socket, sys',
      'from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer',
      start,
      'class Handler(BaseHTTPRequestHandler):',
      '    def do_GET(self):',
      `        content = b'version ${version}'`,
      '        self.send_response(200)',
      "        self.send_header('Content-Length', str(len(content)))",
      '        self.end_headers()',
      '        self.wfile.write(content)',
      '    def log_message(self, *_):',
      '        pass',
      'class Server(ThreadingHTTPServer):',
      '    request_queue_size = 128',
      "server = Server(('127.0.0.1', 0 if sys.argv[1] == 'fd' else int(sys.argv[1])), Handler, sys.argv[1] != 'fd')",
      "if sys.argv[1] == 'fd':",
      '    server.socket = socket.socket(fileno=int(sys.argv[2]))',
      'server.serve_forever()',
      '',
    ].join('\n'),
  });
}

/** What makes versions of it, each in a directory of its own. */
export function servedVersions(make: (purpose?: string) => Promise<string>) {
  return async (version: string, start = ''): Promise<string> => {
    const directory = await make('version');
    await writeServed(directory, version, start);
    return directory;
  };
}

/** A port that nobody listened at a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** What answers at a port, or why nobody does. */
export function ask(port: number, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 5000 }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve(text));
      response.on('error', (error) => resolve(error.message));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => resolve(error.message));
  });
}

/** What `serve.py` says of itself, itself asked; undefined where it doesn't listen. */
export function serveStatus(base: string): Promise<{ handingOver: boolean } | undefined> {
  return new Promise((resolve) => {
    const asking = connect(join(base, '.hot-deploy/serve.sock'), () => asking.write('{"do": "status"}\n'));
    asking.once('error', () => resolve(undefined));
    createInterface(asking).once('line', (line) => {
      asking.destroy();
      resolve(JSON.parse(line) as { handingOver: boolean });
    });
    asking.once('close', () => resolve(undefined));
  });
}

/** Waits until an answer is the expected one; resolves with the last. */
export async function answerOf(port: number, expected: string, withinMs = 10_000): Promise<string> {
  const end = performance.now() + withinMs;
  let answer = await ask(port);
  while (answer !== expected && performance.now() < end) {
    await pause(20);
    answer = await ask(port);
  }
  return answer;
}

/** The check that it answers at all. */
export function answers(port: number, timeoutSeconds = 10): Check {
  const http: NonNullable<Check['http']> = {
    url: `http://127.0.0.1:${port}/`,
    method: 'GET',
    headers: {},
    statuses: [[200, 200]],
    text: 'version',
    verify: true,
  };
  return { type: 'http', name: 'answers', when: 'after', timeoutSeconds, environment: {}, http };
}

/** Something that starts the service again whenever it has ended, and writes its process id to `engine.pid`. */
export function superviseService(base: string, port: number, prefix = true): ChildProcess {
  const command = [
    ...(prefix ? ['python3', '.hot-deploy/launch.py'] : []),
    ...['python3', 'src/service.py', String(port)],
  ].join(' ');
  const script = `trap 'kill $!; exit' TERM\nwhile :; do ${command} & echo $! > engine.pid; wait $!; sleep 0.05; done`;
  return spawn('sh', ['-c', script], { cwd: base, stdio: 'ignore' });
}

/** A service that `serve.py` runs. */
export function startServe(base: string, port: number, options: readonly string[] = []): ChildProcess {
  const command = ['python3', 'src/service.py', 'fd', '{fd}'];
  const words = ['.hot-deploy/serve.py', '--listen', `127.0.0.1:${port}`, ...options, '--', ...command];
  return spawn('python3', words, { cwd: base, stdio: 'ignore' });
}

/** Ends what {@link superviseService} or {@link startServe} has started. */
export async function endService(supervisor: ChildProcess): Promise<void> {
  if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
  const ended = once(supervisor, 'exit');
  supervisor.kill('SIGTERM');
  await ended;
}

export const pidFileOf = (base: string): string => join(base, 'engine.pid');
