/**
 * Answers the helper programs that `git` starts: its credential helper, and the command that stands for `ssh`.
 *
 * Only this process has logins, and connections over SSH. Our helpers know nothing but a socket in a directory of this
 * user's own; what they are told is answered here. So no secret is on a command line, in an environment, a file or
 * `git`'s configuration, and the host's key is checked by the same code that checks the engine's host.
 */
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { quoteForShell } from '../connection/shellQuote';
import type { Channel, Connection } from '../connection/connection';
import { toDeployError } from '../errors';
import type { RepositoryAddress } from './address';
import type { Login } from './credentials';
import { removeAbandoned } from './abandoned';

/** Reads what `git` asks (`protocol=…`, `host=…`) and prints what it is told. */
const ASK =
  'const c=require("net").connect(process.argv[1]);c.write("login\\n");' +
  'process.stdin.pipe(c);c.pipe(process.stdout)';

/** Joins standard input and output to a connection that is made on the other side of the socket. */
const TUNNEL =
  'const c=require("net").connect(process.argv[1]);c.write("ssh\\n");' +
  'process.stdin.pipe(c);c.pipe(process.stdout);c.on("end",()=>process.exit(0))';

const PREFIX = 'hot-deploy-git-';
const SOCKET = 's';
const LONGEST_QUESTION = 8192;

export interface HelperServerOptions {
  address: RepositoryAddress;
  /** The answer when the server asks for a login. */
  login?: Login | undefined;
  /** Connects to the repository's host. */
  connect?: (() => Promise<Connection>) | undefined;
}

/** One open server; close it when `git` has ended. */
export class HelperServer {
  /** Why the host could not be reached, which `git` itself doesn't know. */
  refusal?: unknown;
  /** What the other end of the SSH connection complained about. */
  complaint = '';

  private connection?: Promise<Connection>;
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** Of this user alone; gone with the server. */
    readonly directory: string,
    private readonly server: Server,
    private readonly options: HelperServerOptions,
  ) {
    server.on('connection', (socket) => this.onConnection(socket));
  }

  static async open(options: HelperServerOptions): Promise<HelperServer> {
    await removeAbandoned(tmpdir(), PREFIX, SOCKET);
    const directory = await mkdtemp(join(tmpdir(), PREFIX));
    const server = createServer({ allowHalfOpen: true });
    const opened = new HelperServer(directory, server, options);
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(`${opened.socketPath}.new`, resolve);
    });
    // Under its name only when it is answered: one that is not is nobody's any more.
    await rename(`${opened.socketPath}.new`, opened.socketPath);
    return opened;
  }

  /** What `git` has to be configured with to come here. */
  get settings(): { credentialHelper: string; sshCommand: string } {
    const command = (program: string) => quoteForShell([process.execPath, '-e', program, this.socketPath]);
    // `get` is the only question with an answer; for the others nothing needs to be started.
    return {
      credentialHelper: `!ask() { test "$1" != get || exec ${command(ASK)}; }; ask`,
      sshCommand: command(TUNNEL),
    };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.connection?.then((open) => open.close()).catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }

  private get socketPath(): string {
    return join(this.directory, SOCKET);
  }

  private onConnection(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let asked = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      asked = Buffer.concat([asked, chunk]);
      const end = asked.indexOf('\n');
      if (end < 0 && asked.length < LONGEST_QUESTION) return;
      socket.off('data', onData);
      socket.pause();
      const question = asked.subarray(0, Math.max(0, end)).toString('utf8');
      socket.unshift(asked.subarray(end + 1));
      if (question === 'login') void this.answerLogin(socket);
      else if (question === 'ssh') void this.tunnel(socket);
      else socket.destroy();
    };
    socket.on('data', onData);
  }

  /** The login, when it is the repository's own host that asks: `git` may have been sent elsewhere. */
  private async answerLogin(socket: Socket): Promise<void> {
    let text = '';
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += (chunk as Buffer).toString('utf8');
      if (text.length > LONGEST_QUESTION || text.includes('\n\n')) break;
    }
    const asked = new Map(text.split('\n').map((line) => splitAt(line, '=')));
    const { address, login } = this.options;
    const wanted = new URL(address.url);
    const same = asked.get('protocol') === address.kind && asked.get('host') === wanted.host;
    if (!socket.destroyed) socket.end(login && same ? answerOf(login) : '');
  }

  private async tunnel(socket: Socket): Promise<void> {
    try {
      const channel = await this.startRemote();
      socket.on('close', () => channel.destroy());
      socket.pipe(channel.stdin);
      channel.stdout.pipe(socket);
    } catch (error) {
      this.refusal = error;
      socket.destroy();
    }
  }

  /** Starts the host's side of a fetch, in the one connection that all of them share. */
  async startRemote(): Promise<Channel> {
    const { address, connect } = this.options;
    if (!connect) throw new Error('no connection is to be made');
    const argv = ['git-upload-pack', address.path];
    const options = { quoteAll: true, environment: { GIT_PROTOCOL: 'version=2' } };
    const listened = (channel: Channel): Channel => {
      channel.stderr.on('data', (chunk: Buffer) => {
        this.complaint = (this.complaint + chunk.toString('utf8')).slice(-LONGEST_QUESTION);
      });
      return channel;
    };
    const earlier = this.connection;
    try {
      this.connection ??= connect();
      return listened(await (await this.connection).start(argv, options));
    } catch (error) {
      const refused = toDeployError(error);
      // Between two questions a server may have found it idle for too long.
      if (!earlier || refused.code !== 'LOST') throw refused;
      await earlier.then((open) => open.close()).catch(() => undefined);
      this.connection = connect();
      return listened(await (await this.connection).start(argv, options));
    }
  }
}

function answerOf({ username, password }: Login): string {
  return `username=${username}\npassword=${password}\n`;
}

function splitAt(line: string, separator: string): [string, string] {
  const index = line.indexOf(separator);
  return index < 0 ? [line, ''] : [line.slice(0, index), line.slice(index + 1)];
}
