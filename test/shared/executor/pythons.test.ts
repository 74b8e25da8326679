import { asBasePath, asEntrypoint } from '../../support/named';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import {
  checkOf,
  deployTo,
  engineVersions,
  openClient,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { CLASSIC_CHECK, ENGINE_ENVIRONMENT, materialiseEngine } from '../../support/engine';
import { fakeInterpreter } from '../../support/fakeInterpreter';
import { availablePythons } from '../../support/pythons';
import { evaluate, PYTHON_DIRECTORY } from '../../support/pythonModule';
import { startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';

const make = temporaryDirectories();

let sshd: Sshd;
let versions: string[];

beforeAll(async () => {
  sshd = await startSshd();
  versions = await engineVersions(make, 'base', 'v2');
});

afterAll(() => sshd.stop());

const CHECKS = [
  checkOf({ type: 'python', code: CLASSIC_CHECK, when: 'both', environment: ENGINE_ENVIRONMENT }),
  checkOf({ name: 'runs', command: 'python run.py --help', environment: ENGINE_ENVIRONMENT }),
];

function expectVersion(basePath: string, source: string): void {
  for (const path of ['run.py', 'src/version.py']) {
    const [live, wanted] = [join(basePath, 'current', path), join(source, path)];
    expect(readFileSync(live, 'utf8')).toBe(readFileSync(wanted, 'utf8'));
  }
}

it.each(availablePythons())('over SSH, deploys and rolls back with %s', async (python) => {
  const connection = await connectSsh(withKey(sshd));
  try {
    const conversation = { connection, python };
    const client = await openClient(conversation);
    const basePath = await make();
    const missing = {
      basePath: asBasePath(join(basePath, 'missing')),
      entrypoint: asEntrypoint('run.py'),
      holder: true,
    };
    expect(await client.call('probe', missing)).toMatchObject({ exists: false, current: null, holder: null });
    expect(client.hello.python.executable).toBe(python);
    expect(await client.close()).toMatchObject({ reverted: false });

    const first = await deployTo(basePath, versions[0], { checks: CHECKS }, conversation);
    await deployTo(basePath, versions[1], { checks: CHECKS }, conversation);
    expectVersion(basePath, versions[1]);
    const back = await rollBackTo(basePath, { target: 'previous' }, {}, conversation);
    expect(back).toMatchObject({ status: 'rolledBack', release: first.release });
    expectVersion(basePath, versions[0]);
  } finally {
    await connection.close();
  }
});

it.each(availablePythons())(
  'on this machine, all of a life and without a single warning: %s',
  async (python) => {
    const directory = await make();
    const complaints = join(directory, 'complaints');
    // A file that is left open and what a later Python takes away end the step that does it, or are said.
    const strict = fakeInterpreter(
      join(directory, 'strict'),
      `exec ${python} -W error -X dev "$@" 2>> ${complaints}`,
    );
    const basePath = join(directory, 'app');
    await materialiseEngine('base', basePath);
    const conversation = { python: strict };
    const changes = { checks: CHECKS, keepReleases: 1, keepBackups: 2 };
    const second = await deployTo(basePath, versions[1], changes, conversation);
    expect(second.swap).toMatchObject({ adopted: expect.anything() });
    await rollBackTo(basePath, { target: 'previous' }, changes, conversation);
    expectVersion(basePath, versions[0]);
    await deployTo(basePath, versions[1], { ...changes, deployUnchanged: true }, conversation);
    expectVersion(basePath, versions[1]);
    const target = { target: 'backup' as const, backup: second.backup as string };
    await rollBackTo(basePath, target, changes, conversation);
    expectVersion(basePath, versions[0]);
    expect(readFileSync(complaints, 'utf8')).toBe('');
  },
);

it('every module is written for Python 3.8', () => {
  const code = `
import ast, pathlib
paths = sorted(pathlib.Path(json.load(sys.stdin)).rglob("*.py"))
for path in paths:
    ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 8))
json.dump([path.name for path in paths], sys.stdout)
`;
  const names = evaluate<string[]>(code, PYTHON_DIRECTORY, PYTHON);
  expect(names).toEqual(expect.arrayContaining(['launcher.py', 'main.py', 'wire.py', 'verbs.py']));
  expect(existsSync(join(PYTHON_DIRECTORY, 'hot_deploy', '__pycache__'))).toBe(false);
});
