/** Who may tell the guard of a run: whom the base path belongs to, that one's group, and root. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { deployTo, temporaryDirectories } from '../../support/deployment';
import { counted, guardsOf, WATCH, watchedEngine, writtenRollout } from '../../support/guards';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { writeTree } from '../../support/tree';
import { until } from '../../support/until';
import { asUser, userPython } from '../../support/userPython';

jest.setTimeout(60_000);
const make = temporaryDirectories();
let owner: SystemUser, other: SystemUser;

beforeAll(() => {
  [owner, other] = [createSystemUser(), createSystemUser()];
});
afterAll(() => [owner, other].forEach((user) => user.remove()));

test('P7: a run of somebody else is what it is, and counts nowhere', async () => {
  const python = userPython(await make('pythons'), owner.username);
  const base = join(await make(), 'app');
  const [one, two] = [await make('one'), await make('two')];
  await writeTree(one, watchedEngine('sys.exit(5)'));
  await writeTree(two, watchedEngine('sys.exit(6)'));
  execFileSync('cp', ['-r', one, base]);
  execFileSync('chmod', ['-R', 'a+rX', join(base, '..')]);
  execFileSync('chown', ['-R', `${owner.username}:`, base]);
  await deployTo(base, one, {}, { python });
  await deployTo(base, two, { watch: { ...WATCH, minimumRuns: 1000 } }, { python });
  const socket = statSync(join(base, '.hot-deploy/guard.sock'));
  expect([socket.mode & 0o777, socket.uid]).toEqual([0o660, statSync(base).uid]);

  const run = (prefix: string[]) => {
    const [program = '', ...words] = [...prefix, '/usr/bin/python3', join(base, 'run.py')];
    return spawnSync(program, words, { cwd: base }).status;
  };
  expect(run(asUser(other.username))).toBe(6);
  expect(run(asUser(owner.username))).toBe(6);
  expect(run([])).toBe(6);
  expect((await counted(base, 2)).candidate).toEqual({ runs: 2, failed: 2 });
  expect(run(asUser(other.username))).toBe(6);
  expect(writtenRollout(base).candidate.runs).toBe(2);
  expect(guardsOf(base)).toHaveLength(1);
  // Its user goes after the test.
  rmSync(join(base, '.hot-deploy/rollout.json'));
  await until(() => guardsOf(base).length === 0);
});
