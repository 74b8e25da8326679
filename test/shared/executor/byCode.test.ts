/**
 * P1: whatever a Python that is pinned by code looks at of its modules is as in the plain directory, and its own release's,
 * while another one is live. Each case is a program that says what it found; what it says has to be the same.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import '../../support/pinnedByCode';
import { BasePath } from '../../support/base-path';
import { availablePythons } from '../../support/pythons';

const pythons = availablePythons();
const versions = [...new Set([pythons[0] as string, pythons[pythons.length - 1] as string])];
let root: string, plain: string, pinned: BasePath;

const TOOL = `
import os, sys
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src'))
import late
names = ('__name__', '__file__', '__package__', '__doc__')
print(VERSION, late.V, [globals().get(name) for name in names], __spec__ and __spec__.name, sys.argv, sys.path[0])
`;

/** What a version has deployed. */
const files = (version: string): Record<string, string> => ({
  'run.py': `V = '${version}'\n`,
  'top.py': `V = '${version}'\n\ndef lines():\n    return 'of ${version}'\n`,
  [`only_${version}.py`]: '',
  'src/late.py': `V = '${version}'\n`,
  'src/package/__init__.py': `V = '${version}'\n`,
  'src/package/part.py': `from . import V\n`,
  'src/package/data.txt': version,
  'src/spread/inner/part.py': `V = '${version}'\n`,
  'src/both.py': `V = '${version}'\n`,
  'src/both/__init__.py': `V = 'package of ${version}'\n`,
  'src/fails.py': `raise ValueError('of ${version}')\n`,
  'tools/tool.py': TOOL.replace('VERSION', `'${version}'`),
  'tools/failing.py': `import sys\nsys.path.insert(0, 'src')\nimport fails\n`,
});

/** What lies beside: one is a package with the name of a deployed module. */
const BESIDE = {
  'neighbour.py': "V = 'beside'\n",
  'top/part.txt': '',
  'other/__init__.py': "V = 'beside'\n",
};

const IN_SRC = 'import sys; sys.path.insert(0, BASE + "/src"); ';
const code = (text: string) => ['-c', text];

