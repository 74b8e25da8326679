/** A launcher works wherever the plain program did: the same callers, once with each, and what came of it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BasePath } from '../../support/base-path';
import { availablePythons } from '../../support/pythons';

jest.setTimeout(240_000);
const pythons = availablePythons();
let root: string;
let plain: string;
let launched: BasePath;

/** Prints all that it has from its caller and what it finds beside itself, also into a file; ends with 7. */
const PROGRAM = `import json, os, sys
try:
    HERE = os.path.dirname(os.path.abspath(__file__))
except NameError:
    HERE = os.getcwd()
sys.path.insert(0, os.path.join(HERE, 'src'))
import engine
def read(path):
    with open(path) as file:
        return file.read()
def ours(name, value):
    return name.startswith('HOT_DEPLOY_') or (name == 'PYTHONPATH' and value.endswith('/.hot-deploy/code'))
try:
    cwd = os.getcwd()
except OSError:
    cwd = None
found = {
    'arguments': [os.fsencode(given).decode('latin-1') for given in sys.argv[1:]],
    'config': [read(given) for given in sys.argv[1:] if given.endswith('.json')][:2],
    'cwd': cwd,
    'engine': engine.VERSION,
    'environment': {name: value for name, value in os.environ.items() if name not in ('_', 'OLDPWD') and not ours(name, value)},
    'executable': sys.executable,
    'flags': list(sys.flags),
    'input': None if sys.stdin is None else sys.stdin.read(),
    'main': __name__,
    'options': [sorted(map(str, sys._xoptions.items())), sys.warnoptions],
    'open': [number for number in (0, 1, 2) if os.path.exists('/dev/fd/%d' % number)],
}
if len(sys.argv) > 1000:
    found['arguments'] = len(sys.argv)
text = json.dumps(found, sort_keys=True)
if 'OUTPUT' in os.environ:
    with open(os.environ['OUTPUT'], 'w') as file:
        file.write(text)
print(text, flush=True)
sys.stderr and sys.stderr.write('said on standard error\\n')
ended = 7
if 'GO_ON' not in os.environ:
    sys.exit(ended)
`;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-test-')));
  const files = { 'run.py': PROGRAM, 'src/engine.py': "VERSION = 'a'\n", 'config/engine.json': '"a"' };
  plain = join(root, 'plain');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(plain, path, '..'), { recursive: true });
    writeFileSync(join(plain, path), content);
  }
  launched = new BasePath(join(root, 'launched'));
  launched.addRelease('a', files);
  launched.flip('a');
  writeFileSync(
    join(root, 'other.py'),
    "import os\nprint('before')\nnames = {'__name__': '__main__'}\nexec(open('run.py').read(), names)\nprint('after', names['ended'])\n",
  );
  writeFileSync(
    join(root, 'many.py'),
    "import os, sys\nos.execv(sys.executable, [sys.executable, 'run.py'] + ['config/engine.json'] * 60000)\n",
  );
});

afterAll(() => rmSync(root, { recursive: true }));

