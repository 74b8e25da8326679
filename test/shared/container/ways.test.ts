/**
 * P1: what works where. One program looks for all that a plain directory has, across a deployment: pinned in each way, by the
 * owner and another user on the host, in Podman, and in Docker by its own daemon, with its default profile and with the
 * rule that the page for it adds. What comes out is a table, which `npm run proof` keeps.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { startContainer } from '../../support/container';
import { deployTo, rollBackTo } from '../../support/deployment';
import { type DockerDaemon, startDockerDaemon } from '../../support/dockerDaemon';
import { writeProfiles } from '../../support/dockerProfiles';
import { PLACE_PROBES, PLACE_SELECTION } from '../../support/placeProbes';
import { placeEngines, SYSTEM_PYTHON } from '../../support/placeRuns';
import { FULL_SIZE } from '../../support/size';
import { createSystemUser, type SystemUser } from '../../support/systemUser';

jest.setTimeout(300_000);
const { make, version, plain, started } = placeEngines();
const ended: (() => void)[] = [];
let daemon: DockerDaemon, user: SystemUser, profiles: string;

beforeAll(async () => {
  user = createSystemUser();
  daemon = await startDockerDaemon();
  await writeProfiles((profiles = await make('profiles')));
}, 300_000);
afterEach(() => ended.splice(0).forEach((end) => end()));
afterAll(async () => {
  user.remove();
  await daemon.stop();
});

type Way = 'place' | 'code' | 'release';

/** What runs a program in the base path, which lies in a directory. */
type Place = (above: string) => readonly string[];

const NOBODY = '65534:65534';
const podman =
  (options: { user?: string }): Place =>
  (above) => {
    const { name, command, stop } = startContainer([{ host: above, inside: '/srv' }], options);
    ended.push(stop);
    return [command, 'exec', '-i', '-w', '/srv/app', name];
  };
const docker =
  (profile: string | null, ...options: string[]): Place =>
  (above) =>
    daemon.start(above, [
      ...options,
      ...(profile === null ? [] : ['--security-opt', `seccomp=${join(profiles, profile)}`]),
    ]);

/** By name: where it is, whether it is root there, and how runs are pinned unless somebody chooses. */
const PLACES: Record<string, { place: Place; root: boolean; way: Way }> = {
  'host, root': { place: () => [], root: true, way: 'place' },
  'host, user': {
    place: () => ['setpriv', `--reuid=${user.username}`, `--regid=${user.username}`, '--clear-groups'],
    root: false,
    way: 'place',
  },
  'Podman, root': { place: podman({}), root: true, way: 'place' },
  'Podman, nobody': { place: podman({ user: NOBODY }), root: false, way: 'place' },
  'Docker, root': { place: docker(null), root: true, way: 'code' },
  'Docker, nobody': { place: docker(null, '--user', NOBODY), root: false, way: 'code' },
  'Docker without the rule, root': { place: docker('default.json'), root: true, way: 'code' },
  'Docker with the rule, root': { place: docker('pin-in-place.json'), root: true, way: 'place' },
  'Docker with the rule, nobody': {
    place: docker('pin-in-place.json', '--user', NOBODY),
    root: false,
    way: 'place',
  },
};

type Found = 'own' | 'live' | 'no';

/** What is not the run's own: what is live by then, or not as in a plain directory. */
const EXPECTED: Record<
  Way,
  { live: readonly string[]; no: readonly string[]; noForUsers: readonly string[] }
> = {
  place: { live: [], no: [], noForUsers: [] },
  code: {
    live: ['relative_file', 'absolute_file', 'wrapper', 'through_a_link'],
    no: ['own_path', 'parent_of_a_module'],
    noForUsers: [],
  },
  release: {
    live: ['relative_file'],
    no: ['output_directory', 'environment_beside', 'neighbours'],
    noForUsers: ['parent_of_a_module', 'replaced_state', 'rotated_log'],
  },
};

