/** What is decided from what was found of a plain directory: every kind of finding, without an engine. */
import fc from 'fast-check';

import type { OtherOwned, Survey } from '../../../nodes/shared/contract/facts';
import { NOTHING_WANTED } from '../../../nodes/shared/dependencies/wanted';
import type { Check } from '../../../nodes/shared/release/checks';
import { decidePreflight } from '../../../nodes/shared/release/decide/preflight';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { type PlainFacts, PlainTree, SourceTree } from '../../../nodes/shared/release/plainTree';
import { PREFLIGHT } from '../../../nodes/shared/release/preflight';
import type { Snapshot } from '../../../nodes/shared/release/snapshot';
import type { Version } from '../../../nodes/shared/release/version';
import { DEFAULT_SELECTION } from '../../../nodes/shared/source/bundle';
import { createSelection } from '../../../nodes/shared/source/patterns';
import { deployment, NOTHING_SEEN } from '../../support/arbitraries';
import { asEntrypoint } from '../../support/named';
import { holds } from '../../support/property';
import { TOLD_PYTHON } from '../../support/toldPython';

const INSTALLED = { ...NOTHING_WANTED, mode: 'virtualEnvironment', installs: true, file: 'requirements.txt' };

const SURVEY: Survey = {
  uid: 1000,
  gid: 1000,
  dangling: [],
  pythonVersion: null,
  interpreters: [],
  containers: [],
  others: [],
  strangers: [],
};
const STARTS: Check = { type: 'engine', name: 'starts', when: 'both', timeoutSeconds: 20, environment: {} };
const NOTHING: PlainFacts = { links: [], ...counted() };

/** Lists of what only the plain directory has. */
function counted(code: string[] = [], files: string[] = [], bytecode: string[] = []) {
  const list = (first: string[]) => ({ first, count: first.length });
  return { code: list(code), files: list(files), bytecode: list(bytecode) };
}

interface Changes {
  version?: Partial<Version>;
  names?: Snapshot['probe']['names'];
  live?: Partial<NonNullable<Snapshot['probe']['live']>>;
  side?: Partial<Snapshot['side']>;
  options?: Partial<DeployOptions>;
}

const [[SNAPSHOT, VERSION, OPTIONS]] = fc.sample(deployment, { numRuns: 1, seed: 1 }) as [
  [Snapshot, Version, DeployOptions],
];

/** What is found of an engine that has nothing to find but what a case changes. */
function findings({ version = {}, names = [], live, side = {}, options = {} }: Changes) {
  const seen = live ? { ...NOTHING_SEEN, ...live } : null;
  return decidePreflight(
    { ...SNAPSHOT, side: { ...SNAPSHOT.side, ...side }, probe: { ...SNAPSHOT.probe, names, live: seen } },
    { ...VERSION, sharing: {}, live: undefined, wanted: INSTALLED as Version['wanted'], ...version },
    { ...OPTIONS, checks: [STARTS], ...options },
  );
}

const owned = (changes: Partial<OtherOwned>): OtherOwned => ({
  path: 'src/state.db',
  uid: 33,
  gid: 33,
  mode: 0o600,
  directory: false,
  ...changes,
});

const other = (interpreter: string, version: string | null = null, path = 'run.py') => ({
  survey: { ...SURVEY, interpreters: [{ path, interpreter, version }] },
});

const container = (name: string | null, place: string) => ({ container: name, place, processId: 42 });

