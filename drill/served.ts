import assert from 'node:assert';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { answerOf, endService, freePort, startServe } from '../test/support/servedEngine';
import { until } from '../test/support/until';

/** The version's service: it answers with what it has loaded. */
export const SERVICE = `import http.server, os, socket, sys
sys.path.insert(0, os.path.dirname(__file__))
import engine
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(('version ' + engine.VERSION).encode())
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler, False)
server.socket = socket.socket(fileno=int(sys.argv[2]))
server.serve_forever()
`;

/** A service that `serve.py` runs for the engine that something is done to. */
export class Served {
  private constructor(
    private readonly base: string,
    private readonly port: number,
    private serve: ChildProcess,
  ) {}

  static async start(base: string): Promise<Served> {
    const port = await freePort();
    const served = new Served(base, port, startServe(base, port));
    await served.expectLive();
    return served;
  }

  /** The service answers with what is live now. */
  async expectLive(): Promise<void> {
    const { version } = JSON.parse(readFileSync(join(this.base, 'config/engine.json'), 'utf8')) as {
      version: string;
    };
    assert.strictEqual(await answerOf(this.port, `version ${version}`, 20_000), `version ${version}`);
  }

  /** As a machine that loses its power ends it. */
  async kill(): Promise<void> {
    this.serve.kill('SIGKILL');
    await until(() => this.serve.signalCode !== null);
  }

  /** As Docker or systemd start it. */
  async startAgain(): Promise<void> {
    this.serve = startServe(this.base, this.port);
    await this.expectLive();
  }

  stop(): Promise<void> {
    return endService(this.serve);
  }
}