function expected(way: Way, root: boolean): Record<string, Found> {
  const { live, no, noForUsers } = EXPECTED[way];
  const broken = [...no, ...(root ? [] : noForUsers)];
  return Object.fromEntries(
    PLACE_PROBES.map((name) => [name, broken.includes(name) ? 'no' : live.includes(name) ? 'live' : 'own']),
  );
}

const table: [string, Way, Record<string, Found>][] = [];

const runs = Object.entries(PLACES).flatMap(([name, { way }]) =>
  (['place', 'code', 'release'] as const)
    // What a kernel forbids can't be had; at the small size each place has the way that it comes to, and the host all.
    .filter((each) => each === way || (each !== 'place' && (FULL_SIZE || name === 'host, root')))
    .map((each) => [name, each] as const),
);

test.each(runs)('P1: %s, pinned %s', async (name, way) => {
  const { place, root, way: usual } = PLACES[name] as (typeof PLACES)[string];
  const base = await plain();
  const pinning = way === usual ? 'auto' : way;
  const deploy = async (text: string) =>
    deployTo(base, await version(text), { selection: PLACE_SELECTION, pinning, keepReleases: 1 });
  await deploy('1');
  const inside = [...place(dirname(base))];
  const [program = '', ...words] = [
    ...inside,
    SYSTEM_PYTHON,
    '.hot-deploy/launch.py',
    '--hot-deploy-pinning',
  ];
  const why = pinning === 'auto' ? 'forbidden' : 'chosen';
  expect(execFileSync(program, words, { cwd: base, encoding: 'utf8' })).toBe(
    way === 'place' ? 'place' : `${way} ${why}`,
  );
  const goOn = await started([...inside, SYSTEM_PYTHON, 'run.py'], base);
  await deploy('2');
  const said = JSON.parse(await goOn()) as Record<string, string>;
  const found = Object.fromEntries(
    Object.entries(said).map(([probe, text]): [string, Found] => [
      probe,
      text === '1' ? 'own' : text === '2' ? 'live' : 'no',
    ]),
  );
  table.push([name, way, found]);
  expect(found).toEqual(expected(way, root));
});

test('P2: an engine in Docker is deployed to and taken back through docker exec, and the output says how it is pinned', async () => {
  const base = await plain();
  const container = daemon.start(dirname(base), []).at(-1) as string;
  const inside = {
    interpreter: {
      python: SYSTEM_PYTHON,
      become: 'none',
      runtime: 'container',
      container,
      containerCommand: daemon.command,
    },
  } as const;
  const deploy = async (text: string) =>
    deployTo('/srv/app', await version(text), { selection: PLACE_SELECTION }, inside);
  expect(await deploy('1')).toMatchObject({ status: 'deployed', swap: { adopted: true, atomic: true } });
  expect(await deploy('2')).toMatchObject({
    status: 'deployed',
    container,
    pinning: { way: 'code', why: 'forbidden' },
  });
  expect(await rollBackTo('/srv/app', { target: 'previous' }, {}, inside)).toMatchObject({
    status: 'rolledBack',
  });
  expect(readFileSync(join(base, 'current/src/version.txt'), 'utf8')).toBe('1\n');
});

const named = (found: Record<string, Found>, wanted: Found) =>
  Object.keys(found).filter((probe) => found[probe] === wanted);

afterAll(() => {
  const rows = table.map(([name, way, found]) => [
    name,
    way,
    `${named(found, 'own').length} of ${PLACE_PROBES.length}`,
    named(found, 'live').join(', '),
    named(found, 'no').join(', '),
  ]);
  const head = ['Runs', 'pinned', 'their own', 'what is live', 'not as in a plain directory'];
  const lines = [head, head.map(() => '---'), ...rows];
  process.stdout.write(lines.map((cells) => `| ${cells.join(' | ')} |\n`).join(''));
});