/** Each case: what is there, and how the one finding of it begins and what it says. */
const CASES: [string, Changes, string, string, string[]][] = [
  [
    'files of the engine’s where environments come to lie',
    { version: { survey: { ...SURVEY, strangers: ['environments/prod.json'] } } },
    'ownNameUsed',
    'hint',
    ['/app has environments/prod.json', 'give the engine’s another name'],
  ],
  [
    'files of the engine’s there, which a program in its release would not find',
    {
      version: { survey: { ...SURVEY, strangers: ['environments/prod.json'] } },
      options: { pinning: 'release' },
    },
    'ownNameUsed',
    'refused',
    ['/app has environments/prod.json', 'choose another Pinning'],
  ],
  [
    'a link out of what is deployed',
    { version: { plain: { ...NOTHING, links: [{ path: 'config', target: '/etc/engine' }] } } },
    'linkReplaced',
    'refused',
    ['config in /app is a link to /etc/engine', 'Take the name out of Include'],
  ],
  [
    'an entrypoint that is such a link',
    { version: { plain: { ...NOTHING, links: [{ path: 'run.py', target: '/opt/run.py' }] } } },
    'linkReplaced',
    'refused',
    ['name another file in Entrypoint'],
  ],
  [
    'a link that leads nowhere',
    {
      version: {
        plain: { ...NOTHING, links: [{ path: 'config', target: '/gone' }] },
        survey: { ...SURVEY, dangling: ['config'] },
      },
    },
    'linkDangling',
    'refused',
    ['which is not there', 'or take the name out of Include'],
  ],
  [
    'a link to something that is deployed, too',
    { version: { plain: { ...NOTHING, links: [{ path: 'src/a.py', target: 'b.py' }] } } },
    'linkBecomesFile',
    'hint',
    ['has a file or directory of its own in its place'],
  ],
  [
    'code that the source does not have',
    { version: { plain: { ...NOTHING, ...counted(['src/old.py']) } } },
    'codeOnlyThere',
    'refused',
    ['Only /app has src/old.py', 'Remove Old Code'],
  ],
  [
    'such code, where that is allowed',
    { version: { plain: { ...NOTHING, ...counted(['src/old.py']) } }, options: { removeOldCode: true } },
    'codeOnlyThere',
    'hint',
    ['the new version is without'],
  ],
  [
    'bytecode without its source',
    { version: { plain: { ...NOTHING, ...counted([], [], ['src/old.pyc']) } } },
    'bytecodeOnlyThere',
    'kept',
    ['and no source for it'],
  ],
  [
    'a database among what is deployed',
    { version: { plain: { ...NOTHING, ...counted([], ['src/state.db']) } } },
    'filesOnlyThere',
    'kept',
    ['Only /app has src/state.db', 'it is shared', 'every release finds the same'],
  ],
  [
    'a file of the source where the host has its own',
    { version: { sharedToo: ['config/secrets.json'] } },
    'sharedInSource',
    'refused',
    ['The new version has config/secrets.json', 'Add it to Shared'],
  ],
  [
    'files that are shared, with runs that are started in their release',
    { version: { sharing: { folders: ['src'] } }, options: { pinning: 'release' } },
    'sharedInRelease',
    'hint',
    ['src', 'replace'],
  ],
  [
    'a first deployment whose checks do not start the engine',
    { version: { survey: SURVEY }, options: { checks: [{ ...STARTS, type: 'python' }] } },
    'engineNotStarted',
    'hint',
    ['As Workflows Start It'],
  ],
  [
    'a start script for a shell that was written on Windows',
    { version: { windowsScripts: ['run.sh'] } },
    'windowsLineEnds',
    'hint',
    ['run.sh in the new version has the line ends of Windows', 'dos2unix'],
  ],
  [
    'a file of the live release that a run has written to',
    { live: { drift: { modified: ['src/rows.json', 'src/a.py'], missing: [] } } },
    'changedSince',
    'hint',
    ['src/rows.json in /app changed', 'add it to Shared'],
  ],
  [
    'a shared file that a run has replaced in its release',
    { version: { torn: ['config/state.json'] } },
    'sharedTorn',
    'refused',
    ['config/state.json', 'In Place'],
  ],
  [
    'a name of Include’s that the source is without',
    { names: [{ name: 'config', type: 'directory' }], version: { names: ['run.py', 'src'] } },
    'nameOnlyThere',
    'kept',
    ['Include has config'],
  ],
  [
    'a file that its owner could no longer read',
    { version: { survey: { ...SURVEY, others: [owned({})] } } },
    'ownersLost',
    'refused',
    ['src/state.db belongs to user 33', 'would belong to user 1000'],
  ],
  [
    'a file of a shared group that only the engine has, which it could no longer write to',
    {
      version: {
        live: { release: null, keep: ['src/state.db'] } as unknown as Version['live'],
        survey: { ...SURVEY, others: [owned({ gid: 1000, mode: 0o640 })] },
      },
    },
    'ownersLost',
    'refused',
    ['could no longer read or write there'],
  ],
  [
    'a directory of another user, in which only the engine has files',
    {
      version: {
        live: { release: null, keep: ['src/state/a.db'] } as unknown as Version['live'],
        survey: { ...SURVEY, others: [owned({ path: 'src/state', mode: 0o755, directory: true })] },
      },
    },
    'ownersLost',
    'refused',
    ['src/state belongs to user 33'],
  ],
  [
    'a name that both have and Include leaves out',
    {
      names: [
        { name: 'prompts', type: 'directory' },
        { name: 'README.md', type: 'file' },
      ],
      version: { beside: ['prompts', 'README.md'] },
    },
    'namesBeside',
    'hint',
    ['have prompts, which Include leaves out', 'add to Include: prompts/**.'],
  ],
  [
    'packages in a file that nothing is installed from',
    { version: { wanted: NOTHING_WANTED, names: ['run.py', 'pyproject.toml'] } },
    'packagesUnlisted',
    'hint',
    ['names packages in pyproject.toml'],
  ],
  [
    'a .python-version of another Python',
    { version: { survey: { ...SURVEY, pythonVersion: '2.7' } } },
    'pythonVersion',
    'hint',
    ['asks for Python 2.7', TOLD_PYTHON.version],
  ],
  [
    'a start script of another Python',
    { version: other('/usr/bin/python2.7', '2.7') },
    'otherInterpreter',
    'hint',
    ['run.py in /app is started with /usr/bin/python2.7 of Python 2.7', 'have its own environment'],
  ],
  [
    'a virtual environment beside, where a release installs nothing',
    { version: { ...other('/app/.venv/bin/python', null, '.venv'), wanted: NOTHING_WANTED } },
    'otherInterpreter',
    'hint',
    ['.venv in /app is a virtual environment.', 'set Python to that interpreter'],
  ],
  [
    'a container that sees the base path',
    { version: { survey: { ...SURVEY, containers: [container('engine', '/app')] } } },
    'mountedInContainer',
    'hint',
    ['mounted into container engine', 'If the engine runs in it'],
  ],
  [
    'containers that see it elsewhere, or whose name nobody tells',
    {
      version: {
        survey: { ...SURVEY, containers: [container('engine', '/srv'), container(null, '/app')] },
      },
    },
    'mountedInContainer',
    'hint',
    ['container engine (as /srv)', 'the container of process 42', 'If the engine runs in one of them'],
  ],
  [
    'no entrypoint',
    { version: { survey: SURVEY }, options: { entrypoint: asEntrypoint('') } },
    'nothingPinned',
    'hint',
    ['Put python3 /app/.hot-deploy/launch.py in front of'],
  ],
];