/** Name → the interpreter's words; BASE stands for the base path. */
const CASES: Record<string, string[]> = {
  'what a module knows of itself': code(
    `${IN_SRC}import late; s = late.__spec__; print(late.V, late.__file__, s.origin, s.cached, s.has_location, s.name, s.parent)`,
  ),
  'a package, and what it imports of itself': code(
    `${IN_SRC}import package.part; p = sys.modules['package']; print(package.part.V, p.__path__, p.__file__, package.part.__file__)`,
  ),
  'a package without a file of its own': code(
    `${IN_SRC}import spread.inner.part as part; import spread; print(part.V, part.__file__, list(spread.__path__))`,
  ),
  'a package in front of a module of its name': code(`${IN_SRC}import both; print(both.V, both.__file__)`),
  'modules at the top, and in the working directory': code(
    'import top, run; print(top.V, run.V, top.__file__)',
  ),
  'what lies beside': code('import neighbour, other; print(neighbour.V, neighbour.__file__, other.__file__)'),
  'what another release has, and this one has not': code(
    'import only_a\ntry: import only_b\nexcept ImportError as error: print(error)',
  ),
  'lists of modules': code(
    `${IN_SRC}import pkgutil; print(sorted((m.name, m.ispkg) for m in pkgutil.iter_modules([BASE, BASE + '/src', BASE + '/src/package']))); print(sorted(m.name for m in pkgutil.walk_packages([BASE + '/src'])if m.name != 'fails'))`,
  ),
  'data of a package': code(
    `${IN_SRC}import package, pkgutil; print(pkgutil.get_data('package', 'data.txt'))`,
  ),
  'resources of a package': code(
    `${IN_SRC}import package, importlib.resources as r; print(r.files('package').joinpath('data.txt').read_text() if hasattr(r, 'files') else r.read_text('package', 'data.txt'))`,
  ),
  'a module that is loaded once more': code(
    `${IN_SRC}import late, importlib; importlib.invalidate_caches(); importlib.reload(late); print(late.V, late.__file__)`,
  ),
  'a module found without being loaded': code(
    `${IN_SRC}import importlib.util as u; s = u.find_spec('late'); m = u.module_from_spec(s); s.loader.exec_module(m); print(m.V, s.loader.get_source('late'), s.loader.is_package('late'))`,
  ),
  'modules that are loaded by their paths': code(
    'import importlib.util as u, importlib.machinery as m\ndef load(name, path):\n    s = u.spec_from_file_location(name, path); loaded = u.module_from_spec(s); s.loader.exec_module(loaded); return loaded\nfor path in (BASE + "/src/late.py", "src/late.py", "top.py", BASE + "/src/package/__init__.py", "neighbour.py"):\n    loaded = load("x", path); print(loaded.V, loaded.__file__, loaded.__spec__.origin)\nprint(m.SourceFileLoader("y", BASE + "/top.py").get_data(BASE + "/src/package/data.txt"))',
  ),
  'programs and modules that are run': code(
    'import runpy, sys; a = list(sys.path); print(runpy.run_path("top.py")["V"], runpy.run_path(BASE + "/top.py", run_name="x")["__name__"], runpy.run_module("top")["__file__"], a == sys.path)',
  ),
  'its path': code('import sys; print(sys.path, sys.flags.ignore_environment)'),
  'a script by its path': ['tools/tool.py', 'x'],
  'a script by its whole path': ['BASE/tools/tool.py', 'x', 'y'],
  'a script with options': ['-u', '-B', '-W', 'ignore', 'tools/tool.py', '-x'],
  'a script as a module': ['-m', 'tools.tool', 'x'],
  'a script with its standard input closed': ['tools/tool.py', '<&-'],
  'a module as a program': ['-m', 'top'],
  'from another directory': code(
    'import os; os.chdir("/"); import sys; sys.path.insert(0, BASE); import top; print(top.V, top.__file__)',
  ),
  'a relative path that goes up': code(
    'import os, sys; os.chdir("src"); sys.path.insert(0, "../src/../src"); import late; print(late.V)',
  ),
  'a directory that a .pth file names': code(
    'import site; site.addsitedir(BASE + "/site"); import late; print(late.V, late.__file__)',
  ),
  'who has a sitecustomize of his own': [
    '-c',
    'import sitecustomize, sys; print(sitecustomize.__file__, sys.path[1:])',
    'PYTHONPATH',
  ],
};

/** The words with the base path in them, as a shell takes them. */
function command(python: string, words: readonly string[], base: string): string {
  const quoted = words
    .filter((word) => word !== 'PYTHONPATH' && word !== '<&-')
    .map(
      (word) =>
        `'${word.replace(/BASE/g, word === words[0] ? base : JSON.stringify(base)).replace(/'/g, "'\\''")}'`,
    );
  return [`exec '${python}'`, ...quoted, ...words.filter((word) => word === '<&-')].join(' ');
}

/** What a program says, with the base path called alike. */
function said(python: string, words: readonly string[], base: string, env: Record<string, string>): unknown {
  const theirs = words.includes('PYTHONPATH') ? [join(root, 'theirs')] : [];
  const paths = [env.PYTHONPATH ?? [], theirs].flat().join(':');
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command(python, words, base)], {
    cwd: base,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env, ...(paths !== '' && { PYTHONPATH: paths }) },
  });
  return { status, stdout: stdout.replaceAll(base, 'BASE'), stderr: stderr.replaceAll(base, 'BASE') };
}

