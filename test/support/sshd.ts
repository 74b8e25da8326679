import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export { startRelay, type Relay } from './relay';

const run = promisify(execFile);

const SSHD = '/usr/sbin/sshd';
/** No test server outlives this, whatever becomes of the test. At full size, one test file takes most of an hour. */
const LIFETIME_SECONDS = process.env.HOT_DEPLOY_PROOF === '1' ? 7200 : 900;

/** Line of sshd_config for tests that read the log. sshd then writes to stderr of what it starts, too. */
export const DEBUG_LOG = 'LogLevel DEBUG1';

export type KeyName = 'ed25519' | 'ecdsa' | 'rsa';

const KEY_NAMES: readonly KeyName[] = ['ed25519', 'ecdsa', 'rsa'];

export interface SshdOptions {
  /** Lets users log in with their password, by the method `password`. */
  password?: boolean;
  /** Lets users log in with their password, by the method `keyboard-interactive` through PAM. Needs root. */
  keyboardInteractive?: boolean;
  /** Further lines of sshd_config; the first value of a keyword counts, so they win over the helper's. */
  config?: readonly string[];
}

/** A real OpenSSH server of this test's own. */
export interface Sshd {
  host: '127.0.0.1';
  port: number;
  /** The user who runs the tests; the client keys let this user in. */
  username: string;
  /** Private keys in OpenSSH's format, without passphrase. */
  clientKeys: Record<KeyName, string>;
  /** Of the ed25519 host key; `SHA256:…`. */
  fingerprint: string;
  fingerprints: Record<KeyName, string>;
  /** known_hosts line of the ed25519 host key. */
  knownHosts: string;
  knownHostsLines: Record<KeyName, string>;
  /** Lets one more public key in; a line of authorized_keys. */
  authorize(publicKey: string): Promise<void>;
  /** What sshd has logged so far; with {@link DEBUG_LOG} every step of a login. */
  log(): string;
  /** Waits for a line that matches after position `from` of the log; returns the log from there to now. */
  logged(line: RegExp, from?: number): Promise<string>;
  stop(): Promise<void>;
}

/** Makes a key pair with ssh-keygen and returns both halves as text; more rounds make its passphrase slower to try. */
export async function makeKey(
  type: KeyName,
  options: { passphrase?: string; format?: 'PEM' | 'PKCS8'; rounds?: number } = {},
): Promise<{ privateKey: string; publicKey: string; fingerprint: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-key-'));
  const file = join(directory, 'key');
  const format = options.format ? ['-m', options.format] : [];
  // One unless more are asked for: ssh2 takes a tenth of a second for the usual sixteen, and they show nothing.
  const rounds = ['-a', `${options.rounds ?? 1}`];
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  try {
    await run('ssh-keygen', [
      ...['-q', '-t', type, '-N', options.passphrase ?? '', '-C', 'test', '-f', file],
      ...format,
      ...bits,
      ...rounds,
    ]);
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${file}.pub`]);
    return {
      privateKey: await readFile(file, 'utf8'),
      publicKey: (await readFile(`${file}.pub`, 'utf8')).trim(),
      fingerprint: stdout.split(' ')[1],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

type Keys = Record<KeyName, Awaited<ReturnType<typeof makeKey>>>;

async function makeKeys(): Promise<Keys> {
  const keys = await Promise.all(KEY_NAMES.map(async (name) => [name, await makeKey(name)] as const));
  return Object.fromEntries(keys) as Keys;
}

/** Made once per test file: RSA keys take long. */
let made: Promise<[hostKeys: Keys, clientKeys: Keys]> | undefined;

function mapKeys(keys: Keys, pick: (key: Keys[KeyName]) => string): Record<KeyName, string> {
  return Object.fromEntries(KEY_NAMES.map((name) => [name, pick(keys[name])])) as Record<KeyName, string>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function writeConfig(
  directory: string,
  port: number,
  hostKeys: Keys,
  options: SshdOptions,
): Promise<string> {
  for (const name of KEY_NAMES) {
    await writeFile(join(directory, `host_${name}`), hostKeys[name].privateKey, { mode: 0o600 });
  }
  const yes = (value: boolean | undefined): string => (value ? 'yes' : 'no');
  const lines = [
    ...(options.config ?? []),
    `ListenAddress 127.0.0.1:${port}`,
    ...KEY_NAMES.map((name) => `HostKey ${join(directory, `host_${name}`)}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    `UsePAM ${yes(options.keyboardInteractive)}`,
    `PasswordAuthentication ${yes(options.password)}`,
    `KbdInteractiveAuthentication ${yes(options.keyboardInteractive)}`,
    'MaxStartups 200',
    'MaxSessions 200',
    'UseDNS no',
    'PidFile none',
    'PrintMotd no',
    'LogLevel VERBOSE',
    `SetEnv PATH=${process.env.PATH}`,
  ];
  const file = join(directory, 'sshd_config');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** Starts sshd and resolves when it listens; gives what it logs to `log`. */
async function launch(config: string, log: (line: string) => void): Promise<ChildProcess> {
  const child = spawn('timeout', [`${LIFETIME_SECONDS}`, SSHD, '-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGTERM');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  let logged = '';
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      logged += `${line}\n`;
      log(line);
      if (line.startsWith('Server listening on')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`sshd ended with ${code} before it listened:\n${logged}`)));
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  child.stderr?.destroy();
}

/**
 * Starts a real sshd on a free port of 127.0.0.1, with host keys, client keys and a configuration of its own.
 * Ready when this resolves. Stop it in `afterAll`; should that be missed, it ends with this process.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (!existsSync(SSHD)) throw new Error(`These tests need ${SSHD}: install the package openssh-server.`);
  // sshd insists on this directory when root starts it; a package's service would have made it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-sshd-'));
  made ??= Promise.all([makeKeys(), makeKeys()]);
  const [hostKeys, clientKeys] = await made;
  const authorized = join(directory, 'authorized_keys');
  await writeFile(authorized, KEY_NAMES.map((name) => `${clientKeys[name].publicKey}\n`).join(''));
  // Users other than the one running the tests have to reach authorized_keys, too.
  await run('chmod', ['755', directory]);
  const port = await freePort();
  const config = await writeConfig(directory, port, hostKeys, options);
  const lines = new EventEmitter();
  let log = '';
  const child = await launch(config, (line) => {
    log += `${line}\n`;
    lines.emit('line');
  });
  const knownHostsLines = mapKeys(hostKeys, (key) => `[127.0.0.1]:${port} ${key.publicKey}`);
  return {
    host: '127.0.0.1',
    port,
    username: userInfo().username,
    clientKeys: mapKeys(clientKeys, (key) => key.privateKey),
    fingerprint: hostKeys.ed25519.fingerprint,
    fingerprints: mapKeys(hostKeys, (key) => key.fingerprint),
    knownHosts: knownHostsLines.ed25519,
    knownHostsLines,
    authorize: (publicKey) => appendFile(authorized, `${publicKey}\n`),
    log: () => log,
    logged: async (line, from = 0) => {
      while (!line.test(log.slice(from))) await once(lines, 'line');
      return log.slice(from);
    },
    stop: async () => {
      await stop(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