/** Callers, as scripts for bash in the base path `$BASE`; `$PY` is the interpreter. */
const CALLERS: Record<string, string> = {
  'as ever': '"$PY" run.py x --config config/engine.json',
  'without an environment': 'exec env -i python3 run.py x config/engine.json',
  'without an environment, by its path': 'exec env -i "$PY" run.py x config/engine.json',
  'by another name': 'exec -a engine "$PY" run.py x',
  'by another name, without an environment':
    'env -i "$BASH" --norc -c \'exec -a python3 "$0" run.py x\' "$PY"',
  'without PATH': 'unset PATH; "$PY" run.py x',
  'without HOME': 'unset HOME; "$PY" run.py x',
  'in the C locale': 'LANG=C "$PY" run.py x',
  'in the C locale for all': 'LC_ALL=C "$PY" run.py x',
  'with arguments that are not UTF-8': "\"$PY\" run.py $'\\xff\\xfe' $'--name=\\x80'",
  'with 5 descriptors': 'ulimit -n 5; "$PY" run.py x config/engine.json',
  'with all descriptors taken':
    'ulimit -n 30; for fd in {3..27}; do eval "exec $fd</dev/null"; done; "$PY" run.py x config/engine.json',
  'without standard input': '"$PY" run.py x <&-',
  'without standard output': 'OUTPUT="$OUT" "$PY" run.py x >&-',
  'without standard error': '"$PY" run.py x 2>&-',
  'without standard streams': 'OUTPUT="$OUT" "$PY" run.py x <&- >&- 2>&-',
  'from standard input': '"$PY" - x config/engine.json < run.py',
  'from standard input, without a word': '"$PY" < run.py',
  'from standard input, with options': '"$PY" -u -B - x < run.py',
  'from a pipe': 'cat run.py | "$PY" - x config/engine.json',
  'from a working directory that is gone':
    'mkdir gone && cd gone && rmdir "$BASE/gone" && "$PY" "$BASE/run.py" x',
  'in code': '"$PY" -c "exec(open(\'run.py\').read())" x config/engine.json',
  'in code, from a directory that is gone':
    'mkdir gone && cd gone && rmdir "$BASE/gone" && "$PY" -c "import os; os.chdir(os.environ[\'BASE\']); exec(open(\'run.py\').read())"',
  'in code that goes on':
    "GO_ON=1 \"$PY\" -c \"print('before'); exec(open('run.py').read()); print('after', ended)\" x config/engine.json",
  'in a program that goes on': 'GO_ON=1 "$PY" ../other.py x config/engine.json',
  'by runpy':
    "\"$PY\" -c \"import runpy; print('before'); runpy.run_path('run.py', run_name='__main__')\" x config/engine.json",
  'by runpy that goes on':
    "GO_ON=1 \"$PY\" -c \"import runpy; print('before'); print(runpy.run_path('run.py', run_name='__main__')['ended'])\" x",
  'as a module': '"$PY" -um run x config/engine.json',
  ...Object.fromEntries(
    ['-I', '-S', '-E', '-s', '-O', '-OO', '-B', '-u', '-X utf8', '-Xdev', '-W error'].map((options) => [
      `with ${options}`,
      `"$PY" ${options} run.py x config/engine.json`,
    ]),
  ),
  'with more arguments than there is room for once they are longer': '"$PY" ../many.py',
};

/** As CALLERS, where there is no /proc. */
const WITHOUT_PROC: Record<string, string> = {
  'as ever': '"$PY" run.py x config/engine.json',
  'with options': '"$PY" -u -B -Xdev -W ignore run.py x',
  'without an environment': 'exec env -i python3 run.py x config/engine.json',
  'from standard input': '"$PY" - x < run.py',
  'in code': '"$PY" -c "exec(open(\'run.py\').read())" x',
  'in the C locale': 'LANG=C "$PY" run.py x',
};

/** What came of a caller, with the places of the two engines called alike. */
function outcome(script: string, python: string, base: string): unknown {
  const output = join(root, 'output');
  rmSync(output, { force: true });
  const { status, signal, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: base,
    env: { PATH: process.env.PATH, HOME: '/root', LANG: 'C.UTF-8', PY: python, BASE: base, OUT: output },
    input: 'from the caller',
    timeout: 60_000,
    encoding: 'latin1',
  });
  const written = spawnSync('cat', [output], { encoding: 'utf8' }).stdout;
  // Arguments that name deployed files lead into the release: that is what the launcher is for.
  const pinned = join(launched.release('a'), 'config/engine.json');
  const alike = (text: string) =>
    [launched.release('a'), launched.path, plain].reduce(
      (all, place) => all.replaceAll(place, 'BASE'),
      text.replaceAll(pinned, 'config/engine.json'),
    );
  return { script, status, signal, stdout: alike(stdout), stderr: alike(stderr), written: alike(written) };
}

function expectAlike(script: string, python: string): void {
  const [expected, found] = [plain, launched.path].map((base) => outcome(script, python, base));
  expect(found).toEqual(expected);
  expect(JSON.stringify(expected)).toContain('\\"engine\\": \\"a\\"');
}

describe.each([...new Set([pythons[0], pythons[pythons.length - 1]])])('%s', (python) => {
  test.each(Object.entries(CALLERS))('it works as the plain program does: %s', (_name, script) => {
    expectAlike(script, python);
  });

  test.each(Object.entries(WITHOUT_PROC))(
    'it works as the plain program does, without /proc: %s',
    (_name, script) => {
      const quoted = `'${script.replaceAll("'", "'\\''")}'`;
      expectAlike(
        `exec unshare -m bash --norc -c 'mount -t tmpfs none /proc && exec bash --norc -c "$0"' ${quoted}`,
        python,
      );
    },
  );
});
