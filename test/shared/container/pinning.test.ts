/** P1: how runs are pinned in containers: in place where their profile allows it, and else by code. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Container, type ContainerOptions, startContainer } from '../../support/container';
import { checkOf, type ConversationOptions, deployTo } from '../../support/deployment';
import { PLACE_PROBES, PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines } from '../../support/placeRuns';
import { seenThrough } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(240_000);
const { make, version, plain, run } = placeEngines();
const containers: Container[] = [];
afterAll(() => containers.forEach((container) => container.stop()));

/** A profile that forbids some system calls, with what the kernel says then. */
const forbidden = (errnoRet: number, ...names: string[]) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errnoRet }],
});
const [EPERM, EACCES, ENOSYS] = [1, 13, 38];
/** What Docker's default profile forbids to programs without CAP_SYS_ADMIN. */
const FORBIDDING = forbidden(EPERM, 'unshare', 'setns', 'mount', 'umount2', 'open_tree', 'move_mount');
/** Where a namespace can be had, and what is needed in it cannot. */
const HALF_WAY = {
  'mounts are refused, as AppArmor does in Ubuntu': forbidden(EACCES, 'mount', 'move_mount'),
  'the kernel has no such call, as before 5.2 and in gVisor': forbidden(ENOSYS, 'open_tree', 'move_mount'),
  'the last of several mounts is refused': forbidden(EPERM, 'move_mount'),
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

const USERS: [string, ContainerOptions][] = [
  ['root', {}],
  ['nobody', { user: '65534:65534' }],
];

test.each(USERS)(
  'P1: in place for %s in a container that allows it, across a deployment from outside',
  async (_who, options) => {
    const { base, container } = await engine(options);
    expect(tells(container)).toBe('place');
    const goOn = await started(container);
    await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
    expect(await goOn()).toEqual(Object.fromEntries(PLACE_PROBES.map((name) => [name, '1'])));
  },
);

/** A container whose profile forbids what Docker's forbids. */
async function forbidding(
  options: ContainerOptions = {},
  profile: object = FORBIDDING,
): Promise<ReturnType<typeof engine>> {
  const seccomp = join(await make('profile'), 'forbidding.json');
  await writeFile(seccomp, JSON.stringify(profile));
  return engine({ ...options, seccomp });
}

/** Expects runs to be pinned by code, and these probes of one to find its own release's across a deployment. */
async function expectByCode(
  { base, container }: Awaited<ReturnType<typeof engine>>,
  probes: readonly string[],
): Promise<void> {
  expect(tells(container)).toBe('code forbidden');
  const goOn = await started(container, ...probes);
  await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
  expect(await goOn()).toEqual(Object.fromEntries(probes.map((name) => [name, '1'])));
}

test.each(USERS)(
  'P1: by code for %s where the profile forbids it, as Docker’s does',
  async (_who, options) => {
    const probes = [
      'late_module',
      'child_by_path',
      'run_path',
      'pool_by_spawn',
      'output_directory',
      'neighbours',
    ];
    await expectByCode(await forbidding(options), probes);
  },
);

const halfWay = Object.entries(HALF_WAY).flatMap(([what, profile]) =>
  [...USERS, ['root with CAP_SYS_ADMIN', { capability: 'SYS_ADMIN' }] as const].map(
    ([who, options]) => [what, who, options, profile] as const,
  ),
);

test.each(halfWay)('P1: by code, and whole, where %s (%s)', async (_what, _who, options, profile) => {
  const probes = [
    'late_module',
    'pool_by_spawn',
    'output_directory',
    'neighbours',
    'replaced_state',
    'walked',
  ];
  await expectByCode(await forbidding(options, profile), probes);
});

/** A conversation with an executor in a container. */
const within = (container: Container): ConversationOptions => ({
  interpreter: {
    python: '/usr/bin/python3',
    become: 'none',
    runtime: 'container',
    container: container.name,
    containerCommand: container.command,
  },
});

test('P3: a deployment that is to be pinned in place is refused there, and changes nothing', async () => {
  const { base, container } = await forbidding();
  const [two, before] = [await version('2'), seenThrough(base)];
  const deployed = deployTo(
    '/srv/app',
    two,
    { selection: PLACE_SELECTION, pinning: 'place' },
    within(container),
  );
  expect(await thrownBy(deployed)).toMatchObject({
    code: 'STEP',
    message: expect.stringContaining('Pinning is “In Place”') as unknown,
  });
  expect(seenThrough(base)).toEqual(before);
});

test.each([
  ['place', () => engine({})],
  ['code', () => forbidding()],
] as const)(
  'the check that starts the engine is shown a new version %s, where the profile is so',
  async (way, made) => {
    const { container } = await made();
    const checks = [checkOf({ type: 'engine', name: 'starts', arguments: ['late_module'], when: 'before' })];
    const options = { selection: PLACE_SELECTION, checks };
    const deployed = await deployTo('/srv/app', await version('2'), options, within(container));
    const told = deployed.checks.filter(({ name }) => name === 'starts');
    expect(told.map(({ when, startedAs }) => [when, startedAs])).toEqual(
      way === 'place' ? [['before', 'place']] : [['before', 'code'], ['after', 'live']], // prettier-ignore
    );
    expect(told[0]?.output).toContain('"late_module": "2"');
  },
);
