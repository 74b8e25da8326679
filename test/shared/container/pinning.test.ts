/** P1: how runs are pinned in containers: in place where their profile allows it, and else in the release. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Container, type ContainerOptions, startContainer } from '../../support/container';
import { deployTo, temporaryDirectories } from '../../support/deployment';
import { BESIDE_ENGINE, PLACE_PROBES, PLACE_SELECTION, placeEngine } from '../../support/placeProbes';
import { writeTree } from '../../support/tree';

jest.setTimeout(240_000);
const make = temporaryDirectories();
const containers: Container[] = [];
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
afterAll(() => containers.forEach((container) => container.stop()));

/** What Docker's default profile forbids to programs without CAP_SYS_ADMIN. */
const FORBIDDING = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    {
      names: ['unshare', 'setns', 'mount', 'umount2', 'open_tree', 'move_mount'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 1,
    },
  ],
};

async function version(text: string): Promise<string> {
  const source = await make(`place-${text}`);
  await writeTree(source, placeEngine(text));
  return source;
}

/** An engine in `app`, with what lies beside it and above, and a container that has all of it at `/srv`. */
async function engine(options: ContainerOptions): Promise<{ base: string; container: Container }> {
  const above = await make('container');
  await chmod(above, 0o777);
  await writeTree(above, { 'common/shared.txt': 'common\n' });
  const base = join(above, 'app');
  await mkdir(base);
  await writeTree(base, { ...placeEngine('0'), ...BESIDE_ENGINE });
  execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', join(base, '.venv')]);
  execFileSync('chmod', ['-R', 'a+rwX', base]);
  await deployTo(base, await version('1'), { selection: PLACE_SELECTION });
  const container = startContainer([{ host: above, inside: '/srv' }], options);
  containers.push(container);
  return { base, container };
}

const inside = ({ name }: Container, ...words: string[]) => ['exec', '-i', '-w', '/srv/app', name, ...words];

const tells = (container: Container) =>
  execFileSync(
    container.command,
    inside(container, 'python3', '.hot-deploy/launch.py', '--hot-deploy-pinning'),
    {
      encoding: 'utf8',
    },
  );

/** A run in it that is ready, and what its probes find once it goes on. */
async function started(container: Container, ...probes: string[]): Promise<() => Promise<unknown>> {
  const words = inside(container, 'python3', 'run.py', ...probes);
  const child = spawn(container.command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end('\n');
    await ended;
    return JSON.parse(said.replace(/^ready\n/, ''));
  };
}

test.each<[string, ContainerOptions]>([
  ['root', {}],
  ['nobody', { user: '65534:65534' }],
])(
  'P1: in place for %s in a container that allows it, across a deployment from outside',
  async (_who, options) => {
    const { base, container } = await engine(options);
    expect(tells(container)).toBe('');
    const run = await started(container);
    await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
    expect(await run()).toEqual(Object.fromEntries(PLACE_PROBES.map((name) => [name, '1'])));
  },
);

test.each<[string, string | undefined]>([
  ['root', undefined],
  ['nobody', '65534:65534'],
])('P1: in the release for %s where the profile forbids it, as Docker’s does', async (_who, user) => {
  const seccomp = join(await make('profile'), 'forbidding.json');
  await writeFile(seccomp, JSON.stringify(FORBIDDING));
  const { base, container } = await engine({ seccomp, ...(user !== undefined && { user }) });
  expect(tells(container)).toBe('forbidden');
  const run = await started(container, 'own_path', 'child_by_path', 'run_path');
  await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
  expect(await run()).toEqual({ own_path: '1', child_by_path: '1', run_path: '1' });
});