test.each(CASES)('%s', (_what, changes, kind, severity, said) => {
  const found = findings(changes);
  expect(found).toMatchObject([{ kind, severity }]);
  for (const words of said) expect(found[0]?.sentence).toContain(words);
});

test('every kind of finding has its case', () => {
  expect(new Set(CASES.map(([, , kind]) => kind))).toEqual(new Set(Object.keys(PREFLIGHT)));
});

describe('nothing is said of', () => {
  const QUIET: [string, Changes][] = [
    ['an engine that has nothing to find', { version: { plain: NOTHING, survey: SURVEY } }],
    ['a version that is a word', { version: { survey: { ...SURVEY, pythonVersion: 'pypy3' } } }],
    [
      'the very Python that checks run with',
      { version: { survey: { ...SURVEY, pythonVersion: TOLD_PYTHON.version } } },
    ],
    ['the interpreter that checks run with', { version: other(TOLD_PYTHON.executable) }],
    [
      'an interpreter of the system whose version nobody knows',
      { version: { ...other('/usr/bin/python3'), wanted: NOTHING_WANTED } },
    ],
    [
      'a container that is the place of the deployment',
      {
        side: { container: 'engine' },
        version: { survey: { ...SURVEY, containers: [container('x', '/')] } },
      },
    ],
    [
      'packages that the requirements name',
      { version: { wanted: NOTHING_WANTED, names: ['pyproject.toml', 'requirements.txt'] } },
    ],
    [
      'another user’s file that everybody may read',
      { version: { survey: { ...SURVEY, others: [owned({ mode: 0o644 })] } } },
    ],
    ['a launcher in its place', { names: [{ name: 'config', type: 'launcher' }] }],
  ];

  test.each(QUIET)('%s', (_what, changes) => expect(findings(changes)).toEqual([]));
});

