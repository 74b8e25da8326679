import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinModules } from 'node:module';

const ROOT = join(__dirname, '..', '..');
const read = (...names: string[]) => readFileSync(join(ROOT, ...names), 'utf8');

interface Locked {
  version: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  optional?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

/** Licences that ask for nothing but their own text to stay. */
const ALLOWED = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  '0BSD',
];

/** What is installed for those who use the package, by its directory. */
const installed = Object.entries(packages).filter(
  ([directory, { dev, devOptional, peer }]) => directory !== '' && !dev && !devOptional && !peer,
);

const nameOf = (directory: string) => directory.slice(directory.lastIndexOf('node_modules/') + 13);

function licenceOf(directory: string): string {
  const found = JSON.parse(read(directory, 'package.json')) as {
    license?: string;
    licenses?: Array<{ type: string }>;
  };
  return found.license ?? found.licenses?.map(({ type }) => type).join(' AND ') ?? 'none';
}

/** The rows of the table in docs/supply-chain.md. */
function documented(): string[][] {
  const rows = read('docs/supply-chain.md')
    .split('\n')
    .filter((line) => /^\| [^P-]/.test(line));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('what the package uses is pinned exactly, and is what was locked', () => {
  const pinned = Object.entries(manifest.dependencies);
  expect(pinned.map(([name]) => name).sort()).toEqual(['ssh2', 'tar']);
  for (const [name, version] of pinned) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[`node_modules/${name}`].version).toBe(version);
  }
});

test('everything locked has a checksum, also what only development needs', () => {
  for (const [directory, { integrity }] of Object.entries(packages)) {
    if (directory !== '')
      expect([directory, integrity]).toEqual([directory, expect.stringMatching(/^sha512-/)]);
  }
});

test('the table lists what is installed, with versions, licences and through whom', () => {
  const rows = installed.map(([directory, { version, optional }]) => [
    nameOf(directory),
    version,
    licenceOf(directory),
    optional ? 'optional' : '',
  ]);
  const listed = documented().map(([name, version, licence, through]) => [
    name,
    version,
    licence,
    through.includes('optional') ? 'optional' : '',
  ]);
  expect(listed).toEqual(rows.sort(([one], [other]) => one.localeCompare(other)));
  expect(read('docs/supply-chain.md')).toContain(
    'Two packages are used, and twelve come with them: fourteen in all.',
  );
  expect(rows).toHaveLength(14);
  for (const [name, , , through] of documented()) {
    const [way] = through.split(',');
    if (way === 'itself') expect(manifest.dependencies).toHaveProperty([name]);
    else expect(reaches(way, name)).toBe(true);
  }
});

/** Whether one package needs another, perhaps through others. */
function reaches(from: string, wanted: string, seen = new Set<string>()): boolean {
  if (from === wanted) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const { dependencies, optionalDependencies } = packages[`node_modules/${from}`] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies }).some((next) =>
    reaches(next, wanted, seen),
  );
}

test.each(installed.map(([directory]) => [directory]))('%s has a licence that is allowed', (directory) => {
  expect(ALLOWED).toContain(licenceOf(directory));
});

test('the code imports nothing but what is declared', () => {
  const files = readdirSync(join(ROOT, 'nodes'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('nodes', path));
  const imported = new Set(
    files.flatMap((path) =>
      [
        ...read(path).matchAll(
          /^(?:import|export|\}).* from '([^.'][^']*)';|\b(?:import|require)\('([^.'][^']*)'\)/gm,
        ),
      ].map(([, name, other]) => name ?? other),
    ),
  );
  const allowed = [
    ...Object.keys(manifest.dependencies),
    'n8n-workflow',
    ...builtinModules.map((name) => `node:${name}`),
  ];
  expect([...imported].filter((name) => !allowed.includes(name))).toEqual([]);
});

describe('the workflows', () => {
  const workflows = readdirSync(join(ROOT, '.github/workflows'));

  test.each(workflows)('%s pins its actions by commit, and may do no more than it needs', (name) => {
    const text = read('.github/workflows', name);
    const used = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+(?:\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(text).toMatch(/^permissions:/m);
    expect(text).not.toMatch(/secrets\.|pull_request_target|\$\{\{ github\.event/);
  });

  test.each(['ci.yml', 'publish.yml'])('%s installs what is locked, and runs everything', (name) => {
    const text = read('.github/workflows', name);
    expect(text).toContain('npm ci');
    expect(text).toContain('.ci/run');
  });

  test('no script of a dependency runs, wherever somebody installs', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  test('only a version tag is published, with provenance and without a token that is kept', () => {
    const text = read('.github/workflows/publish.yml');
    expect(text).toContain("tags: ['v*']");
    expect(text).toContain('npm publish --ignore-scripts=false --provenance');
    expect(text).toContain('id-token: write');
    expect(text).toContain('npm audit signatures');
    expect(read('.github/workflows/ci.yml')).not.toMatch(/id-token|write/);
  });
});
