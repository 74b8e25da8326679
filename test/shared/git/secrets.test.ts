/** Logins to repositories: who gets them, and where they could be seen. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';

import type { GitCredentials } from '../../../nodes/shared/git/credentials';
import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { commitOf, ENGINE, gitCredentials, gitOptions, withBundle } from '../../support/git';
import { basic, type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { type Watched, watchProcesses } from '../../support/processWatch';
import { DEBUG_LOG, makeKey, startSshd, type Sshd } from '../../support/sshd';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const os = jest.requireActual<typeof import('node:os')>('node:os');
const { TMPDIR } = process.env;
/** Made here, so that no file of the tests, nor what is compiled of it, holds them. */
const made = (purpose: string) => `${purpose}/+${randomBytes(12).toString('hex')}`;
const TOKEN = made('token');
const PASSPHRASE = made('passphrase');
const LOGIN = { username: 'n8n', password: TOKEN };

let own: GitHttp, other: GitHttp;
let sshd: Sshd;
let root: string, temporary: string, key: string;
let repository: GitRepository;

beforeAll(async () => {
  root = await make('repositories');
  const config = ['uploadpack.allowFilter=true'];
  own = await startGitHttp({ root, auth: LOGIN, config });
  other = await startGitHttp({ root, auth: LOGIN, config });
  sshd = await startSshd({ config: [DEBUG_LOG] });
  const pair = await makeKey('ed25519', { passphrase: PASSPHRASE });
  await sshd.authorize(pair.publicKey);
  key = pair.privateKey;
  repository = GitRepository.create(join(root, 'engine.git'));
  repository.commit({ ...ENGINE, '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ${other.url}x.git\n` });
});

beforeEach(async () => {
  temporary = await make('temporary');
  process.env.TMPDIR = temporary;
  jest.spyOn(os, 'tmpdir').mockReturnValue(temporary);
  own.forget();
  other.forget();
});

afterEach(() => {
  jest.restoreAllMocks();
  own.options.instead = undefined;
  process.env.TMPDIR = TMPDIR;
  if (TMPDIR === undefined) delete process.env.TMPDIR;
});

afterAll(async () => {
  await Promise.all([own.close(), other.close(), sshd.stop()]);
});

const token = (): GitCredentials => gitCredentials({ ...LOGIN, repository: `${own.url}engine.git` });
const deployKey = (changes: Partial<GitCredentials> = {}): GitCredentials =>
  gitCredentials({
    authentication: 'deployKey',
    privateKey: key,
    passphrase: PASSPHRASE,
    hostKeyFingerprint: sshd.fingerprint,
    ...changes,
  });
const sshUrl = () => `ssh://${sshd.username}@${sshd.host}:${sshd.port}${repository.directory}`;

/** Everything that would let somebody in, in the forms in which it could lie around. */
const secrets = () => [
  TOKEN,
  encodeURIComponent(TOKEN),
  Buffer.from(TOKEN).toString('base64').replace(/=+$/, ''),
  basic(LOGIN).slice('Basic '.length),
  PASSPHRASE,
  ...key.split('\n').slice(1, 4),
];

/** What every login of a server was. */
const given = ({ requests }: GitHttp) => requests.map(({ authorization }) => authorization);

/** Files that hold a secret, in the cache, beside it and among the temporary ones. */
function holding(...places: string[]): string {
  const pattern = join(root, 'pattern');
  writeFileSync(pattern, secrets().join('\n'), { mode: 0o600 });
  const files = execFileSync('find', [...places, '-type', 'f', '-print0']);
  const grep = spawnSync('xargs', ['-0r', 'grep', '-l', '-a', '-s', '-F', '-f', pattern], { input: files });
  return grep.stdout.toString();
}

/** Fetches under watch, from an empty cache and from a full one, and looks for the secrets wherever they could be. */
async function expectUnseen(
  url: string,
  credentials: GitCredentials,
  ends: RegExp,
  starts = /git .*(?:fetch|remote-http)/,
): Promise<Watched> {
  const cache = await make('cache');
  const [heard, watched] = await watchProcesses(secrets(), async () => {
    const outcomes: unknown[] = [];
    for (const reference of ['main', repository.resolve('main').slice(0, 8)]) {
      const options = gitOptions(url, cache, { credentials, reference });
      outcomes.push(await withBundle(options, readAll).catch((error: unknown) => error));
    }
    // While the helpers’ servers are closed, and what they left would lie there.
    outcomes.push(holding(cache, temporary));
    return outcomes;
  });
  const text = inspect(heard, { depth: 30, maxArrayLength: null, maxStringLength: null, showHidden: true });
  expect(text).toMatch(ends);
  for (const secret of secrets()) expect([secret.length > 15, text.includes(secret)]).toEqual([true, false]);
  expect(heard.at(-1)).toBe('');
  expect(watched.found).toEqual([]);
  expect(watched.rounds).toBeGreaterThan(5);
  expect(watched.commands.join('\n')).toMatch(starts);
  return watched;
}

test('P7: a token that is used is on no command line, in no environment, file, output or message', async () => {
  await expectUnseen(`${own.url}engine.git`, token(), /VALUE = 1/);
  expect(given(own)).toContain(basic(LOGIN));
});

test('P7: a token that is refused is seen nowhere either', async () => {
  own.options.auth = { ...LOGIN, password: 'another' };
  try {
    await expectUnseen(
      `${own.url}engine.git`,
      token(),
      /asks for a login, or does not accept the one it got/,
    );
  } finally {
    own.options.auth = LOGIN;
  }
});

test('P7: a token that the server repeats in its refusal is left out', async () => {
  own.options.instead = (request, response) => {
    if (request.headers.authorization === undefined) return false;
    const body = `no: ${request.headers.authorization} ${TOKEN} ${encodeURIComponent(TOKEN)}\n`;
    response.writeHead(403, { 'content-type': 'text/plain' }).end(body);
    return true;
  };
  await expectUnseen(`${own.url}engine.git`, token(), /does not let this login read it/);
});

test('P7: a deploy key and its passphrase are on no command line, in no environment, file, output or message', async () => {
  await expectUnseen(sshUrl(), deployKey(), /VALUE = 1/);
  for (const secret of secrets()) expect(sshd.log()).not.toContain(secret);
});

test('P7: a deploy key for a host of another key is seen nowhere, and is not tried', async () => {
  const credentials = deployKey({ hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` });
  const before = sshd.log().length;
  // Nothing is started here before the host is known.
  await expectUnseen(sshUrl(), credentials, /host key/i, /^/);
  expect(sshd.log().slice(before)).not.toMatch(/userauth|Accepted/);
});

test('a secret that lies somewhere would be found', async () => {
  writeFileSync(join(temporary, 'file'), `x${PASSPHRASE}`);
  expect(holding(temporary)).toBe(`${join(temporary, 'file')}\n`);
  await rm(join(temporary, 'file'));
  const [, { found }] = await watchProcesses(secrets(), async () => {
    execFileSync('sleep', ['0.3'], { env: { ...process.env, X: TOKEN } });
  });
  expect(found.length).toBeGreaterThan(0);
});

const open = (credentials: GitCredentials | undefined, url = `${own.url}engine.git`) =>
  make('cache').then((cache) => withBundle(gitOptions(url, cache, { credentials }), readAll));

/** Answers every request that is not a greeting, or each, with a redirection to the other server. */
function redirect(when: (url: string) => boolean, status: number, target = other.url): void {
  own.options.instead = (request, response) => {
    if (!when(request.url ?? '')) return false;
    request.resume();
    response.writeHead(status, { location: target + (request.url ?? '').slice(1) }).end();
    return true;
  };
}

const EVERY = (url: string) => url !== '';
const FETCH = (url: string) => url.endsWith('/git-upload-pack');

test.each([
  ['every request', 301, EVERY],
  ['every request', 302, EVERY],
  ['every request', 307, EVERY],
  ['every request', 308, EVERY],
  ['the second request', 307, FETCH],
  ['the second request', 308, FETCH],
])('P7: when %s is sent on to another server with %d, that one gets no token', async (_, status, when) => {
  redirect(when, status);
  await thrownBy(open(token()));
  // Only the first is followed at all.
  expect(other.requests.length > 0).toBe(when === EVERY);
  expect(given(other).filter(Boolean)).toEqual([]);
});

test('P7: a redirection to the same server still gets in', async () => {
  redirect((url) => url.startsWith('/engine.git/info'), 301, `${own.url}moved/`);
  execFileSync('ln', ['-sfn', root, join(root, 'moved')]);
  own.options.instead = ((before) => (request, response) =>
    request.url?.startsWith('/moved/') ? false : (before?.(request, response) ?? false))(own.options.instead);
  expect((await open(token())).length).toBeGreaterThan(3);
  expect(given(own)).toContain(basic(LOGIN));
});

test('P7: a server that names another one for what it lists or packs gets nothing fetched there', async () => {
  // Bundles and packs from elsewhere are things that git’s protocol knows.
  const config = [
    'uploadpack.allowFilter=true',
    'uploadpack.advertiseBundleURIs=true',
    'bundle.version=1',
    'bundle.mode=all',
    `bundle.x.uri=${other.url}x.bundle`,
    `uploadpack.blobPackfileUri=${repository.git(['rev-parse', 'main:run.py'])} ${'0'.repeat(40)} ${other.url}x.pack`,
  ];
  own.options.config = config;
  expect((await open(token())).length).toBeGreaterThan(3);
  expect(other.requests).toEqual([]);
});

test('P7: submodules are not fetched, and their host gets no token', async () => {
  repository.commit({ x: { submodule: 'c'.repeat(40) } });
  await open(token());
  expect(other.requests).toEqual([]);
});

test('P7: other configuration can neither send a token elsewhere nor take it', async () => {
  const home = await make('home');
  const canary = join(home, 'canary');
  writeFileSync(
    join(home, '.gitconfig'),
    `[url "${other.url}"]\n\tinsteadOf = ${own.url}\n[credential]\n\thelper = "!cat >> '${canary}'; echo"\n` +
      `[http]\n\tproxy = ${other.url}\n\textraHeader = X-Evil: yes\n[core]\n\taskPass = touch ${canary}\n`,
  );
  writeFileSync(join(home, '.netrc'), `machine 127.0.0.1 login evil password evil\n`);
  const before = { HOME: process.env.HOME, XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME };
  Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: home, GIT_ASKPASS: `touch ${canary}` });
  try {
    expect((await open(token())).length).toBeGreaterThan(3);
    // Without a credential nobody else's login is used.
    expect(await thrownBy(open(undefined))).toMatchObject({ code: 'CONNECTION' });
  } finally {
    Object.assign(process.env, before);
    delete process.env.GIT_ASKPASS;
    if (before.XDG_CONFIG_HOME === undefined) delete process.env.XDG_CONFIG_HOME;
  }
  expect(other.requests).toEqual([]);
  expect(spawnSync('test', ['-e', canary]).status).toBe(1);
  expect(new Set(given(own))).toEqual(new Set([undefined, basic(LOGIN)]));
});

test.each([
  ['another host', 'https://example.org/x.git', token],
  ['another host over SSH', 'git@example.org:x.git', () => deployKey({ repository: sshUrl() })],
  ['plain HTTP to elsewhere', 'http://example.org/x.git', () => ({ ...token(), repository: '' })],
])('P7: a login is not given to %s', async (_, url, credentials) => {
  const cache = await make('cache');
  const error = await thrownBy(commitOf(gitOptions(url, cache, { credentials: credentials() })));
  expect(error).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/^The Git credential /) });
});
