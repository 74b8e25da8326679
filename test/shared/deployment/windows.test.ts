/** Runs that begin between two exchanges of names: of an adoption, of a way back, and of one that was refused. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { changedPython } from '../../support/changedPython';
import {
  checkOf,
  deployOptions,
  deployTo,
  inConversation,
  PYTHON,
  temporaryDirectories,
} from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { asBasePath } from '../../support/named';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(240_000);
const make = temporaryDirectories();
const children = new Set<ChildProcess>();
let one: string, two: string;

/** As many names as the engine has: an exchange each. */
const NAMES = 3;
/** For how long a run waits for a switch, in seconds: less than a switch waits for a run. */
const LONGEST = 1.5;

/**
 * Says that it began; loads its code and its configuration, which an argument names, once something else is live or it has
 * waited for long; prints their versions.
 */
const PROGRAM = `import json, os, sys, time
VERSION = open(__file__).read().split('THIS IS ')[1][0]  # THIS IS 1
base, config = os.environ['BASE'], sys.argv[1]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src'))
print('began', flush=True)
end = time.monotonic() + ${LONGEST}
while time.monotonic() < end:
    try:
        if 'THIS IS ' + VERSION not in open(base + '/current/run.py').read():
            break
    except OSError:
        pass
    time.sleep(0.005)
import engine
print(VERSION, engine.VERSION, json.load(open(config))['version'], flush=True)
`;

beforeAll(async () => {
  [one, two] = [await make('one'), await make('two')];
  for (const [directory, version] of [
    [one, '1'],
    [two, '2'],
  ]) {
    await writeTree(directory, {
      'run.py': PROGRAM.replace('# THIS IS 1', `# THIS IS ${version}`).replace(
        "open(__file__).read().split('THIS IS ')[1][0]",
        `'${version}'`,
      ),
      'src/engine.py': `VERSION = '${version}'\n`,
      'config/engine.json': `{"version": "${version}"}`,
    });
  }
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** A run, and what it prints in the end. */
interface Run {
  readonly ended: Promise<string>;
}

async function begin(base: string): Promise<Run> {
  const child = spawn(PYTHON, ['run.py', 'config/engine.json'], {
    cwd: base,
    env: { ...process.env, BASE: base },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = once(child, 'close').then(() => output.replace('began\n', '').trim());
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child.stdout, 'data');
  return { ended: closed };
}

/** An interpreter that waits before (and, with one more than there are, after) its `at`-th exchange of names. */
async function pausing(at: number, exchanges: boolean): Promise<{ python: string; gate: string }> {
  const gate = await make('gate');
  const python = await changedPython(
    gate,
    'python',
    `import ctypes, time
left = ${at}
def pause():
    global left
    left -= 1
    if left == 0:
        open('${gate}/reached', 'w').close()
        while not os.path.exists('${gate}/go'):
            time.sleep(0.002)
class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name == 'renameat2' and not ${exchanges ? 'True' : 'False'}:
            raise AttributeError(name)
        found = super().__getattr__(name)
        if name != 'renameat2':
            return found
        def renameat2(*arguments):
            if b'/staging/exchange.' not in arguments[1]:
                pause()
            return found(*arguments)
        self.__dict__[name] = renameat2
        return renameat2
ctypes.CDLL = Library
rename = os.rename
def renamed(source, target, *rest, **more):
    name = os.path.basename(os.fsdecode(target))
    if not ${exchanges ? 'True' : 'False'} and name in ('run.py', 'src', 'config') and '.hot-deploy' not in os.fsdecode(target):
        pause()
    return rename(source, target, *rest, **more)
os.rename = renamed`,
  );
  return { python, gate };
}

/** Carries out `operation`, with a run that begins at one of its exchanges, drawn ones or all of them; what the runs printed. */
async function withRunsAtEach(
  prepare: () => Promise<string>,
  operation: (base: string, python: string) => Promise<unknown>,
  then: (base: string) => Promise<unknown> = async () => undefined,
  exchanges = true,
  count = NAMES,
): Promise<Set<string>> {
  const printed = new Set<string>();
  const all = Array.from({ length: count }, (_, index) => index + 1);
  for (const at of drawn(all, DRAWN)) {
    const base = await prepare();
    const { python, gate } = await pausing(at, exchanges);
    const done = operation(base, python);
    await Promise.race([done, until(() => existsSync(join(gate, 'reached')))]);
    expect(existsSync(join(gate, 'reached'))).toBe(true);
    const run = await begin(base);
    writeFileSync(join(gate, 'go'), '');
    await done;
    await then(base);
    printed.add(await run.ended);
  }
  return printed;
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds() && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** As many of the exchanges outside of proof. */
const DRAWN = 2;
const ONE_RELEASE = new Set(['1 1 1']);

async function plain(): Promise<string> {
  const base = await make('plain');
  await writeTree(
    base,
    Object.fromEntries(
      ['run.py', 'src/engine.py', 'config/engine.json'].map((path) => [
        path,
        readFileSync(join(one, path), 'utf8'),
      ]),
    ),
  );
  return base;
}

async function deployed(): Promise<string> {
  const base = await make('deployed');
  await deployTo(base, one);
  return base;
}

const toTwo = (base: string, python?: string) => deployTo(base, two, {}, { python });
const refused = async (base: string, python?: string) =>
  thrownBy(deployTo(base, two, { checks: [checkOf({ when: 'after', command: 'false' })] }, { python }));

test.each([true, false])(
  'P1: runs that begin between two exchanges of an adoption run one release (exchanging: %s)',
  async (exchanges) => {
    expect(await withRunsAtEach(plain, toTwo, undefined, exchanges)).toEqual(ONE_RELEASE);
  },
);

test('P1: a run from before an adoption that deployed nothing is waited for by the next switch', async () => {
  const unchanged = (base: string, python: string) => deployTo(base, one, {}, { python });
  expect(await withRunsAtEach(plain, unchanged, toTwo)).toEqual(ONE_RELEASE);
});

test.each([true, false])(
  'P1, P3: runs that begin between two exchanges of a first deployment that is taken back run one release (exchanging: %s)',
  async (exchanges) => {
    expect(await withRunsAtEach(plain, refused, toTwo, exchanges, 2 * NAMES)).toEqual(ONE_RELEASE);
  },
);

test.each([true, false])(
  'P1: runs that begin between two exchanges of a way back that is taken back run one release (exchanging: %s)',
  async (exchanges) => {
    const back = (base: string, python: string) =>
      inConversation(
        async (client) => {
          const { holder, entrypoint } = deployOptions(base);
          await client.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
          // Longer than a run takes: one that is pinned is waited for.
          await client.call('detach', { entrypoint, waitSeconds: 3 * LONGEST });
          // The conversation ends here, as when n8n goes away: it is taken back.
        },
        { python },
      );
    expect(await withRunsAtEach(deployed, back, toTwo, exchanges, 2 * NAMES)).toEqual(ONE_RELEASE);
  },
);
