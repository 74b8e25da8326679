/** An engine that looks, late, at all that a program of a plain directory may rely on, and says what it found. */
import type { Tree } from './tree';

/** Each probe is a function of this program: what it returns is to be the version of the run's own release. */
const PROBES = `
import json, multiprocessing, os, runpy, shutil, subprocess, sys
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, 'src'))
V = 'VERSION'


def read(path):
    with open(path) as file:
        return file.read().strip()


def relative_file():
    return json.loads(read('config/c.json'))['v']


def absolute_file():
    return json.loads(read(os.path.join(HERE, 'config/c.json')))['v']


def late_module():
    import late
    assert late.__file__ == os.path.join(HERE, 'src', 'late.py'), late.__file__
    return late.V


def top_module():
    import beside_program
    assert beside_program.__file__ == os.path.join(HERE, 'beside_program.py'), beside_program.__file__
    return beside_program.V


def own_path():
    assert __file__ in ('run.py', os.path.join(HERE, 'run.py')), __file__
    assert not os.path.islink(os.path.join(HERE, 'run.py'))
    return read(os.path.join(HERE, 'run.py')).split("V = '")[1][0]


def imported_by_a_child():
    code = 'import run; print(run.V)'
    return subprocess.run([sys.executable, '-c', code], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()


def child_by_path():
    words = [sys.executable, os.path.join(HERE, 'run.py'), '--version']
    return subprocess.run(words, cwd='/', capture_output=True, text=True, check=True).stdout.strip()


def detached_child():
    words = [sys.executable, '-c', 'import late; print(late.V)']
    with subprocess.Popen(words, cwd=os.path.join(HERE, 'src'), start_new_session=True, stdout=subprocess.PIPE, text=True) as child:
        return child.communicate()[0].strip()


def pool(method):
    with multiprocessing.get_context(method).Pool(1) as workers:
        return workers.apply(version_of_worker)


def version_of_worker():
    import late
    return late.V if late.V == V else 'mixed'


def pool_by_spawn():
    return pool('spawn')


def pool_by_fork():
    return pool('fork')


def pool_by_forkserver():
    return pool('forkserver')


def run_path():
    return runpy.run_path(os.path.join(HERE, 'beside_program.py'))['V']


def parent_of_a_module():
    import late
    base = Path(late.__file__).resolve().parent.parent
    assert base == Path(HERE).resolve(), base
    (base / ('made-' + V)).mkdir()
    assert os.path.isdir(os.path.join(HERE, 'made-' + V))
    return json.loads((base / 'config' / 'c.json').read_text())['v']


def output_directory():
    output = os.path.join(HERE, 'output')
    shutil.rmtree(output)
    os.makedirs(output)
    Path(output, 'result-' + V).write_text(V)
    return V


def replaced_state():
    state = os.path.join(HERE, 'state.json')
    with open(state + '.new', 'w') as file:
        file.write('of ' + V)
    os.replace(state + '.new', state)
    return V


def rotated_log():
    log = os.path.join(HERE, 'engine.log')
    os.rename(log, log + '.1')
    Path(log).write_text(V)
    return V


def environment_beside():
    python = os.path.join(HERE, '.venv', 'bin', 'python')
    assert not os.path.islink(os.path.join(HERE, '.venv'))
    return subprocess.run([python, '-c', 'print(1)'], capture_output=True, text=True, check=True) and V


def neighbours():
    return read(os.path.join(HERE, '..', 'common', 'shared.txt')) and read('environments-of-mine/prod.json') and V


def walked():
    found = [os.path.join(directory, name) for directory, _, names in os.walk(os.path.join(HERE, 'src')) for name in names]
    globbed = [str(path) for path in Path(HERE).rglob('late.py') if '.hot-deploy' not in str(path) and 'releases' not in str(path)]
    assert any(path.endswith('/late.py') for path in found + globbed), (found, globbed)
    return V


def wrapper():
    return subprocess.run(['sh', os.path.join(HERE, 'wrapper.sh')], capture_output=True, text=True, check=True).stdout.strip()


def removed_module():
    import only_in
    return only_in.V


def through_a_link():
    return read(os.path.join(HERE, 'src', 'deep', 'link.txt'))


WORKER = """
import os, sys, time
os.setsid()
os.closerange(3, 1000)
print('ready', flush=True)
# Its standard input ends with what has started it.
until = time.monotonic() + 60
while not os.path.exists('go-on') and time.monotonic() < until:
    time.sleep(0.01)
sys.path.insert(0, 'src')
import late
print(late.V, open('config/c.json').read().split('"')[3])
"""


def main():
    if sys.argv[1:] == ['--version']:
        print(V)
        return
    if sys.argv[1:] == ['--worker']:
        # Its parent ends at once: nothing is left but the worker, which has closed all but its standard streams.
        worker = [sys.executable, '-c', WORKER]
        os.posix_spawn(sys.executable, worker, dict(os.environ, HOT_DEPLOY_RELEASE=''), setsid=False)
        return
    print('ready', flush=True)
    sys.stdin.readline()
    found = {}
    for probe in (PROBED):
        if sys.argv[1:] and probe.__name__ not in sys.argv:
            continue
        try:
            found[probe.__name__] = probe()
        except BaseException as error:
            found[probe.__name__] = '%s: %s' % (type(error).__name__, error)
    print(json.dumps(found))


if __name__ == '__main__':
    main()
`;

const NAMES = [...PROBES.matchAll(/^def (\w+)\(\):/gm)]
  .map(([, name]) => name as string)
  .filter((name) => !['main', 'version_of_worker'].includes(name));

/** The names of the probes. */
export const PLACE_PROBES: readonly string[] = NAMES;

/** What is deployed of a version. */
export function placeEngine(version: string): Tree {
  return {
    'run.py': PROBES.replace('VERSION', version).replace('PROBED', NAMES.join(', ')),
    'beside_program.py': `V = '${version}'\n`,
    'wrapper.sh': `cat "$(dirname "$(readlink -f "$0")")/src/version.txt"\n`,
    'src/late.py': `V = '${version}'\n`,
    'src/only_in.py': `V = '${version}'\n`,
    'src/version.txt': `${version}\n`,
    'src/deep/link.txt': { link: '../version.txt' },
    'config/c.json': `{"v": "${version}"}\n`,
  };
}

/** What lies beside, and belongs to nobody's release. */
export const BESIDE_ENGINE: Tree = {
  'state.json': 'old\n',
  'engine.log': 'old\n',
  'output/old': 'old\n',
  'environments-of-mine/prod.json': '{}\n',
};

/** Patterns for it. */
export const PLACE_SELECTION = {
  include: ['run.py', 'beside_program.py', 'wrapper.sh', 'src/**', 'config/**'],
  exclude: [],
};
