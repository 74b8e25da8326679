/** Runs of other users: seen by what everybody may see, and what nobody can see is counted, said and waited for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';

import { pruneReleases } from '../../../nodes/shared/operations/prune';
import { deployOptions, deployTo, inConversation, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { lingeringEngine, Lingerers } from '../../support/lingering';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';
import { asUser, userPython } from '../../support/userPython';

jest.setTimeout(60_000);
const make = temporaryDirectories();
const lingerers = new Lingerers();
let owner: SystemUser, other: SystemUser;
let versions: string[];
/** An executor that is the owner's, and one to which other users' processes are hidden as well. */
let python: string, blind: string;
afterEach(() => lingerers.endAll());

beforeAll(async () => {
  [owner, other] = [createSystemUser(), createSystemUser()];
  const pythons = await make('pythons');
  python = userPython(pythons, owner.username);
  blind = userPython(pythons, owner.username, true);
  versions = await Promise.all(
    ['1', '2', '3'].map(async (label) => {
      const source = await make('source');
      await writeTree(source, lingeringEngine(label));
      return source;
    }),
  );
});
afterAll(() => [owner, other].forEach((user) => user.remove()));

/** A plain engine of the owner's, which everybody can read. */
async function plain(): Promise<string> {
  const base = join(await make(), 'app');
  execFileSync('cp', ['-r', versions[0], base]);
  execFileSync('chmod', ['-R', 'a+rX', join(base, '..')]);
  execFileSync('chown', ['-R', `${owner.username}:`, base]);
  return base;
}

async function deployed(): Promise<{ base: string; release: string }> {
  const base = await plain();
  const { release } = await deployTo(base, versions[1], {}, { python });
  return { base, release };
}

const prune = (base: string) =>
  inConversation(
    (client) => pruneReleases(client, deployOptions(base), { keepReleases: 1, keepBackups: 0 }),
    { python },
  );

test('a run of another user from before the adoption is waited for and counted', async () => {
  const base = await plain();
  await lingerers.fromEngine(base, 'and waits', asUser(other.username));
  const { swap } = await deployTo(base, versions[1], {}, { python });
  expect(swap).toMatchObject({ adopted: true, unpinned: 1 });
});

test('what may be a run of another user before the adoption, and can’t be told from another, is counted and said', async () => {
  const base = await plain();
  const { swap, unseen } = await deployTo(base, versions[1], {}, { python: blind });
  expect([swap.unpinned, unseen]).toEqual([0, null]);
});

test('a launcher of another user that has not leased its release yet keeps the engine from becoming plain', async () => {
  const { base } = await deployed();
  // It looks like one that never gets there: the launcher is its argument, relative to where nobody may look.
  const code = 'os.chdir(path); os.write(1, b"%d\\n" % os.getpid()); os.execv(sys.executable, PROGRAM)';
  const program = '[sys.executable, "-c", "import time; time.sleep(600)", "run.py"]';
  const pid = await lingerers.elsewhere(code.replace('PROGRAM', program), base, asUser(other.username));
  const late = await thrownBy(detachAt(base, {}, { python }));
  expect(late.message).toContain(`Extractions still run after 10 s: process ${pid}.`);
  expect(readFileSync(join(base, 'run.py'), 'utf8')).toContain('hot-deploy launcher');
  await lingerers.end(pid);
  expect((await detachAt(base, {}, { python })).status).toBe('detached');
});

test('P4: a release stays while another user runs it and has closed every descriptor', async () => {
  const { base, release } = await deployed();
  const pid = await lingerers.fromEngine(base, 'which closes every descriptor', asUser(other.username));
  await expectKeptWhile(pid, base, release);
});

test('P4: a release stays while another user has it mounted where nobody else sees it', async () => {
  const { base, release } = await deployed();
  const code = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(os.fsencode(path + "/src"), b"/mnt", None, 0x1000, None) == 0`;
  const inside = [...asUser(other.username), 'unshare', '--user', '--map-root-user', '--mount'];
  const pid = await lingerers.elsewhere(code, join(base, 'releases', release), inside);
  await expectKeptWhile(pid, base, release);
});

test('what another user may run unseen is counted and said when a release is removed', async () => {
  const { base, release } = await deployed();
  const pid = await lingerers.elsewhere('os.chdir(path)', base, asUser(other.username));
  await deployTo(base, versions[2], {}, { python });
  await deployTo(base, versions[0], {}, { python });
  const { releases, unseen } = await prune(base);
  expect(releases).toContain(release);
  expect(unseen).toBeGreaterThan(0);
  await lingerers.end(pid);
});

async function expectKeptWhile(pid: number, base: string, release: string): Promise<void> {
  await deployTo(base, versions[2], { keepReleases: 1 }, { python });
  await deployTo(base, versions[0], { keepReleases: 1 }, { python });
  expect((await prune(base)).releases).not.toContain(release);
  expect(existsSync(join(base, 'releases', release, 'run.py'))).toBe(true);
  await lingerers.end(pid);
  expect((await prune(base)).releases).toContain(release);
}
