import fc from 'fast-check';

import {
  covering,
  directoriesOf,
  isWithin,
  SharedPaths,
  sharingOf,
} from '../../../nodes/shared/release/sharing';
import { createSelection } from '../../../nodes/shared/source/patterns';
import { holds } from '../../support/property';

const sharing = (patterns: string[], found: string[] = [], directories: string[] = []) =>
  sharingOf({ patterns, found, directories });

test('nothing is said of an engine that shares nothing', () => {
  expect(sharing([])).toEqual({});
});

test.each([
  ['a file', ['config/secrets.json'], { sharedPaths: ['config/secrets.json'], folders: ['config'] }],
  ['a directory, with a slash', ['src/data/'], { sharedPaths: ['src/data/'], folders: ['src'] }],
  ['a directory, and all in it', ['src/data/**'], { sharedPaths: ['src/data/'], folders: ['src'] }],
  ['files of a kind', ['src/*.db'], { folders: ['src'] }],
  ['a name at the top', ['state.json'], {}],
  ['a path with a leading ./', ['./config/a.json'], { sharedPaths: ['config/a.json'], folders: ['config'] }],
])('%s', (_what, patterns, expected) => {
  expect(sharing(patterns)).toEqual({ shared: patterns, ...expected });
});

test('a glob among directories is about those that there are', () => {
  const directories = ['src', 'src/a', 'src/a/deep', 'src/b', 'config'];
  expect(sharing(['src/*/cache.json'], [], directories).folders).toEqual(['src/a', 'src/b']);
  expect(sharing(['src/**/*.log'], [], directories).folders).toEqual(['src', 'src/a', 'src/a/deep', 'src/b']);
});

test('what was found is shared with the directory that it lies in', () => {
  expect(sharing([], ['src/rows.db', 'config/a/b.json', 'top'])).toEqual({ folders: ['config/a', 'src'] });
});

test('a pattern about too many directories is refused, with what to write', () => {
  const directories = Array.from({ length: 1001 }, (_, index) => `src/${index}`);
  expect(() => sharing(['src/**/*.log'], [], directories)).toThrow(
    'Shared pattern "src/**/*.log" is about more than 1000 directories',
  );
});

test('a pattern that can’t be one is refused, and names the field', () => {
  expect(() => createSelection({ include: ['src/**'], exclude: [], shared: ['/etc/passwd'] })).toThrow(
    'Shared pattern "/etc/passwd" is absolute',
  );
});

test('what is shared is in no bundle, and a directory’s pattern is about the directory', () => {
  const selection = createSelection({
    include: ['src/**'],
    exclude: [],
    shared: ['src/data/**', 'src/*.db'],
  });
  const paths = ['src/data', 'src/data/a', 'src/x.db', 'src/a.py', 'src/deep/x.db'];
  expect(paths.filter(selection.isShared)).toEqual(['src/data', 'src/data/a', 'src/x.db']);
  expect(paths.filter(selection.includes)).toEqual(['src/a.py', 'src/deep/x.db']);
});

const name = fc.constantFrom('a', 'b', 'c');
const paths = fc.array(
  fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')),
  { maxLength: 12 },
);

test('a cover stands for all that is shared, and for nothing else', () => {
  holds(fc.tuple(paths, fc.func(fc.boolean())), ([all, isShared]) => {
    // Nothing lies below a file.
    const files = all.filter((path) => !all.some((other) => other.startsWith(`${path}/`)));
    const found = new SharedPaths(isShared);
    for (const path of files) found.add(path);
    const cover = new Set(found.cover());
    for (const path of files) expect([path, isWithin(path, cover)]).toEqual([path, isShared(path)]);
    const others = directoriesOf(files.filter((path) => !isShared(path)));
    expect(found.cover()).toEqual(covering(found.all(), others));
  });
});
