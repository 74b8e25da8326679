/**
 * The layouts that public engines have, each run before it is adopted, after a refused first deployment, after one that
 * was taken back, once a version is live, after going back, and after the return to a plain directory.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  checkOf,
  deployTo,
  type Outcome,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { wantedPinning } from '../../support/deployedPinning';
import { detachAt } from '../../support/detaching';
import { drawn } from '../../support/drawn';
import { asEntrypoint } from '../../support/named';
import { originalsOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { type Tree, writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();

interface Layout {
  /** What a source has of a version. */
  files: (version: string) => Tree;
  /** What only the plain directory has. */
  beside?: Tree;
  prepare?: (base: string) => void;
  /** What `prepare` does to modes, of a source that has the same. */
  modes?: (source: string) => void;
  include: string[];
  entrypoint: string;
  /** Each prints the version, and works in every state; in the base path. */
  commands: string[][];
  /** As `commands`, once there is something to start by the prefix. */
  prefixed?: string[][];
  /** What must hold of the plain directory at the end. */
  finally?: (base: string) => void;
}

const LATE =
  'import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))\n';
const version = (text: string) => ({ 'src/version.py': `VERSION = "${text}"\n` });
/** Of the system: that of another user can't be started by everybody. */
const SYSTEM_PYTHON = '/usr/bin/python3';
const PREFIX = [PYTHON, '.hot-deploy/launch.py'];
/** Debian's user and group of the mail system: others than who deploys. */
const ENGINE_USER = 8;

