import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { liveTree, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { fakeInterpreter } from '../../support/fakeInterpreter';
import { offline, UV_DIRECTORY, withoutInstallerSettings } from '../../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
const SELECTION = {
  include: ['src/**', 'config/**', 'run.py', 'requirements.txt', 'lib/**'],
  exclude: [],
};
/** Builds a wheel and, like setuptools, leaves things beside the source while it does. */
const BACKEND = `
import os, zipfile
def build_wheel(directory, *_):
    os.makedirs("build/lib", exist_ok=True)
    with open("build/lib/lib.py", "w") as copy:
        copy.write(open("lib.py").read())
    with zipfile.ZipFile(os.path.join(directory, "lib-1-py3-none-any.whl"), "w") as wheel:
        wheel.write("build/lib/lib.py", "lib.py")
        wheel.writestr("lib-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: lib\\nVersion: 1\\n")
        wheel.writestr("lib-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("lib-1.dist-info/RECORD", "")
    return "lib-1-py3-none-any.whl"
`;
const PROJECT = `[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "lib"
version = "1"
`;
let source: string;
let wheelhouse: string;
let user: SystemUser;
let path: string | undefined;

beforeAll(async () => {
  path = process.env.PATH;
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  wheelhouse = await make('wheelhouse');
  user = createSystemUser();
});
afterAll(() => {
  process.env.PATH = path;
  user.remove();
});
beforeEach(async () => {
  [source] = await engineVersions(make, 'base');
  mkdirSync(join(source, 'lib'));
  const files = { 'pyproject.toml': PROJECT, 'backend.py': BACKEND, 'lib.py': 'VALUE = 1\n' };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(source, 'lib', name), text);
  await writeFile(join(source, 'requirements.txt'), './lib\n');
});

function liveValue(base: string): string {
  const python = join(base, 'current/.venv/bin/python');
  return execFileSync(python, ['-c', 'import lib; print(lib.VALUE)'], { encoding: 'utf8' }).trim();
}

/** Deploys as a user of this machine who is not root, to whom files that may not be written mean something. */
async function asUser(base: string): Promise<string> {
  const id = (flag: string) => Number(execFileSync('id', [flag, user.username], { encoding: 'utf8' }));
  chownSync(base, id('-u'), id('-g'));
  chmodSync(base, 0o755);
  return fakeInterpreter(
    join(await make('bin'), 'python'),
    `exec sudo -n -u ${user.username} env PIP_CONFIG_FILE=/dev/null /usr/bin/python3 "$@"`,
  );
}

describe.each([
  ['pip', 'root'],
  ['uv', 'root'],
  ['pip', 'a user'],
] as const)('a package that is a directory of the release, with %s, as %s', (installer, who) => {
  test('is built without a trace in the release, and anew when a file of it changes', async () => {
    const base = await make();
    const conversation = who === 'root' ? {} : { python: await asUser(base) };
    const options = { selection: SELECTION, dependencies: offline(wheelhouse, { installer }) };
    for (const value of ['1', '2']) {
      await writeFile(join(source, 'lib/lib.py'), `VALUE = ${value}\n`);
      const { status, dependencies } = await deployTo(base, source, options, conversation);
      expect({ status, dependencies: dependencies.status }).toEqual({
        status: 'deployed',
        dependencies: 'built',
      });
      expect(liveValue(base)).toBe(value);
      const lib = (tree: Record<string, unknown>) =>
        Object.keys(tree).filter((name) => name.startsWith('lib/') && !name.includes('__pycache__'));
      expect(lib(liveTree(base))).toEqual(lib(treeOf(source)));
    }
    expect((await deployTo(base, source, options, conversation)).status).toBe('unchanged');
  });
});

describe.each(['pip', 'uv'] as const)('an engine that is a project itself, with %s', (installer) => {
  const selection = { include: ['lib.py', 'backend.py', 'run.py', '*.toml', '*.txt'], exclude: [] };
  const dependencies = () => offline(wheelhouse, { installer });

  async function project(value: number, pyproject = PROJECT, more: Record<string, string> = {}) {
    const directory = await make('project');
    const files = { 'pyproject.toml': pyproject, 'backend.py': BACKEND, 'lib.py': `VALUE = ${value}\n` };
    const all = { ...files, 'run.py': '', ...more };
    for (const [name, text] of Object.entries(all)) writeFileSync(join(directory, name), text);
    return directory;
  }

  test('and says how it is built, is built and installed with each version', async () => {
    const base = await make();
    for (const value of [1, 2]) {
      const deployed = await deployTo(base, await project(value), {
        selection,
        dependencies: dependencies(),
      });
      expect(deployed.dependencies).toMatchObject({ status: 'built', file: 'pyproject.toml' });
      expect(liveValue(base)).toBe(String(value));
    }
  });

  test('and has a requirements.txt with a dot in it, alike', async () => {
    const base = await make();
    const source = await project(1, PROJECT, { 'requirements.txt': '.\n' });
    await deployTo(base, source, { selection, dependencies: dependencies() });
    expect(liveValue(base)).toBe('1');
  });

  test('and does not say how it is built, is installed where it is named in Requirements File', async () => {
    const base = await make();
    const source = await project(1, '[tool.black]\nline-length = 110\n');
    const without = await deployTo(base, source, { selection, dependencies: dependencies() });
    expect(without.dependencies).toMatchObject({ status: 'none' });
    const named = { ...dependencies(), requirements: 'pyproject.toml' };
    const refusal = await thrownBy(deployTo(base, source, { selection, dependencies: named }));
    // Without a backend it takes setuptools, which the build is isolated from and the directory of wheels has not.
    expect(refusal).toMatchObject({ code: 'DEPENDENCIES' });
    expect(refusal.description).toMatch(/setuptools/);
  });
});
