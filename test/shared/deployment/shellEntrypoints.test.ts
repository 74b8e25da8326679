/** Entrypoints that are shell scripts, and the prefix that runs any command with the current release. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  checkOf,
  deployTo,
  type Outcome,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { asEntrypoint } from '../../support/named';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();

const deploy = (base: string, source: string, entrypoint: string, changes = {}): Promise<Outcome> =>
  deployTo(base, source, {
    entrypoint: asEntrypoint(entrypoint),
    selection: { include: ['src/**', 'package/**', '*.py', '*.sh', 'tool', '*.pl'], exclude: [] },
    ...changes,
  });

interface Ran {
  status: number | null;
  signal?: string | null;
  told: string;
}

function ran(base: string, [command, ...words]: string[], input = ''): Ran {
  const { status, signal, stdout, stderr } = spawnSync(command, words, {
    cwd: base,
    encoding: 'utf8',
    input,
  });
  return { status, signal, told: stdout + stderr };
}

const SCRIPT = (version: string): string => `#!/bin/bash
set -eu
cd "$(dirname "$0")"
python3 src/main.py "$@"
echo '${version}' "$(cat src/data.txt)" "\${HOT_DEPLOY_RELEASE:+pinned}"
read -r line || line=none
echo "$line"
exit 7
`;

async function engine(version: string, script = SCRIPT(version)): Promise<string> {
  const directory = await make(`shell-${version}`);
  await writeTree(directory, {
    'run.sh': script,
    'src/main.py': `import sys\nprint('main ${version}', sys.argv[1:])\n`,
    'src/data.txt': version,
  });
  chmodSync(join(directory, 'run.sh'), 0o755);
  return directory;
}

const CALLS: Record<string, string[]> = {
  'bash run.sh': ['bash', 'run.sh'],
  'sh run.sh': ['sh', 'run.sh'],
  './run.sh': ['./run.sh'],
  'bash -e run.sh': ['bash', '-e', 'run.sh'],
  'dash run.sh': ['dash', 'run.sh'],
};

describe('P1: an entrypoint that is a shell script stays one', () => {
  test.each(Object.entries(CALLS))(
    'started by %s: before, after, refused, rolled back, plain again',
    async (_name, call) => {
      const [base, two] = [await engine('1'), await engine('2')];
      const words = [...call, 'a b', '*', ''];
      const told = (version: string, pinned: string): Ran => ({
        status: 7,
        signal: null,
        told: `main ${version} ['a b', '*', '']\n${version} ${version} ${pinned}\nhello\n`,
      });
      expect(ran(base, words, 'hello\n')).toEqual(told('1', ''));
      await thrownBy(deploy(base, two, 'run.sh', { checks: [checkOf({ command: 'false' })] }));
      expect(ran(base, words, 'hello\n').told).toContain("main 1 ['a b', '*', '']");
      await deploy(base, two, 'run.sh');
      expect(readFileSync(join(base, 'run.sh'), 'utf8')).toMatch(/^#!\/bin\/bash\n# hot-deploy launcher/);
      expect(ran(base, words, 'hello\n')).toEqual(told('2', 'pinned'));
      await rollBackTo(base, { target: 'previous' });
      expect(ran(base, words, 'hello\n')).toEqual(told('1', 'pinned'));
      await detachAt(base, { removeHistory: true });
      expect(ran(base, words, 'hello\n')).toEqual(told('1', ''));
      expect(existsSync(join(base, '.hot-deploy'))).toBe(false);
    },
  );

  test('one that is read by another, called through a link, from elsewhere, or ended by a signal', async () => {
    const [base, two] = [
      await engine('1'),
      await engine('2', 'echo "in $PWD as $0"\n[ -z "${END-}" ] || kill -TERM $$\n'),
    ];
    await deploy(base, two, 'run.sh');
    const elsewhere = await make('elsewhere');
    symlinkSync(join(base, 'run.sh'), join(elsewhere, 'extract'));
    expect(ran(elsewhere, ['sh', './extract']).told).toBe(`in ${elsewhere} as ./extract\n`);
    expect(ran(elsewhere, ['bash', join(base, 'run.sh')]).told).toBe(`in ${elsewhere} as ${base}/run.sh\n`);
    expect(ran(base, ['bash', '-c', '. ./run.sh; echo after']).told).toMatch(/after\n$/);
    expect(ran(base, ['env', 'END=1', 'bash', 'run.sh']).signal).toBe('SIGTERM');
    // `yes | head` must end: whoever ignores that the reader is gone writes for ever, or complains.
    const pipes = await engine('3', '#!/bin/sh\nyes | head -n 1\n');
    await deploy(base, pipes, 'run.sh');
    expect(ran(base, ['sh', 'run.sh'])).toEqual({ status: 0, signal: null, told: 'y\n' });
  });

  test('what is neither Python nor a shell script is refused before it goes live', async () => {
    const [base, two] = [await engine('1'), await engine('2')];
    for (const directory of [base, two])
      writeFileSync(join(directory, 'run.pl'), '#!/usr/bin/perl\nprint "x\\n";\n');
    const refusal = await thrownBy(deploy(base, two, 'run.pl'));
    expect(refusal.message).toContain('run.pl is neither a Python program nor a script for sh or bash');
    expect(ran(base, ['perl', 'run.pl']).told).toBe('x\n');
  });
});

const LAUNCH = '.hot-deploy/launch.py';

async function packaged(version: string): Promise<string> {
  const directory = await make(`package-${version}`);
  await writeTree(directory, {
    'run.py': `import package.late\nprint('run', package.late.VERSION)\n`,
    'package/__init__.py': '',
    'package/__main__.py': `import os, sys
if 'WAIT' in os.environ:
    print('started', flush=True)
    sys.stdin.read()
from package import late
print('${version}', late.VERSION, sys.argv[1:], os.getcwd(), __spec__.name)
`,
    'package/late.py': `VERSION = '${version}'\n`,
    tool: `#!/bin/sh\necho tool ${version} "$@"\n`,
  });
  chmodSync(join(directory, 'tool'), 0o755);
  return directory;
}

describe('P1: the prefix runs any command with one release', () => {
  let base: string, two: string;

  beforeAll(async () => {
    [base, two] = [await packaged('1'), await packaged('2')];
    await deploy(base, await packaged('1'), 'run.py', { deployUnchanged: true });
  });

  const prefixed = (...words: string[]): Ran => ran(base, [PYTHON, LAUNCH, ...words]);

  test('modules, code, scripts, programs and arguments', () => {
    expect(prefixed(PYTHON, '-m', 'package', 'x', '-y').told).toBe(
      `1 1 ['x', '-y'] ${base} package.__main__\n`,
    );
    expect(prefixed(PYTHON, '-um', 'package').told).toBe(`1 1 [] ${base} package.__main__\n`);
    expect(
      prefixed(PYTHON, '-X', 'utf8', '-c', 'import package.late as l, sys; print(l.__file__, sys.argv)', 'z')
        .told,
    ).toBe(`${base}/package/late.py ['-c', 'z']\n`);
    expect(prefixed(PYTHON, 'run.py').told).toBe('run 1\n');
    expect(prefixed('./tool', 'a').told).toBe('tool 1 a\n');
    expect(prefixed('sh', '-c', 'echo $HOT_DEPLOY_RELEASE; exit 3')).toMatchObject({
      status: 3,
      told: `${join(base, readlinkSync(join(base, 'current')))}\n`,
    });
    expect(prefixed('cat', 'package/late.py', './run.py').told).toContain("VERSION = '1'");
    expect(prefixed('no-such-command')).toMatchObject({ status: 127 });
    expect(prefixed()).toMatchObject({ status: 64 });
  });

  test('a module that imports late, across a deployment', async () => {
    const child = spawn(PYTHON, [LAUNCH, PYTHON, '-m', 'package'], {
      cwd: base,
      env: { ...process.env, WAIT: '1' },
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (told += piece.toString()));
    const ended = once(child, 'close');
    // A line may come in pieces.
    while (!told.includes('\n')) await once(child.stdout, 'data');
    await deploy(base, two, 'run.py', { keepReleases: 1 });
    child.stdin.end();
    await ended;
    expect(told).toBe(`started\n1 1 [] ${base} package.__main__\n`);
    expect(prefixed(PYTHON, '-m', 'package').told).toBe(`2 2 [] ${base} package.__main__\n`);
  });

  test('it goes with the return to a plain directory', async () => {
    await detachAt(base, {});
    expect(existsSync(join(base, LAUNCH))).toBe(false);
    expect(ran(base, [PYTHON, '-m', 'package']).told).toContain('2 2');
  });
});