const LAYOUTS: Record<string, Layout> = {
  'one start script': {
    files: (v) => ({ 'run.py': `${LATE}import version\nprint(version.VERSION)\n`, ...version(v) }),
    include: ['src/**', 'run.py'],
    entrypoint: 'run.py',
    commands: [
      [PYTHON, 'run.py'],
      [PYTHON, '-m', 'run'],
      [PYTHON, '-c', 'import run'],
    ],
  },
  'several start scripts, one of which imports the other': {
    files: (v) => ({
      'run.py': `${LATE}def tell():\n    import version\n    print(version.VERSION)\nif __name__ == "__main__":\n    tell()\n`,
      'batch.py': 'from run import tell\ntell()\n',
      ...version(v),
    }),
    include: ['src/**', '*.py'],
    entrypoint: 'run.py, batch.py',
    commands: [
      [PYTHON, 'run.py'],
      [PYTHON, 'batch.py'],
    ],
  },
  'a package that is started as a module': {
    files: (v) => ({
      'extractor/__init__.py': '',
      'extractor/__main__.py': 'from extractor.version import VERSION\nprint(VERSION)\n',
      'extractor/version.py': `VERSION = "${v}"\n`,
    }),
    include: ['extractor/**'],
    entrypoint: '',
    commands: [[PYTHON, '-m', 'extractor'], [PYTHON, 'extractor/__main__.py'].slice(0, 0)].filter(
      (words) => words.length > 0,
    ),
    prefixed: [[PYTHON, '-m', 'extractor']],
  },
  'scripts in a folder': {
    files: (v) => ({
      'scripts/report.py':
        'import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))\nimport version\nprint(version.VERSION)\n',
      'lib/version.py': `VERSION = "${v}"\n`,
    }),
    include: ['scripts/**', 'lib/**'],
    entrypoint: '',
    commands: [[PYTHON, 'scripts/report.py']],
    prefixed: [[PYTHON, 'scripts/report.py']],
  },
  'scripts in a folder, as entrypoints': {
    files: (v) => ({
      'scripts/report.py':
        'import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))\nimport version\nprint(version.VERSION)\n',
      'scripts/batch.py': 'import report\n',
      'lib/version.py': `VERSION = "${v}"\n`,
    }),
    include: ['scripts/**', 'lib/**'],
    entrypoint: 'scripts/report.py',
    commands: [
      [PYTHON, 'scripts/report.py'],
      [PYTHON, '-m', 'scripts.report'],
      [PYTHON, 'scripts/batch.py'],
    ],
    prefixed: [[PYTHON, 'scripts/report.py']],
  },
  'a shell wrapper that activates .venv': {
    files: (v) => ({
      'run.sh': '#!/bin/sh\nset -e\ncd "$(dirname "$0")"\n. ./.venv/bin/activate\npython src/main.py "$@"\n',
      'src/main.py':
        'import sys, version\nassert sys.prefix != sys.base_prefix, sys.prefix\nprint(version.VERSION)\n',
      ...version(v),
    }),
    prepare: (base) => {
      chmodSync(join(base, 'run.sh'), 0o755);
      spawnSync(PYTHON, ['-m', 'venv', '--without-pip', join(base, '.venv')]);
    },
    modes: (source) => chmodSync(join(source, 'run.sh'), 0o755),
    include: ['src/**', 'run.sh'],
    entrypoint: 'run.sh',
    commands: [['sh', 'run.sh'], ['bash', 'run.sh'], ['./run.sh']],
  },
  'a src layout with a pyproject only': {
    files: (v) => ({
      'pyproject.toml': '[project]\nname = "engine"\nversion = "1"\n',
      'src/engine/__init__.py': `VERSION = "${v}"\n`,
      'src/engine/cli.py': 'from engine import VERSION\nprint(VERSION)\n',
      'run.py': `${LATE}from engine import cli\n`,
    }),
    include: ['src/**', 'run.py', 'pyproject.toml'],
    entrypoint: 'run.py',
    commands: [[PYTHON, 'run.py']],
  },
  'state and SQLite in the tree': {
    files: (v) => ({
      'run.py': `${LATE}import sqlite3, version
rows = sqlite3.connect(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "state.db"))
rows.execute("create table if not exists runs (version)")
rows.execute("insert into runs values (?)", [version.VERSION])
rows.commit()
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "engine.log"), "a").write(version.VERSION)
print(version.VERSION)
`,
      ...version(v),
    }),
    beside: { 'data/kept.txt': 'kept' },
    include: ['src/**', 'run.py'],
    entrypoint: 'run.py',
    commands: [[PYTHON, 'run.py']],
    finally: (base) => {
      // Every run of every state wrote into one and the same file.
      expect(readFileSync(join(base, 'data/engine.log'), 'utf8')).toMatch(/^1+21+$/);
      expect(existsSync(join(base, 'data/kept.txt'))).toBe(true);
    },
  },
  'configuration relative to the working directory': {
    files: (v) => ({
      'run.py': 'import json\nprint(json.load(open("config/engine.json"))["version"])\n',
      'config/engine.json': `{"version": "${v}"}`,
    }),
    beside: { 'config/secrets.json': '{}' },
    include: ['config/**', 'run.py'],
    entrypoint: 'run.py',
    commands: [[PYTHON, 'run.py']],
  },
  'links: the start script into the tree, one out of it': {
    files: (v) => ({
      'run.py': { link: 'src/main.py' },
      'src/main.py': 'import version\nprint(version.VERSION)\n',
      ...version(v),
    }),
    beside: { settings: { link: '/etc/hostname' } },
    include: ['src/**', 'run.py', 'settings'],
    entrypoint: 'run.py',
    commands: [[PYTHON, 'run.py']],
  },
  'several owners': {
    files: (v) => ({
      'run.py': `${LATE}import version\nopen("output/log", "a").write("x")\nprint(version.VERSION)\n`,
      ...version(v),
    }),
    beside: { output: null },
    prepare: (base) => {
      chmodSync(base, 0o755);
      for (const path of ['run.py', 'src', 'src/version.py', 'output']) {
        chownSync(join(base, path), ENGINE_USER, ENGINE_USER);
      }
      chmodSync(join(base, 'src'), 0o2775);
      chmodSync(join(base, 'src/version.py'), 0o640);
      chmodSync(join(base, 'output'), 0o770);
    },
    modes: (source) => chmodSync(join(source, 'src/version.py'), 0o640),
    include: ['src/**', 'run.py'],
    entrypoint: 'run.py',
    commands: [
      [
        'setpriv',
        `--reuid=${ENGINE_USER}`,
        `--regid=${ENGINE_USER}`,
        '--clear-groups',
        SYSTEM_PYTHON,
        'run.py',
      ],
    ],
  },
};

/** The plain directory, without what runs of the engine write: inode for inode, owner for owner. */
function plain(base: string): Record<string, string> {
  const written = /^(?:data|output)(?:\/|$)/;
  return Object.fromEntries(Object.entries(originalsOf(base)).filter(([path]) => !written.test(path)));
}

