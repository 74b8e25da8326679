/**
 * P1: in Docker's own containers, by its own daemon: by code with its default profile, which forbids mounts, and in place with
 * the rule that the page for it adds to a profile.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { deployTo } from '../../support/deployment';
import { type DockerDaemon, startDockerDaemon } from '../../support/dockerDaemon';
import { PLACE_PROBES, PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines } from '../../support/placeRuns';

jest.setTimeout(300_000);
const { make, version, plain, run } = placeEngines();
let daemon: DockerDaemon, profile: string;

const PAGE = join(__dirname, '../../../docs/how-to/pin-in-place-in-docker.md');
/** That of Podman's package; it allows more than Docker's does. */
const PROFILE = '/usr/share/containers/seccomp.json';
/** What Docker's allows to programs with CAP_SYS_ADMIN only. */
const MOUNTING = ['unshare', 'setns', 'mount', 'umount', 'umount2', 'open_tree', 'move_mount'];

interface Profile {
  syscalls: { names: string[]; action: string; includes?: { caps?: string[] } }[];
}

/** A profile that allows what Docker's does, with the rule that the page adds. */
async function allowing(): Promise<string> {
  const directory = await make('profile');
  const { syscalls, ...others } = JSON.parse(readFileSync(PROFILE, 'utf8')) as Profile;
  const forbidding = syscalls.map(({ names, ...rule }) => {
    const free = rule.action === 'SCMP_ACT_ALLOW' && rule.includes?.caps === undefined;
    return { ...rule, names: free ? names.filter((name) => !MOUNTING.includes(name)) : names };
  });
  await writeFile(join(directory, 'default.json'), JSON.stringify({ ...others, syscalls: forbidding }));
  const [, commands] = /```bash\n([^]*?)```/.exec(readFileSync(PAGE, 'utf8')) as unknown as [string, string];
  execFileSync('bash', ['-c', commands.replace(/^ {3}/gm, '')], { cwd: directory });
  return directory;
}

/** An archive of an image that has nothing but links into `/usr`, which is this machine's own. */
async function merged(): Promise<string> {
  const directory = await make('image');
  const root = join(directory, 'root');
  for (const name of ['usr', 'etc', 'srv']) await mkdir(join(root, name), { recursive: true });
  await mkdir(join(root, 'tmp'));
  await chmod(join(root, 'tmp'), 0o1777);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(root, name));
  execFileSync('tar', ['-C', root, '-cf', join(directory, 'image.tar'), '.']);
  return join(directory, 'image.tar');
}

beforeAll(async () => {
  daemon = await startDockerDaemon();
  daemon.docker('import', await merged(), 'debian:1');
  profile = await allowing();
}, 300_000);
afterAll(() => daemon.stop());

/** An engine with version 1 live, mounted into a container that is gone after `work`. */
async function inContainer(
  options: readonly string[],
  work: (base: string, words: (...words: string[]) => string[]) => Promise<void>,
): Promise<void> {
  const base = await plain();
  await deployTo(base, await version('1'), { selection: PLACE_SELECTION });
  const name = `hot-deploy-${randomBytes(4).toString('hex')}`;
  const mount = ['-v', `${dirname(base)}:/srv`, '-v', '/usr:/usr:ro', '-v', '/etc:/etc:ro'];
  daemon.docker(
    'run',
    '-d',
    '--rm',
    '--name',
    name,
    '--network',
    'none',
    ...mount,
    ...options,
    'debian:1',
    'sleep',
    '600',
  );
  try {
    await work(base, (...words) => [...daemon.command, 'exec', '-i', '-w', '/srv/app', name, ...words]);
  } finally {
    daemon.docker('rm', '-f', name);
  }
}

const USERS = { root: [], nobody: ['--user', '65534:65534'] };
/** By code, what is no module and opened late is that of what is live; see deployment/byCode. */
const CODE = [
  'late_module',
  'top_module',
  'child_by_path',
  'run_path',
  'pool_by_spawn',
  'pool_by_forkserver',
  'imported_by_a_child',
  'output_directory',
  'replaced_state',
  'neighbours',
];

type Case = [string, readonly string[], string, readonly string[]];
const cases = (): Case[] =>
  Object.entries(USERS).flatMap(([who, user]): Case[] => [
    [`${who}, by its default profile`, user, 'code forbidden', CODE],
    [
      `${who}, with the rule`,
      [...user, '--security-opt', 'seccomp=PROFILE/pin-in-place.json'],
      'place',
      PLACE_PROBES,
    ],
    [
      `${who}, without the rule`,
      [...user, '--security-opt', 'seccomp=PROFILE/default.json'],
      'code forbidden',
      CODE,
    ],
  ]);

test.each(cases())('P1: %s', async (_who, options, told, probes) => {
  const given = options.map((option) => option.replace('PROFILE', profile));
  await inContainer(given, async (base, words) => {
    const [program = '', ...others] = words('python3', '.hot-deploy/launch.py', '--hot-deploy-pinning');
    expect(spawnSync(program, others, { encoding: 'utf8' })).toMatchObject({ stdout: told, status: 0 });
    const goOn = await run(words('python3', 'run.py', ...probes), '/');
    await deployTo(base, await version('2'), { selection: PLACE_SELECTION, keepReleases: 1 });
    expect(await goOn()).toEqual(Object.fromEntries(probes.map((name) => [name, '1'])));
  });
});
