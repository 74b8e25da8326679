/** P1: how runs are pinned in containers: in place where their profile allows it, and else in the release. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Container, type ContainerOptions, startContainer } from '../../support/container';
import { deployTo } from '../../support/deployment';
import { PLACE_PROBES, PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines } from '../../support/placeRuns';

jest.setTimeout(240_000);
const { make, version, plain, run } = placeEngines();
const containers: Container[] = [];
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

/** An engine in `app`, with what lies beside it and above, and a container that has all of it at `/srv`. */
async function engine(options: ContainerOptions): Promise<{ base: string; container: Container }> {
  const base = await plain();
  await deployTo(base, await version('1'), { selection: PLACE_SELECTION });
  const container = startContainer([{ host: dirname(base), inside: '/srv' }], options);
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

const started = (container: Container, ...probes: string[]) =>
  run([container.command, ...inside(container, 'python3', 'run.py', ...probes)], '/');

test.each<[string, ContainerOptions]>([
  ['root', {}],
  ['nobody', { user: '65534:65534' }],
])(
  'P1: in place for %s in a container that allows it, across a deployment from outside',
  async (_who, options) => {
    const { base, container } = await engine(options);
    expect(tells(container)).toBe('');
    const goOn = await started(container);
    await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
    expect(await goOn()).toEqual(Object.fromEntries(PLACE_PROBES.map((name) => [name, '1'])));
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
  const goOn = await started(container, 'own_path', 'child_by_path', 'run_path');
  await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
  expect(await goOn()).toEqual({ own_path: '1', child_by_path: '1', run_path: '1' });
});
