import fc from 'fast-check';

import { ALWAYS_EXCLUDED, createSelection, parsePatternList } from '../../../nodes/shared/source/patterns';

function select(include: string[], exclude: string[] = []) {
  return createSelection({ include, exclude });
}

function messageFor(include: string[], exclude: string[] = []): string {
  try {
    select(include, exclude);
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'DeployError', code: 'INPUT' });
    return (thrown as Error).message;
  }
  throw new Error('the patterns were accepted');
}

describe('includes', () => {
  test.each<[string, string[], string[], string, boolean]>([
    ['a globstar spans directories', ['src/**'], [], 'src/a/b/c.py', true],
    ['a star stays within one name', ['src/*.py'], [], 'src/a/b.py', false],
    ['a globstar in the middle also matches nothing', ['src/**/*.py'], [], 'src/a.py', true],
    ['leading dots are ordinary', ['src/*'], [], 'src/.env', true],
    ['a name stands for the file', ['run.py'], [], 'run.py', true],
    ['a name matches at the top level only', ['run.py'], [], 'src/run.py', false],
    ['a directory name includes everything below', ['src'], [], 'src/a/b.py', true],
    ['a trailing slash makes no difference', ['src/'], [], 'src/a/b.py', true],
    ['a leading ./ makes no difference', ['./src'], [], 'src/a/b.py', true],
    ['alternatives in braces', ['{src,config}/**'], [], 'config/a.json', true],
    ['braces without a comma are part of the name', ['{src}/a'], [], 'src/a', false],
    ['braces without a comma are part of the name', ['{src}/a'], [], '{src}/a', true],
    ['exclude wins', ['src/**'], ['src/a.py'], 'src/a.py', false],
    ['excluding a directory excludes what is below', ['src/**'], ['src/tmp'], 'src/tmp/a/b', false],
    ['at every level with a globstar', ['src/**'], ['**/node_modules'], 'src/a/node_modules/b/c', false],
    ['names with line ends are matched', ['src/**'], [], 'src/a\nb/c\n', true],
    ['names with line ends do not escape excludes', ['src/**'], ['**/tmp'], 'src/a\nb/tmp', false],
    ['a backslash takes the meaning away', ['src/\\*.py'], [], 'src/*.py', true],
    ['a backslash takes the meaning away', ['src/\\*.py'], [], 'src/a.py', false],
  ])('%s: %j without %j, %j: %j', (_title, include, exclude, path, expected) => {
    expect(select(include, exclude).includes(path)).toBe(expected);
  });

  test.each([
    'src/__pycache__/a.cpython-311.pyc',
    'src/__pycache__/other',
    'src/a.pyc',
    'src/a.pyo',
    'src/.git',
    'src/.git/config',
    'src/sub/.hg/x',
    'src/.svn/entries',
    'src/._main.py',
    '._run.py',
    'src/.DS_Store',
    '__MACOSX/src/a.py',
    'src/a\nb/c.pyc',
  ])('%j is excluded whatever the patterns', (path) => {
    expect(select(['src/**', path.replace('\n', '?')]).includes(path)).toBe(false);
  });

  test('the constant lists what is always excluded', () => {
    expect(ALWAYS_EXCLUDED).toContain('**/__pycache__');
  });
});

describe('top-level names', () => {
  test('are owned when the first segment of an include pattern matches', () => {
    const selection = select(['src/**', '*.py', '{config,data}/*.json']);
    expect(selection.names(['src', 'run.py', 'config', 'data', 'input', 'requirements.txt'])).toEqual([
      'src',
      'run.py',
      'config',
      'data',
    ]);
  });

  test('P7: reserved, excluded and always excluded names are never owned', () => {
    const selection = select(['*'], ['legacy.py', 'var/**']);
    const names = [
      'current',
      'releases',
      'environments',
      'backups',
      '.hot-deploy',
      '.git',
      'legacy.py',
      'var',
    ];
    expect(selection.names(names)).toEqual([]);
    expect(selection.ownsName('src')).toBe(true);
  });
});

describe('mayContain', () => {
  const segment = fc.constantFrom('src', 'a', 'b', '*', 'a*', '**', '?', '{a,b}', '!(a)', '@(a|src)');
  const pattern = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .filter(([first]) => first !== '**')
    .map((parts) => parts.join('/'));
  const path = fc
    .array(fc.constantFrom('src', 'a', 'b', 'ab', '.x'), { minLength: 2, maxLength: 5 })
    .map((parts) => parts.join('/'));

  test('never hides a directory in which something is included', () => {
    let included = 0;
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1 }), fc.array(pattern), path, (include, exclude, file) => {
        const selection = select(include, exclude);
        if (!selection.includes(file)) return;
        included += 1;
        const parts = file.split('/');
        for (let depth = 1; depth < parts.length; depth += 1) {
          expect(selection.mayContain(parts.slice(0, depth).join('/'))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(included).toBeGreaterThan(50);
  });

  test('skips what no pattern can reach and what is excluded', () => {
    const selection = select(['src/*/models/**'], ['src/old']);
    expect(selection.mayContain('src/new')).toBe(true);
    expect(selection.mayContain('src/new/views')).toBe(false);
    expect(selection.mayContain('src/old')).toBe(false);
    expect(selection.mayContain('input')).toBe(false);
  });
});

describe('P7: patterns that cannot mean what they say are refused, quoted, with what to write instead', () => {
  test.each<[string, string[]]>([
    ['/src/**', ['"/src/**"', 'absolute', '"src/**"']],
    ['../other/**', ['"../other/**"', 'leaves the source']],
    ['src/../../etc', ['leaves the source']],
    ['', ['names nothing']],
    ['./', ['names nothing']],
    ['a\0b', ['NUL']],
    ['!src', ['starts with "!"', '"src"']],
    ['src//a', ['"src/a"']],
    ['src/./a', ['"src/a"']],
    ['{src/a,config}/**', ['inside braces']],
    ['src/[a', ['is not a glob', 'backslash']],
    ['src/{1..5000}', ['is not a glob', 'more than 1000', 'write a shorter one']],
    ['src/[b-a]', ['is not a glob', 'write its lower end first']],
    [`src/${'@('.repeat(30)}`, ['is not a glob', 'nest fewer']],
    ['**/*.py', ['"**/*.py"', 'top-level names', '"src/**/*.py"']],
    ['**', ['top-level names', '"src/**"']],
  ])('%j', (pattern, phrases) => {
    const message = messageFor([pattern]);
    for (const phrase of phrases) expect(message).toContain(phrase);
  });

  test('exclude patterns may start with a globstar, but not leave the source', () => {
    expect(() => select(['src'], ['**/*.md'])).not.toThrow();
    expect(messageFor(['src'], ['../x'])).toContain('Exclude pattern "../x"');
  });

  test('an empty list', () => {
    expect(messageFor([])).toContain('Include is empty');
  });
});

describe('parsePatternList', () => {
  test.each<[string, string[]]>([
    ['src/**, config/**, run.py', ['src/**', 'config/**', 'run.py']],
    ['src/**\r\nconfig/**\n\n', ['src/**', 'config/**']],
    ['{a,b}/**,c', ['{a,b}/**', 'c']],
    ['{a,{b,c}}/x,d', ['{a,{b,c}}/x', 'd']],
    ['a},b', ['a}', 'b']],
    ['{a\nb,c', ['{a', 'b', 'c']],
    [' , ,', []],
    ['', []],
  ])('%j', (text, expected) => {
    expect(parsePatternList(text)).toEqual(expected);
  });
});
