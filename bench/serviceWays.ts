import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { until } from '../test/support/until';
import { versionAt } from './serviceClients';
import { type Server, serverEnvironment, writeService } from './serviceServers';

const PATIENCE_MS = 30_000;

export type Version = '1' | '2';

/** A way to have another version of a service answer; each has a directory, a port and a server of its own. */
export interface ServiceWay {
  readonly name: string;
  readonly port: number;
  /** Starts version 1; resolves when it answers. */
  start(): Promise<void>;
  /** Switches; resolves when nothing of the old version is left. `answered`: the first answer of the new one. */
  switchTo(version: Version, answered: Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** Two versions below a directory, and `current`, which leads to one of them. */
abstract class Linked implements ServiceWay {
  abstract readonly name: string;

  constructor(
    protected readonly directory: string,
    protected readonly server: Server,
    readonly port: number,
  ) {}

  async start(): Promise<void> {
    for (const version of ['1', '2']) await writeService(join(this.directory, version), version);
    await this.link('1');
    await this.run();
    await untilAnswered(this.port, '1');
  }

  abstract switchTo(version: Version, answered: Promise<unknown>): Promise<void>;
  abstract stop(): Promise<void>;
  protected abstract run(): void | Promise<void>;

  protected async link(version: Version): Promise<void> {
    await symlink(version, join(this.directory, 'next'));
    await rename(join(this.directory, 'next'), join(this.directory, 'current'));
  }

  protected get source(): string {
    return join(this.directory, 'current/src');
  }

  protected launch(words: readonly string[]): ChildProcess {
    return launch(this.directory, words);
  }
}

/** Starts something in a session of its own, as what systemd starts: the scheduler shares the processor out by session. */
export function launch(cwd: string, words: readonly string[]): ChildProcess {
  const [program = '', ...args] = words;
  return spawn(program, args, { cwd, env: serverEnvironment(), stdio: 'ignore', detached: true });
}

/** The server is stopped, and started again: what `systemctl restart` does. */
export class Restart extends Linked {
  readonly name: string = 'restart';
  protected child?: ChildProcess;

  protected run(): void {
    this.child = this.launch(this.server.command(this.source, { port: this.port }));
  }

  async switchTo(version: Version, answered: Promise<unknown>): Promise<void> {
    await this.link(version);
    await this.stop();
    this.run();
    await answered;
  }

  async stop(): Promise<void> {
    await end(this.child);
  }
}

/** The control: nothing is switched. The same server starts aside, for as long as a hand-over's old one goes on. */
export class Aside extends Restart {
  override readonly name = 'no switch, the same server starts aside';

  constructor(
    directory: string,
    server: Server,
    port: number,
    private readonly portAside: number,
    private readonly milliseconds: () => number,
  ) {
    super(directory, server, port);
  }

  override async switchTo(): Promise<void> {
    const aside = this.launch(this.server.command(this.source, { port: this.portAside }));
    try {
      await untilAnswered(this.portAside, '1');
      await pause(this.milliseconds());
    } finally {
      await end(aside);
    }
  }
}

/** Holds the socket, as a socket unit does: a hangup has it stop the server and start it again. */
const HOLDER = `import signal, socket, subprocess, sys
told = {signal.SIGHUP, signal.SIGTERM}
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=2048)
words = [word.replace('{fd}', str(listener.fileno())) for word in sys.argv[2:]]
unblock = lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, told)
start = lambda: subprocess.Popen(words, pass_fds=[listener.fileno()], preexec_fn=unblock)
signal.pthread_sigmask(signal.SIG_BLOCK, told)
server = start()
while True:
    number = signal.sigwait(told)
    server.terminate()
    server.wait()
    if number == signal.SIGTERM:
        break
    server = start()
`;

/** The server is stopped and started again behind a socket that stays. */
export class HeldSocket extends Linked {
  readonly name = 'restart behind a held socket';
  private holder?: ChildProcess;

  protected run(): void {
    const command = this.server.command(this.source, { fd: '{fd}' });
    this.holder = this.launch(['python3', '-c', HOLDER, String(this.port), ...command]);
  }

  async switchTo(version: Version, answered: Promise<unknown>): Promise<void> {
    await this.link(version);
    this.holder?.kill('SIGHUP');
    await answered;
  }

  async stop(): Promise<void> {
    await end(this.holder);
  }
}

/** gunicorn's own: USR2 starts a second master, WINCH ends the workers of the first, TERM the first. */
export class BinaryUpgrade extends Linked {
  readonly name = 'USR2, WINCH, TERM';

  protected async run(): Promise<void> {
    const command = this.server.command(this.source, { port: this.port });
    await once(this.launch([...command, '--daemon', '--pid', this.pidFile]), 'exit');
  }

  async switchTo(version: Version, answered: Promise<unknown>): Promise<void> {
    const old = this.running;
    await this.link(version);
    process.kill(old, 'SIGUSR2');
    await answered;
    process.kill(old, 'SIGWINCH');
    // The second master is a child of the first.
    await until(() => childrenOf(old) === 1, PATIENCE_MS);
    process.kill(old, 'SIGTERM');
    await until(() => ![old, undefined].includes(this.pid), PATIENCE_MS);
  }

  async stop(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    await until(() => this.pid === undefined, PATIENCE_MS);
  }

  private get pidFile(): string {
    return join(this.directory, 'gunicorn.pid');
  }

  /** The master that the file names. There is none for a moment while the second takes the first's place. */
  private get pid(): number | undefined {
    try {
      return Number(readFileSync(this.pidFile, 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  }

  private get running(): number {
    const { pid } = this;
    if (pid === undefined) throw new Error(`${this.pidFile} names no gunicorn.`);
    return pid;
  }
}

/** How many processes a process has started that are still there. */
function childrenOf(pid: number): number {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.split(' ').filter(Boolean).length;
}

export async function untilAnswered(port: number, version: Version): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await versionAt(port)) !== version) {
    if (performance.now() > deadline) throw new Error(`Version ${version} does not answer at port ${port}.`);
    await pause(20);
  }
}

export async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
