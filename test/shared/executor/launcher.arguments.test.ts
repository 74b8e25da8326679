import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';

import { BasePath } from '../../support/base-path';
import { availablePythons } from '../../support/pythons';

const pythons = availablePythons();
const [oldest] = pythons;
let root: string;
let base: BasePath;

/** Prints its arguments, each as the Latin-1 reading of its bytes. */
const ECHO =
  'import json, os, sys; print(json.dumps([os.fsencode(a).decode("latin-1") for a in sys.argv[1:]]))';

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-test-')));
  base = newBase('app');
});

afterAll(() => rmSync(root, { recursive: true }));

function newBase(name: string, entrypoint = 'run.py'): BasePath {
  const made = new BasePath(join(root, name), entrypoint);
  made.addRelease('a', {
    'config/default.json': '{}',
    'config/deep/er.json': '{}',
    'src/x.py': '',
    'requirements.txt': '',
    [entrypoint]: ECHO,
  });
  made.flip('a');
  mkdirSync(join(made.path, 'data'));
  return made;
}

function run(program: string, args: string[], options: SpawnSyncOptions = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: base.path,
    timeout: 30_000,
    ...options,
  });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

function echoed(
  args: string[],
  options: SpawnSyncOptions = {},
  script = 'run.py',
  python = oldest,
): string[] {
  const { stdout, stderr } = run(python, [script, ...args], options);
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as string[]).map((argument) => Buffer.from(argument, 'latin1').toString());
}

describe('P1: arguments that name deployed files lead into the release', () => {
  test.each(pythons)('and all others stay as they are (%s)', (python) => {
    const release = base.release('a');
    const table: Array<[given: string, expected: string]> = [
      ['config/default.json', `${release}/config/default.json`],
      ['./config/default.json', `${release}/config/default.json`],
      ['config//deep/../default.json', `${release}/config/default.json`],
      [`../app/config/deep/er.json`, `${release}/config/deep/er.json`],
      [`${base.path}/config/default.json`, `${release}/config/default.json`],
      [`--config=config/default.json`, `--config=${release}/config/default.json`],
      [`--config=${base.path}/src/x.py`, `--config=${release}/src/x.py`],
      ['requirements.txt', `${release}/requirements.txt`],
      ['--requirements=requirements.txt', `--requirements=${release}/requirements.txt`],
      ['run.py', `${release}/run.py`],
      ['current/config/default.json', `${release}/config/default.json`],
      ['./current', release],
      ['./config', `${release}/config`],
      ['config/', `${release}/config/`],
      ['--directory=./config', `--directory=${release}/config`],
      ...[
        'config',
        'src',
        'current',
        '--mode=config',
        'config/missing.json',
        'data',
        'data/x.pdf',
        './run.pyc',
        'releases/a/config/default.json',
        '/etc/passwd',
        '.',
        '..',
        '/',
        '//',
        '',
        '--',
        '--config',
        '--config=',
        '-cconfig/default.json',
        'name=config/default.json',
        `${base.path}`,
        `${base.path}x/config/default.json`,
        'file:///app/config/default.json',
        'caf\u00e9 \u{1f600}\n',
        'a/'.repeat(60_000),
        'x/'.repeat(2_000),
      ].map((same): [string, string] => [same, same]),
    ];
    const given = table.map(([argument]) => argument);
    const results = echoed(given, {}, 'run.py', python);
    expect(results).toEqual(table.map(([, expected]) => expected));
  });

  test('relative to the working directory, wherever it is', () => {
    const expected = [`${base.release('a')}/config/default.json`];
    const cwd = join(base.path, 'data');
    expect(echoed(['../config/default.json'], { cwd }, '../run.py')).toEqual(expected);
    expect(echoed(['config/default.json'], { cwd }, '../run.py')).toEqual(['config/default.json']);
    expect(echoed(['app/config/default.json'], { cwd: root }, 'app/run.py')).toEqual(expected);
  });

  test('however the base path is spelled', () => {
    const link = join(root, 'link');
    symlinkSync('app', link);
    const file = `${base.release('a')}/config/default.json`;
    for (const [cwd, script] of [
      [root, 'link/run.py'],
      [root, join(link, 'run.py')],
      [link, 'run.py'],
    ]) {
      const given = [join(link, 'config/default.json'), join(base.path, 'config/default.json')];
      expect(echoed(given, { cwd }, script)).toEqual([file, file]);
    }
  });

  test('but not a link of somebody else', () => {
    const other = newBase('other');
    symlinkSync('releases/a/config', join(other.path, 'shortcut'));
    symlinkSync('/etc', join(other.path, 'etc'));
    rmSync(join(other.path, 'config'));
    symlinkSync('data', join(other.path, 'config'));
    const same = ['shortcut/default.json', 'etc/passwd', 'config/default.json'];
    expect(echoed(same, { cwd: other.path })).toEqual(same);
  });

  test('and bytes that are no UTF-8 survive in every locale', () => {
    const script =
      "import os, sys; os.execv(sys.executable, [sys.executable, 'run.py', b'\\xff/\\xfe=\\x80', b'\\xc3'])";
    for (const locale of ['C', 'C.UTF-8', 'POSIX']) {
      const { stdout } = run(oldest, ['-c', script], { env: { LC_ALL: locale, PATH: process.env.PATH } });
      expect(JSON.parse(stdout)).toEqual(['\xff/\xfe=\x80', '\xc3']);
    }
  });

  test('any text that names nothing deployed is left byte for byte', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '=',
      '-',
      '--',
      '~',
      'a',
      ' ',
      '\n',
      '\\',
      '"',
      '$(x)',
      '\u00e9',
      '\u{1f600}',
    );
    const argument = fc.oneof(fc.string({ unit: piece }), fc.string({ unit: 'grapheme' }));
    const usable = argument.filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(usable, { minLength: 50, maxLength: 200 }), (given) => {
        expect(echoed(given)).toEqual(given);
      }),
      { numRuns: 15 },
    );
  });
});

describe('it starts', () => {
  test('as an executable file, and through a link in another directory', () => {
    chmodSync(join(base.path, 'run.py'), 0o755);
    symlinkSync(join(base.path, 'run.py'), join(root, 'extract'));
    const file = `${base.release('a')}/config/default.json`;
    expect(JSON.parse(run('./run.py', ['config/default.json']).stdout)).toEqual([file]);
    expect(JSON.parse(run('sh', ['-c', './run.py config/default.json']).stdout)).toEqual([file]);
    expect(JSON.parse(run(join(root, 'extract'), ['config/default.json']).stdout)).toEqual([file]);
  });

  test('under another name, which is then the name of the program', () => {
    const main = newBase('named', 'main.py');
    expect(echoed(['x', 'main.py'], { cwd: main.path }, 'main.py')).toEqual([
      'x',
      main.release('a', 'main.py'),
    ]);
  });

  test('in a tree that is now at another path', () => {
    newBase('before');
    renameSync(join(root, 'before'), join(root, 'after'));
    const file = join(root, 'after', 'releases', 'a', 'config', 'default.json');
    expect(echoed(['config/default.json'], { cwd: join(root, 'after') })).toEqual([file]);
  });

  test('from a working directory that no longer exists', () => {
    const script = 'mkdir gone && cd gone && rmdir ../gone && "$0" "$1" config/default.json "$2"';
    const absolute = join(base.path, 'config/default.json');
    const { stdout } = run('sh', ['-c', script, oldest, join(base.path, 'run.py'), absolute], { cwd: root });
    expect(JSON.parse(stdout)).toEqual(['config/default.json', `${base.release('a')}/config/default.json`]);
  });
});
