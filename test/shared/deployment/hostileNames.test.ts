import { parseEntrypoint } from '../../../nodes/shared/contract/names';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { openArchive } from '../../../nodes/shared/source/archive';
import type { Bundle, Selection } from '../../../nodes/shared/source/bundle';
import { deployTo, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { lyingHost, type Said } from '../../support/lyingHost';
import { statusOf } from '../../support/snapshot';
import { file, opener, type RawMember, tarball } from '../../support/tarball';
import { thrownBy } from '../../support/thrown';
import { asEntrypoint } from '../../support/named';

const make = temporaryDirectories();
const ALL: Selection = { include: ['*', '*/**'], exclude: [] };

const open = (members: RawMember[], selection = ALL): Promise<Bundle> =>
  openArchive({ open: opener(tarball(members)), name: 'engine.tar', selection });

/** A base path beside a directory that nobody may touch. */
async function place(): Promise<{ base: string; canary: string }> {
  const around = await make('place');
  const [base, canary] = [join(around, 'app'), join(around, 'canary')];
  mkdirSync(base);
  mkdirSync(canary);
  return { base, canary };
}

/** Names that mean something to programs, shells, JavaScript, Python, JSON or terminals. */
const NAMES = [
  '-rf',
  '--help',
  '-c',
  '--config=x.py',
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned #',
  '| touch pwned',
  '&& touch pwned',
  'a b',
  ' \'"',
  'a\nb.py',
  'a\\b',
  'C:x',
  '*',
  '[a-z]',
  '~',
  '#',
  '%s%n',
  '{{ $env }}',
  '={{ 1 }}',
  '\u001b[2J',
  '\u202egpj.py',
  '__proto__',
  'constructor',
  'toString',
  '.venv2',
  'Current',
  'RELEASES',
  'run.PY',
  '\ufb00',
  '\u00c5',
  'A\u030a',
  '\u017f',
  '😀',
  'x'.repeat(95),
];

test('P7: names that look like options, commands or markup are names, from archive to release and back', async () => {
  const { base, canary } = await place();
  const members = NAMES.flatMap((name, index) => [
    file(name, `${index}`),
    file(`src/${name}/x`.slice(0, 99), '1'),
  ]);
  const first = await deployTo(base, await open([file('run.py', 'print(1)'), ...members]), {
    selection: ALL,
  });
  expect(first.status).toBe('deployed');
  const live = join(base, 'current');
  NAMES.forEach((name, index) => expect(readFileSync(join(live, name), 'utf8')).toBe(`${index}`));
  await deployTo(base, await open([file('run.py', 'print(2)')]), { selection: ALL });
  const [backup] = readdirSync(join(base, 'backups'));
  await rollBackTo(base, { target: 'backup', backup }, { selection: ALL });
  NAMES.forEach((name, index) => expect(readFileSync(join(live, name), 'utf8')).toBe(`${index}`));
  expect(readdirSync(canary)).toEqual([]);
  expect(existsSync(join(base, 'pwned')) || existsSync('pwned')).toBe(false);
});

test('P7: setuid, setgid, sticky and write bits do not survive', async () => {
  const { base } = await place();
  const modes = [0o4755, 0o2755, 0o6777, 0o1777, 0o7777, 0o4000];
  const files = modes.map((mode, index) => file(`src/f${index}`, `${index}`, mode));
  const directory: RawMember = { path: 'src/d/', type: '5', mode: 0o7777 };
  await deployTo(base, await open([file('run.py', '', 0o4755), ...files, directory]), { selection: ALL });
  const visit = (path: string): void => {
    const status = lstatSync(path);
    expect([path, status.mode & 0o7222 & (status.isSymbolicLink() ? 0 : 0o7777)]).toEqual([path, 0]);
    if (status.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(join(base, 'current') + '/');
});

test.each(['current', 'releases', 'environments', 'backups', '.hot-deploy'])(
  'P7: an entry %s is refused, as a file, directory, link, or with something in it',
  async (name) => {
    for (const member of [
      file(name),
      file(`${name}/x`),
      { path: `${name}/`, type: '5' },
      { path: name, type: '2', linkpath: 'run.py' },
    ]) {
      const thrown = await thrownBy(open([file('run.py'), member]));
      expect(thrown).toMatchObject({ code: 'INPUT' });
      expect(thrown.message).toContain('a top-level name that the base path keeps for itself');
    }
  },
);

describe('P7: on a file system that takes two spellings for one name', () => {
  /** A real executor that says of its file system what one on such a disk would. */
  const connection = lyingHost((message) => {
    const { result } = message as { result?: Said };
    const merging = { ...(result?.filesystem as Said), mergesNames: true };
    return [result?.filesystem ? { ...message, result: { ...result, filesystem: merging } } : message];
  });

  test.each([
    ['src/a.py', 'src/A.py', /are one and the same name/],
    ['src/\u00e9', 'src/e\u0301', /are one and the same name/],
    ['src/\u00df', 'src/SS', /are one and the same name/],
    ['run.PY', 'run.py', /are one and the same name/],
    ['x', 'Current/y', /"Current\/y" has a top-level name that the base path keeps/],
    ['x', 'RELEASES', /"RELEASES" has a top-level name/],
    ['x', 'relea\u017fes/y', /has a top-level name/],
    ['x', '.HOT-deploy/lock', /has a top-level name/],
  ])('%j and %j are refused before anything is sent', async (one, other, message) => {
    const { base } = await place();
    const before = statusOf(base, /./);
    const members = [...new Set(['run.py', one, other])].map((path) => file(path));
    const thrown = await thrownBy(deployTo(base, await open(members), { selection: ALL }, { connection }));
    expect(thrown.message).toMatch(message);
    expect(statusOf(base, /./)).toEqual(before);
    expect(existsSync(join(base, 'current'))).toBe(false);
  });
});

describe('P7: a launcher’s name', () => {
  test.each([
    'current',
    'releases',
    'environments',
    'backups',
    '.hot-deploy',
    '.',
    '..',
    'src/../run.py',
    'current/run.py',
    '/x',
  ])('%j is refused as the entrypoint', async (entrypoint) => {
    const { base } = await place();
    const thrown = await thrownBy(
      deployTo(base, await open([file('run.py')]), { entrypoint: asEntrypoint(entrypoint), selection: ALL }),
    );
    expect(() => parseEntrypoint(entrypoint)).toThrow(
      `Entrypoint ${JSON.stringify(entrypoint)} can't be used.`,
    );
    // Nor does anything come of one that did not come through that door.
    expect(thrown.code).toBe('INPUT');
    expect(readdirSync(base)).toEqual([]);
  });

  test('a directory in its place is refused', async () => {
    const { base } = await place();
    const members: RawMember[] = [file('src/a.py'), { path: 'run.py/', type: '5' }];
    const thrown = await thrownBy(deployTo(base, await open(members), { selection: ALL }));
    expect(thrown.message).toContain('has no run.py that the patterns include');
    expect(existsSync(join(base, 'current'))).toBe(false);
  });

  test('one that looks like an option is a file all the same', async () => {
    const { base } = await place();
    const result = await deployTo(base, await open([file('-c', 'print(1)')]), {
      entrypoint: asEntrypoint('-c'),
      selection: ALL,
    });
    expect(result.status).toBe('deployed');
    expect(lstatSync(join(base, '-c')).isFile()).toBe(true);
  });
});
