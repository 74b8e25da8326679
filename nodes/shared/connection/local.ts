import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

import { DeployError, toDeployError } from '../errors';
import type { Channel, Connection, ProcessExit, Remedy, StartOptions } from './connection';

const GONE: ProcessExit = { code: null, signal: null };

function notStarted(program: string, thrown: unknown, { remedy, description }: Remedy): DeployError {
  const { code } = thrown as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'was not found' : `can't be started (${code})`;
  return new DeployError('CONNECTION', `The program "${program}" ${reason} on this machine; ${remedy}.`, {
    description,
    details: { program },
    cause: thrown,
  });
}

/** n8n's own settings, its database's and queue's passwords and its encryption key among them. */
const N8N_VARIABLE =
  /^(N8N_|DB_(POSTGRESDB|MYSQLDB|MARIADB|SQLITE|TYPE|LOGGING)|QUEUE_|CREDENTIALS_OVERWRITE_)/;

/** What an engine's process may know of n8n's environment: everything but n8n's own settings. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !N8N_VARIABLE.test(name)));
}

class LocalChannel implements Channel {
  readonly exit: Promise<ProcessExit>;
  private settle: (exit: ProcessExit) => void = () => undefined;

  constructor(private readonly child: ChildProcessWithoutNullStreams) {
    // A process that ends before it read everything is told by `exit`; without listeners it would end n8n.
    for (const emitter of [child, child.stdin, child.stdout, child.stderr]) {
      emitter.on('error', () => undefined);
    }
    this.exit = new Promise((resolve) => {
      this.settle = resolve;
    });
    child.once('close', (code, signal) => this.settle({ code, signal }));
  }

  get stdin() {
    return this.child.stdin;
  }

  get stdout() {
    return this.child.stdout;
  }

  get stderr() {
    return this.child.stderr;
  }

  destroy(): void {
    this.closeStreams();
    this.child.kill('SIGKILL');
  }

  /** What a closed SSH connection does to its processes: they lose their streams and are left to notice it. */
  hangUp(): void {
    this.closeStreams();
    this.settle(GONE);
  }

  private closeStreams(): void {
    this.child.stdin.destroy();
    this.child.stdout.destroy();
    this.child.stderr.destroy();
  }
}

class LocalConnection implements Connection {
  readonly description = 'this machine';
  readonly host = 'localhost';
  readonly remote = false;
  private readonly open = new Set<LocalChannel>();

  async start(
    argv: readonly string[],
    { whenMissing = { remedy: 'install it' } }: StartOptions = {},
  ): Promise<Channel> {
    const [program, ...args] = argv;
    if (!program) {
      throw new DeployError('INPUT', 'The command names no program; give one as its first word.');
    }
    let child: ChildProcessWithoutNullStreams;
    try {
      // eslint-disable-next-line @n8n/community-nodes/no-dangerous-functions -- an argument vector, no shell; local mode is refused unless the administrator lists the directory
      child = spawn(program, args, { stdio: 'pipe', shell: false, detached: false, env: ownEnvironment() });
      await once(child, 'spawn');
    } catch (error) {
      throw toDeployError(notStarted(program, error, whenMissing));
    }
    const channel = new LocalChannel(child);
    this.open.add(channel);
    void channel.exit.then(() => this.open.delete(channel));
    return channel;
  }

  async close(): Promise<void> {
    for (const channel of this.open) channel.hangUp();
  }
}

/**
 * A connection to the machine n8n itself runs on: processes are n8n's children, with its user and its environment
 * without n8n's own settings, started from an argument vector without a shell. `exit` of a channel resolves after its stdout and stderr were read to their
 * end, so both have to be read. Closing the connection closes the streams of processes still running.
 *
 * `start` throws CONNECTION when the program can't be started, INPUT when none is named.
 */
export function connectLocal(): Connection {
  return new LocalConnection();
}
