import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { connectLocal } from '../../../nodes/shared/connection/local';
import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { listReleases } from '../../../nodes/shared/operations/list';
import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { openDirectory } from '../../../nodes/shared/source/directory';
import { getStatus } from '../../../nodes/shared/operations/status';
import { type Container, type ContainerOptions, type Mount, startContainer } from '../../support/container';
import {
  deployOptions,
  engineVersions,
  inConversation,
  PYTHON,
  temporaryDirectories,
} from '../../support/deployment';
import { ENGINE_ENVIRONMENT, makePdf, versionsIn } from '../../support/engine';
import { startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { allowSudo } from '../../support/sudoRules';
import { createSystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import {
  needKeywords,
  offline,
  requireKeywords,
  withoutInstallerSettings,
  writeKeywords,
} from '../../support/wheels';
import { asBasePath } from '../../support/named';

jest.setTimeout(120_000);
withoutInstallerSettings();
const make = temporaryDirectories();
const SELECTION = {
  include: ['src/**', 'config/**', 'run.py', 'requirements.txt', 'wheels/**'],
  exclude: [],
};
const DEBIAN = '/usr/bin/python3';
const USER = 1000;
const containers: Container[] = [];
let source: string;

beforeAll(async () => {
  [source] = await engineVersions(make, 'base');
  await needKeywords(source);
  mkdirSync(join(source, 'wheels'));
  for (const version of ['1', '2']) writeKeywords(join(source, 'wheels'), version);
  await requireKeywords(source, '1');
}, 300_000);
afterAll(() => containers.forEach((container) => container.stop()));

function start(mounts: Mount[], options?: ContainerOptions): Container {
  const container = startContainer(mounts, options);
  containers.push(container);
  return container;
}

const options = () =>
  deployOptions('/app', {
    selection: SELECTION,
    dependencies: offline('wheels', { installer: 'pip' }),
    createBackup: false,
  });

async function converse<T>(
  { name, command }: Container,
  work: (client: ExecutorClient) => Promise<T>,
  {
    python = DEBIAN,
    become = 'none' as const,
    connection = connectLocal(),
  }: Partial<{
    python: string;
    become: 'none' | 'sudo';
    connection: Parameters<typeof ExecutorClient.open>[0];
  }> = {},
): Promise<T> {
  const interpreter = {
    python,
    become,
    runtime: 'container' as const,
    container: name,
    containerCommand: command,
  };
  const client = await ExecutorClient.open(connection, { interpreter });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const deployHere = async (client: ExecutorClient) =>
  deploy(client, await openDirectory({ directory: source, selection: SELECTION }), options());

function extract({ name, command }: Container, pdf: string, python = DEBIAN): string[] {
  const variables = Object.entries(ENGINE_ENVIRONMENT).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  const argv = ['exec', '-w', '/app', ...variables, name, python, 'run.py', 'extract', pdf];
  return versionsIn(execFileSync(command, argv, { encoding: 'utf8' }));
}

async function pdfIn(base: string): Promise<string> {
  await writeFile(join(base, 'contract.pdf'), makePdf([['The contractor shall deliver.']]));
  return '/app/contract.pdf';
}

describe('a container that is recreated from another image', () => {
  /** A directory that looks like an installation of Python of its own: what one image has and another has not. */
  async function ownPython(): Promise<string> {
    const home = await make('python');
    mkdirSync(join(home, 'bin'));
    cpSync(realpathSync(DEBIAN), join(home, 'bin/python3'));
    return home;
  }

  /** Another minor version than Debian's, of those that can be had here. */
  const minorOf = (python: string) =>
    execFileSync(python, ['-c', 'import sys; print(sys.version_info[1])'], { encoding: 'utf8' }).trim();
  const isOther = minorOf(PYTHON) !== minorOf(DEBIAN);

  async function rebuilt(place: string, mounts: Mount[], python: string, problem: RegExp): Promise<void> {
    const base = await make('mounted');
    const pdf = await pdfIn(base);
    const before = start([{ host: base }, { host: await ownPython(), inside: place }]);
    const own = join(place, 'bin/python3');
    const first = await converse(before, deployHere, { python: own });
    expect(first.dependencies.status).toBe('built');
    expect(extract(before, pdf, own)).toEqual(['1']);
    before.stop();

    const after = start([{ host: base }, ...mounts]);
    const { environment } = await converse(after, (client) => getStatus(client, options()), { python });
    expect(environment?.ailment).toMatch(problem);
    const second = await converse(after, deployHere, { python });
    expect(second).toMatchObject({ status: 'deployed', dependencies: { status: 'built' } });
    expect(second.dependencies.environment).not.toBe(first.dependencies.environment);
    expect(extract(after, pdf, python)).toEqual(['1']);
    const { releases } = await converse(after, (client) => listReleases(client, asBasePath('/app')), {
      python,
    });
    expect(releases.map((release) => release.environment)).toEqual([
      expect.objectContaining({
        name: second.dependencies.environment,
        python: second.dependencies.python,
        ailment: null,
        packages: [{ name: 'keywords', version: '1' }],
      }),
      expect.objectContaining({
        name: first.dependencies.environment,
        python: first.dependencies.python,
        packages: [{ name: 'keywords', version: '1' }],
      }),
    ]);
    expect((await converse(after, deployHere, { python })).status).toBe('unchanged');
  }

  test('whose Python is elsewhere: the status says so, and the same content is deployed anew', () =>
    rebuilt('/opt/python', [], DEBIAN, /^no longer starts: \/opt\/python\/bin\/python3 is gone/));

  // Where it was built for: it finds its library there only.
  const place = dirname(dirname(realpathSync(PYTHON)));
  (isOther ? test : test.skip)('whose Python is another version in the same place: likewise', () =>
    rebuilt(
      place,
      [{ host: place, inside: place }],
      join(place, 'bin/python3'),
      /^no longer starts as it was: it was built with .*, and leads to /,
    ),
  );
});

describe('a container whose programs are nobody’s in particular', () => {
  test('is deployed to as that user, whom everything belongs to', async () => {
    const base = await make('mounted');
    const pdf = await pdfIn(base);
    chownSync(base, USER, USER);
    chmodSync(base, 0o755);
    const container = start([{ host: base }], { user: `${USER}:${USER}` });
    expect(await converse(container, deployHere)).toMatchObject({
      status: 'deployed',
      dependencies: { status: 'built' },
    });
    const foreign = ['-mindepth', '1', '-not', '-uid', String(USER), '-not', '-name', 'contract.pdf'];
    expect(execFileSync('find', [base, ...foreign], { encoding: 'utf8' })).toBe('');
    expect(extract(container, pdf)).toEqual(['1']);
  });

  test('and who may not write the base path is told so', async () => {
    const base = await make('mounted');
    chmodSync(base, 0o755);
    const container = start([{ host: base }], { user: `${USER}:${USER}` });
    const refused = await thrownBy(converse(container, deployHere));
    expect(refused.message).toMatch(/ may not write to Base Path \/app\./);
    expect(refused.description).toMatch(/^Give that user the directory/);
  });
});

test('P4: who runs in an environment inside keeps it from being removed from outside', async () => {
  const base = await make('mounted');
  const container = start([{ host: base }]);
  const made = [];
  // In the end nobody needs the second environment any more.
  for (const version of ['1', '2', '1']) {
    await requireKeywords(source, version);
    await appendFile(join(source, 'run.py'), '\n# once more\n');
    made.push((await converse(container, deployHere)).dependencies.environment as string);
  }
  const code = 'print("up", flush=True); import sys; sys.stdin.read()';
  const inside = ['exec', '-i', container.name, `/app/environments/${made[1]}/bin/python`, '-c', code];
  const running = spawn(container.command, inside, { stdio: ['pipe', 'pipe', 'inherit'] });
  const pruned = async () => {
    const kept = { keepReleases: 1, keepBackups: 1 };
    const outside = { ...options(), basePath: asBasePath(base) };
    return inConversation((client) => pruneReleases(client, outside, kept), { python: DEBIAN });
  };
  try {
    await once(running.stdout, 'data');
    await appendFile(join(source, 'run.py'), '\n# once more\n');
    await converse(container, deployHere);
    expect(await pruned()).toMatchObject({ releases: expect.any(Array), environments: [] });
    expect(readdirSync(join(base, 'releases'))).toHaveLength(2);
  } finally {
    running.stdin.end();
    await once(running, 'close');
  }
  expect((await pruned()).environments).toEqual([made[1]]);
});

test('over SSH, with sudo in front: deployed to, checked, switched and taken back', async () => {
  const base = await make('mounted');
  const pdf = await pdfIn(base);
  const container = start([{ host: base }]);
  const sshd = await startSshd();
  const user = createSystemUser();
  const forget = allowSudo(user.username, `ALL=(root) NOPASSWD: ${container.command}`);
  const connection = await connectSsh(withKey(sshd, { username: user.username }));
  const by = { become: 'sudo' as const, connection };
  try {
    for (const version of ['2', '1']) {
      await requireKeywords(source, version);
      expect(await converse(container, deployHere, by)).toMatchObject({
        status: 'deployed',
        dependencies: { status: 'built' },
      });
      expect(extract(container, pdf)).toEqual([version]);
    }
    const back = await converse(
      container,
      (client) => rollBack(client, { target: 'previous' }, options()),
      by,
    );
    expect(back).toMatchObject({ status: 'rolledBack', dependencies: { status: 'reused' } });
    expect(extract(container, pdf)).toEqual(['2']);
  } finally {
    await connection.close();
    forget();
    user.remove();
    await sshd.stop();
  }
});

test('a container in which there is no Python is a sentence', async () => {
  const container = start([{ host: await make('mounted') }], { bare: true });
  const { message, description } = await thrownBy(converse(container, deployHere, { python: 'python3' }));
  expect(message).toBe(`python3 can't be started on this machine, in container ${container.name}.`);
  expect(description).toMatch(/^Install Python 3\.8 or newer there/);
});