test('what keeps a deployment from happening is told first, with the first 20 paths and their number', () => {
  const names = Array.from({ length: 30 }, (_, index) => `src/${index}.db`);
  const found = findings({
    version: {
      plain: {
        ...NOTHING,
        links: [{ path: 'src/a.py', target: 'b.py' }],
        ...counted(['src/old.py'], names),
      },
    },
  });
  expect(found.map(({ severity }) => severity)).toEqual(['refused', 'kept', 'hint']);
  expect(found[1]).toMatchObject({ count: 30, paths: names.slice(0, 20) });
});

test('a finding has one of its kind’s severities, whatever is found', () => {
  holds(deployment, ([snapshot, version, options]) => {
    for (const { kind, severity } of decidePreflight(snapshot, version, options)) {
      expect(PREFLIGHT[kind].severities).toContain(severity);
    }
  });
});

describe('plain files beside a version', () => {
  const selection = createSelection(DEFAULT_SELECTION);
  const entry = (path: string, target?: string) => ({
    path,
    type: target === undefined ? ('file' as const) : ('link' as const),
    mode: 0o644,
    size: 1,
    digest: 'a'.repeat(64),
    ...(target !== undefined && { target }),
  });
  const SOURCE = new SourceTree([entry('run.py'), entry('src/deep/a.py'), entry('src/link.py', 'deep/a.py')]);

  /** The facts of plain files: paths, and links with their targets. */
  function facts(...rows: [string, string?][]) {
    const tree = new PlainTree(selection, SOURCE, '/app', new Set(['run.py', 'src']));
    tree.add(rows.map(([path, target]) => [path, 'file', 0o644, 1, 'a'.repeat(64), target ?? null, 0]));
    return tree.facts();
  }

  test('what the version has is replaced by it', () => {
    expect(facts(['run.py'], ['src/deep/a.py'])).toMatchObject(NOTHING);
  });

  test('what only they have is code, bytecode or another file, which is shared; code that the patterns leave out is nothing', () => {
    expect(facts(['src/b.py'], ['src/b.pyc'], ['src/b.db'], ['notes.py'])).toMatchObject(
      counted(['src/b.py'], ['src/b.db'], ['src/b.pyc']),
    );
  });

  test('a link is replaced unless the version has the very same, spelled as it is or as where it leads', () => {
    expect(facts(['src/link.py', 'deep/a.py'], ['src/link.py', '/app/src/deep/a.py']).links).toEqual([]);
    const replaced = { path: 'src/link.py', target: 'deep/../a.py' };
    expect(facts([replaced.path, replaced.target]).links).toEqual([replaced]);
    expect(facts(['src/deep', '/elsewhere']).links).toEqual([{ path: 'src/deep', target: '/elsewhere' }]);
  });

  test('links are told up to 1,000', () => {
    expect(facts(...Array(1200).fill(['run.py', '/elsewhere'])).links).toHaveLength(1000);
  });

  test('as many plain files as a version has can be looked at, however many those are', () => {
    const paths = Array.from({ length: 160_000 }, (_, index) => `src/${'x'.repeat(100)}${index}.py`);
    const tree = new PlainTree(
      selection,
      new SourceTree(paths.map((path) => entry(path))),
      '/app',
      new Set(['src']),
    );
    tree.add(paths.map((path) => [path, 'file', 0o644, 1, 'a'.repeat(64), null, 0]));
    expect(tree.shares([])).toMatchObject({ hosts: [], copies: ['src'] });
  });

  test('what is no code and only there is not the deployment’s to replace', () => {
    const tree = new PlainTree(selection, SOURCE, '/app', new Set(['run.py', 'src']));
    const replaced = ['run.py', 'src/b.py', 'src/b.db', 'notes.txt'].filter(tree.includes);
    expect(replaced).toEqual(['run.py', 'src/b.py']);
  });
});