function write(directory: string, tree: Record<string, string>): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'by-code-')));
  plain = join(root, 'plain');
  write(plain, { ...files('a'), ...BESIDE, 'site/engine.pth': `${join(plain, 'src')}\n` });
  write(join(root, 'theirs'), { 'sitecustomize.py': "print('theirs')\n" });
  pinned = new BasePath(join(root, 'pinned'), 'run.py', ['src', 'tools', 'top.py', 'only_b.py']);
  for (const version of ['a', 'b']) pinned.addRelease(version, files(version));
  symlinkSync('current/only_a.py', join(pinned.path, 'only_a.py'));
  write(pinned.path, { ...BESIDE, 'site/engine.pth': `${join(pinned.path, 'src')}\n` });
  pinned.flip('a');
  pinned.flip('b');
});
afterAll(() => rmSync(root, { recursive: true }));

const told = () => ({
  HOT_DEPLOY_PINNED: pinned.release('a'),
  PYTHONPATH: join(pinned.path, '.hot-deploy/code'),
});

describe.each(versions)('%s', (python) => {
  test.each(Object.entries(CASES))('P1: by code as in the plain directory: %s', (_name, words) => {
    const expected = said(python, words, plain, {});
    expect(expected).toMatchObject({ status: 0 });
    expect(said(python, words, pinned.path, told())).toEqual(expected);
  });

  test('P1: an extension module, by code as in the plain directory', () => {
    const find = 'import _json; print(_json.__file__)';
    const { stdout } = spawnSync(python, ['-c', find], { encoding: 'utf8' });
    const name = stdout.trim();
    for (const directory of [join(plain, 'src'), pinned.release('a', 'src'), pinned.release('b', 'src')])
      spawnSync('cp', [name, directory]);
    const words = code(
      `${IN_SRC}import _json; print(_json.__file__, _json.__spec__.origin); assert _json.encode_basestring('x')`,
    );
    const expected = said(python, words, plain, {});
    expect(expected).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('BASE/src/_json') as unknown,
    });
    expect(said(python, words, pinned.path, told())).toEqual(expected);
  });

  test('P1: without source, by code as in the plain directory', () => {
    for (const directory of [plain, pinned.release('a')]) {
      write(directory, { 'src/bare/__init__.py': "V = 'a'\n" });
      spawnSync(python, ['-m', 'compileall', '-q', '-b', join(directory, 'src/bare')]);
      rmSync(join(directory, 'src/bare/__init__.py'));
    }
    const words = code(`${IN_SRC}import bare; print(bare.V, bare.__file__)`);
    const expected = said(python, words, plain, {});
    expect(expected).toMatchObject({ status: 0 });
    expect(said(python, words, pinned.path, told())).toEqual(expected);
  });

  test('what a program that fails says ends with its own lines', () => {
    const [expected, found] = [
      said(python, ['tools/failing.py'], plain, {}),
      said(python, ['tools/failing.py'], pinned.path, told()),
    ] as {
      stderr: string;
    }[];
    // The lines of a module are shown from where it is in the base path: they are those of what is live.
    const own = (text = '') => text.split('\n').filter((line) => !/failing\.py|^ {4}raise/.test(line));
    expect(own(found?.stderr)).toEqual(own(expected?.stderr));
    expect(found?.stderr).toContain(join('BASE/releases/a/tools/failing.py", line 3'));
  });

  test('P4: what is locked by somebody is waited for, and not for ever', () => {
    const words = code('import top; print(top.V)');
    const holding = spawn('flock', ['-x', pinned.release('a'), 'sleep', '10'], { stdio: 'ignore' });
    try {
      expect(said(python, words, pinned.path, told())).toEqual({ status: 0, stdout: 'a\n', stderr: '' });
    } finally {
      holding.kill();
    }
  });

  test('P4: where its release is gone, a program is started with what is live', () => {
    const words = code('import top; print(top.V)');
    const gone = { ...told(), HOT_DEPLOY_PINNED: pinned.release('gone') };
    expect(said(python, words, pinned.path, gone)).toEqual({ status: 0, stdout: 'b\n', stderr: '' });
  });
});
