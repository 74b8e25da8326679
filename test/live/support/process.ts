import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ARTEFACTS } from './paths';

/** How long a server may take for whatever is waited for, on a machine that does other things, too. */
const PATIENCE_MS = 120_000;
const GRACE_MS = 30_000;
const LAST_LINES = 40;

/** A server that this suite started: its log is kept, and nothing of it outlives the tests. */
export class Server {
  private text = '';
  private readonly events = new EventEmitter();
  private readonly born = Date.now();

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    mkdirSync(ARTEFACTS, { recursive: true });
    const file = createWriteStream(join(ARTEFACTS, `${name}.log`), { flags: 'a' });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        file.write(chunk);
        this.text += chunk.toString();
        this.events.emit('change');
      });
    }
    child.once('close', () => file.end());
    child.once('exit', () => this.events.emit('change'));
    child.once('error', (reason) => {
      this.text += `${reason.message}\n`;
      this.events.emit('change');
    });
  }

  /** Starts a program in a process group of its own. The kernel ends it when the process that runs the tests ends. */
  static start(name: string, command: readonly string[], environment: NodeJS.ProcessEnv): Server {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return new Server(name, child);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} was not started: ${this.text}`);
    return this.child.pid;
  }

  /** Whether it runs. */
  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** When the process began, as the kernel counts; together with its id it names the process for good. */
  startTicks(): string {
    return readFileSync(`/proc/${this.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19];
  }

  /** When it was started, in milliseconds since 1970. */
  startedAt(): number {
    return this.born;
  }

  /** What it has printed so far. */
  log(): string {
    return this.text;
  }

  /** The end of the log, for a test's message. */
  lastLines(): string {
    return `The last lines of ${this.name}:\n${this.text.trimEnd().split('\n').slice(-LAST_LINES).join('\n')}`;
  }

  /** Resolves when the log has a line that matches after position `from`; throws when it ends without. */
  async logged(pattern: RegExp, from = 0): Promise<void> {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    while (!pattern.test(this.text.slice(from))) {
      if (!this.isRunning)
        throw new Error(`${this.name} ended before it said ${pattern}. ${this.lastLines()}`);
      try {
        await once(this.events, 'change', { signal: timeout });
      } catch {
        throw new Error(`${this.name} did not say ${pattern} in ${PATIENCE_MS} ms. ${this.lastLines()}`);
      }
    }
  }

  /** Asks it to end, insists after a while, and takes away whatever it left in its process group. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.isRunning) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      const insist = setTimeout(() => this.child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(insist);
    }
    if (this.child.pid !== undefined) endGroup(this.child.pid);
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