/** A version whose files are there, and which does not start. */
function withoutVersion(files: Tree): Tree {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      if (typeof text !== 'string' || !/"3"/.test(text)) return [path, text];
      return [path, path.endsWith('.json') ? '{}' : 'raise SystemExit(3)\n'];
    }),
  );
}

describe.each(drawn(Object.entries(LAYOUTS), 6))('%s', (_name, layout) => {
  async function engine(): Promise<{ base: string; source: string }> {
    const [base, source] = [await make('plain'), await make('next')];
    await writeTree(base, { ...layout.files('1'), ...layout.beside });
    await writeTree(source, layout.files('2'));
    layout.prepare?.(base);
    if (layout.entrypoint === 'run.sh') layout.modes?.(source);
    return { base, source };
  }

  function says(base: string, commands: string[][]): string[] {
    return commands.map(([program, ...words]) => {
      const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
      const ran = spawnSync(program ?? '', words, { cwd: base, encoding: 'utf8', env: environment });
      return ran.status === 0 ? ran.stdout.trim() : `${ran.status} ${ran.stderr}`;
    });
  }

  /** Expects every command to say a version. */
  function expectVersion(base: string, expected: string, prefix = false): void {
    expect(says(base, layout.commands)).toEqual(layout.commands.map(() => expected));
    const commands = (layout.prefixed ?? []).map((words) => [...PREFIX, ...words]);
    if (prefix) expect(says(base, commands)).toEqual(commands.map(() => expected));
  }

  const settings = {
    entrypoint: asEntrypoint(layout.entrypoint.replace(/, /g, ',')),
    selection: { include: layout.include, exclude: [] },
  };
  const deploy = (base: string, source: string, changes = {}): Promise<Outcome> =>
    deployTo(base, source, { ...settings, ...wantedPinning(), ...changes });

  test('works in every state, and a first deployment that does not go live leaves it inode for inode', async () => {
    const { base, source } = await engine();
    expectVersion(base, '1');
    const before = plain(base);
    for (const when of ['before', 'after'] as const) {
      await thrownBy(deploy(base, source, { checks: [checkOf({ command: 'false', when })] }));
      expect(plain(base)).toEqual(before);
      expectVersion(base, '1');
    }
    expect(await deploy(base, source)).toMatchObject({ status: 'deployed', swap: { adopted: true } });
    expectVersion(base, '2', true);
    await rollBackTo(base, { target: 'previous' });
    expectVersion(base, '1', true);
    await detachAt(base, settings);
    expectVersion(base, '1');
    expect(existsSync(join(base, 'current'))).toBe(false);
    layout.finally?.(base);
  });

  test('the check that starts it as workflows do passes where their command works, and where it does not it refuses', async () => {
    const { base, source } = await engine();
    const [first, broken] = [layout.prefixed?.[0] ?? [], await make('broken')];
    const start = { type: 'engine', arguments: layout.entrypoint ? [] : first, when: 'both' } as const;
    const checks = [checkOf({ ...start, name: 'starts' })];
    await writeTree(broken, withoutVersion(layout.files('3')));
    layout.modes?.(broken);
    const before = plain(base);
    const shown = wantedPinning().pinning === 'auto' ? 'place' : wantedPinning().pinning;
    for (const live of ['1', '2']) {
      const { details } = await thrownBy(deploy(base, broken, { checks }));
      expect(details?.check).toMatchObject({ name: 'starts', passed: false });
      // Not shown in place, data that it opens late is what is live; so it is started after the switch, too.
      if (shown === 'place') expect(details?.check).toMatchObject({ when: 'before' });
      expectVersion(base, live);
      if (live === '2') break;
      expect(plain(base)).toEqual(before);
      const deployed = await deploy(base, source, { checks });
      const [tried, started] = deployed.checks.slice(-2);
      expect(tried).toMatchObject({ when: 'before', startedAs: shown });
      if (shown === 'place') expect(tried).toMatchObject({ output: expect.stringMatching(/^2\n/) });
      expect(started).toMatchObject({
        when: 'after',
        startedAs: 'live',
        output: expect.stringMatching(/^2\n/),
      });
    }
  });

  test('adopting what is there already changes nothing of how it works', async () => {
    const { base } = await engine();
    const same = await make('same');
    await writeTree(same, layout.files('1'));
    layout.modes?.(same);
    expect((await deploy(base, same)).status).toBe('unchanged');
    expectVersion(base, '1', true);
  });
});
