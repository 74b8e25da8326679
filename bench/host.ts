import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { SshOptions } from '../nodes/shared/connection/ssh';
import { type Relay, startRelay, startSshd, type Sshd } from '../test/support/sshd';
import { withKey } from '../test/support/sshOptions';

const execute = promisify(execFile);

/** The engine's side: a real sshd on loopback, reached directly, or through a relay that counts what goes through. */
export class Host {
  private port: number;

  private constructor(
    private readonly server: Sshd,
    private readonly relay: Relay,
    private readonly directory: string,
    /** The interpreter itself, not a version manager's shim in front of it. */
    readonly python: string,
  ) {
    this.port = server.port;
  }

  /** Starts the server; keeps keys in `directory`. */
  static async start(directory: string): Promise<Host> {
    const { stdout } = await execute('python3', ['-c', 'import sys; print(sys.executable)']);
    // Another home: what this machine's user has in its shell's start-up files is nobody's to pay for.
    const config = ['Subsystem sftp internal-sftp', `SetEnv HOME=${directory}`];
    const server = await startSshd({ config });
    const relay = await startRelay(server.port);
    await writeFile(join(directory, 'key'), server.clientKeys.ed25519, { mode: 0o600 });
    const hostKey = server.knownHosts.split(' ').slice(1).join(' ');
    const ports = [server.port, relay.port];
    await writeFile(
      join(directory, 'known_hosts'),
      ports.map((port) => `[127.0.0.1]:${port} ${hostKey}\n`).join(''),
    );
    return new Host(server, relay, directory, stdout.trim());
  }

  /** What our own client connects with. */
  get options(): SshOptions {
    return withKey(this.server, { port: this.port });
  }

  /** The command that others connect with, without the host. */
  get sshCommand(): string[] {
    const options = {
      IdentityFile: join(this.directory, 'key'),
      UserKnownHostsFile: join(this.directory, 'known_hosts'),
      Port: this.port,
      BatchMode: 'yes',
      LogLevel: 'ERROR',
    };
    const pairs = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return ['ssh', '-F', 'none', ...pairs];
  }

  /** What a program that is no client of OpenSSH is told to connect with. */
  get environment(): Record<string, string> {
    return {
      BENCH_USER: this.server.username,
      BENCH_PORT: String(this.port),
      BENCH_KEY: join(this.directory, 'key'),
      BENCH_KNOWN_HOSTS: join(this.directory, 'known_hosts'),
    };
  }

  /** The user and host that others name. */
  get address(): string {
    return `${this.server.username}@127.0.0.1`;
  }

  /** Runs a shell script on the engine's side; resolves with what it printed. */
  async run(script: string): Promise<string> {
    const [program, ...options] = this.sshCommand;
    return (await execute(program, [...options, this.address, script])).stdout;
  }

  /** What goes over the wire while `work` runs, and how many sessions sshd starts for it. */
  async counted(work: () => Promise<unknown>): Promise<Traffic> {
    const { toServer, toClient } = this.relay.bytes;
    const connections = this.relay.connections;
    const logged = this.server.log().length;
    this.port = this.relay.port;
    try {
      await work();
    } finally {
      this.port = this.server.port;
    }
    const started = this.server
      .log()
      .slice(logged)
      .match(/^Starting session:/gm);
    return {
      sent: this.relay.bytes.toServer - toServer,
      received: this.relay.bytes.toClient - toClient,
      connections: this.relay.connections - connections,
      channels: started?.length ?? 0,
    };
  }

  async stop(): Promise<void> {
    await this.relay.close();
    await this.server.stop();
    await rm(join(this.directory, 'key'), { force: true });
  }
}

/** What one deployment costs on the wire. */
export interface Traffic {
  /** Bytes to the engine's side and from it, SSH's own included. */
  sent: number;
  received: number;
  connections: number;
  /** Sessions that sshd starts. */
  channels: number;
}

/** Runs a program on this machine, with more in its environment; resolves with its standard output. */
export async function runHere(
  program: string,
  args: string[],
  cwd?: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const env = { ...process.env, ...environment };
  return (await execute(program, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
}
