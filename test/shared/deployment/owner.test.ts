import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { ENGINE_ENVIRONMENT, makePdf, materialiseEngine } from '../../support/engine';
import { startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { allowSudo } from '../../support/sudoRules';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
/** The user's own Python would be below root's home. */
const python = '/usr/bin/python3';
let user: SystemUser;
let uid: number;
let gid: number;
let source: string;
let wheelhouse: string;
let pdf: string;

beforeAll(async () => {
  user = createSystemUser();
  [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, user.username], { encoding: 'utf8' })),
  );
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  [source] = await engineVersions(make, 'base');
  await needKeywords(source);
  await requireKeywords(source, '1');
  // What only its owner may read, as a configuration with keys in it.
  chmodSync(join(source, 'config/default_config.json'), 0o600);
  const files = await make('files');
  chmodSync(files, 0o755);
  pdf = join(files, 'contract.pdf');
  await writeFile(pdf, makePdf([['The contractor shall deliver.']]));
});
afterAll(() => user.remove());

/** A base path that the user can reach. */
async function basePath(owner?: number): Promise<string> {
  const base = join(await make('owned'), 'app');
  await mkdir(base);
  chmodSync(join(base, '..'), 0o755);
  if (owner !== undefined) chownSync(base, owner, owner);
  return base;
}

function extractAsUser(base: string): string {
  const argv = [
    '-n',
    '-u',
    user.username,
    'env',
    `ANTHROPIC_API_KEY=${ENGINE_ENVIRONMENT.ANTHROPIC_API_KEY}`,
  ];
  return execFileSync('sudo', [...argv, python, 'run.py', 'extract', pdf], { cwd: base, encoding: 'utf8' });
}

/** Everything below some of the layout's names that is not the user's. */
function foreign(base: string, ...names: string[]): string {
  const places = names.map((name) => join(base, name));
  return execFileSync('find', [...places, '-not', '(', '-uid', String(uid), '-gid', String(gid), ')'], {
    encoding: 'utf8',
  });
}

const dependencies = () => offline(wheelhouse, { installer: 'pip' });

test('what root deploys belongs to the owner, who can run all of it and write nothing of it', async () => {
  const base = await basePath();
  const { release } = await deployTo(
    base,
    source,
    { owner: user.username, dependencies: dependencies() },
    { python },
  );
  expect(foreign(base, 'current', 'src', 'run.py', `releases/${release}`)).toBe('');
  const [environment] = readdirSync(join(base, 'environments'));
  expect(foreign(base, `environments/${environment}`)).toBe('');
  expect(extractAsUser(base)).toContain('"keywords": "1"');
  const parts = [`releases/${release}`, `environments/${environment}`].map((part) => join(base, part));
  const writable = execFileSync(
    'sudo',
    ['-n', '-u', user.username, 'find', ...parts, '-writable', '-not', '-type', 'l'],
    {
      encoding: 'utf8',
    },
  );
  expect(writable).toBe('');
  // Given to somebody, it is no edit by hand.
  expect(
    (await deployTo(base, source, { owner: user.username, dependencies: dependencies() }, { python })).status,
  ).toBe('unchanged');
});

test('over SSH, through sudo, it belongs to the owner that is given in numbers', async () => {
  const base = await basePath();
  const sshd = await startSshd();
  const admin = createSystemUser();
  const forget = allowSudo(admin.username, `ALL=(root) NOPASSWD: ${python}`);
  const connection = await connectSsh(withKey(sshd, { username: admin.username }));
  try {
    const interpreter = { python, become: 'sudo' as const, runtime: 'host' as const };
    const client = await ExecutorClient.open(connection, { interpreter });
    const options = deployOptions(base, { owner: `${uid}:${gid}`, dependencies: dependencies() });
    const { release } = await deploy(client, await bundleOf(source, options), options);
    await client.close();
    const [environment] = readdirSync(join(base, 'environments'));
    const parts = [`releases/${release}`, `environments/${environment}`];
    expect(foreign(base, 'current', 'src', 'run.py', ...parts)).toBe('');
    expect(extractAsUser(base)).toContain('"keywords": "1"');
  } finally {
    await connection.close();
    forget();
    admin.remove();
    await sshd.stop();
  }
});

test('without an owner, it belongs to whom the base path belongs to', async () => {
  const base = await basePath(uid);
  await deployTo(base, source, { dependencies: dependencies() }, { python });
  expect(lstatSync(join(base, 'run.py'))).toMatchObject({ uid });
  expect(extractAsUser(base)).toContain('"keywords": "1"');
});

test('an adopted engine keeps whom each file belonged to, through a rollback, too', async () => {
  const base = await basePath(uid);
  await materialiseEngine('base', base);
  execFileSync('chown', ['-R', `${uid}:${gid}`, base]);
  chmodSync(join(base, 'config/default_config.json'), 0o600);
  await deployTo(base, source, { dependencies: dependencies() }, { python });
  await rollBackTo(base, { target: 'previous' }, {}, { python });
  expect(extractAsUser(base)).toContain('"version": "1"');
});

test.each([
  [
    'nobody-of-this-name',
    /^Owner 'nobody-of-this-name': there is no user 'nobody-of-this-name' on the engine's side/,
  ],
  ['root:no-such-group', /^Owner 'root:no-such-group': there is no group 'no-such-group'/],
])('the owner %s is refused before anything is made', async (owner, message) => {
  const base = await basePath();
  const refused = await thrownBy(deployTo(base, source, { owner }, { python }));
  expect(refused).toMatchObject({ code: 'INPUT', message: expect.stringMatching(message) });
  expect(readdirSync(base)).toEqual([]);
});

test('who is not root can’t give files away, and is told so', async () => {
  const base = await basePath(uid);
  const command = join(await make('as-user'), 'python-as-user');
  await writeFile(command, `#!/bin/sh\nexec sudo -n -u ${user.username} ${python} "$@"\n`, { mode: 0o755 });
  const refused = await thrownBy(deployTo(base, source, { owner: 'root' }, { python: command }));
  expect(refused.message).toMatch(
    new RegExp(`^Owner 'root' is somebody else than ${user.username}, and only root`),
  );
  expect(readdirSync(base)).toEqual([]);
});
