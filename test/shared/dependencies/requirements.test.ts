import fc from 'fast-check';

import type { Hello } from '../../../nodes/shared/contract/messages';
import { NO_DEPENDENCIES } from '../../../nodes/shared/dependencies/installOptions';
import { packageChanges } from '../../../nodes/shared/dependencies/packages';
import { findRequirements, type ReleaseFiles } from '../../../nodes/shared/dependencies/requirementFiles';
import { readLockReferences } from '../../../nodes/shared/dependencies/lockLines';
import { readRequirementLines } from '../../../nodes/shared/dependencies/requirementLines';
import { keyed, sameDependencies, wantedDependencies } from '../../../nodes/shared/dependencies/wanted';
import { thrownBy } from '../../support/thrown';
import { decoded } from '../../../nodes/shared/dependencies/texts';
import { TOLD_PYTHON } from '../../support/toldPython';

const ENVIRONMENT = { ...NO_DEPENDENCIES, mode: 'virtualEnvironment' as const };

/** A release of these texts; counts how often it is read. */
function filesOf(texts: Record<string, string>): ReleaseFiles & { reads: number } {
  const files = {
    reads: 0,
    entries: Object.entries(texts).map(([path, text]) => ({
      path,
      type: 'file' as const,
      digest: `digest of ${text}`,
    })),
    async readTexts(paths: readonly string[]) {
      files.reads += 1;
      return new Map(paths.map((path) => [path, texts[path]]));
    },
  };
  return files;
}

describe('the text of a requirements file', () => {
  const text = '--find-links wheels\n€ 💡\n';
  const swapped = Buffer.from(text, 'utf16le').swap16();
  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16, as PowerShell writes it', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16, the other way round', Buffer.concat([Buffer.from([0xfe, 0xff]), swapped])],
  ])('is decoded by its mark: %s', (_name, content) => expect(decoded(content)).toBe(text));

  test('that is longer in UTF-8 than a text may be is none', () => {
    expect(decoded(Buffer.from(`\uFEFF${'€'.repeat(400_000)}`, 'utf16le'))).toBeUndefined();
  });
});

describe('lines of a requirements file', () => {
  test.each([
    ['six==1.16.0', ['six==1.16.0']],
    ['\uFEFFsix\r\nidna\r', ['six', 'idna']],
    ['# only a comment\n\n   # another', []],
    ['six  # why\nidna#not-a-comment', ['six', 'idna#not-a-comment']],
    [
      'six==1 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb',
      ['six==1   --hash=sha256:aa   --hash=sha256:bb'],
    ],
    ['--index-url https://packages.example.com/simple/\n-i x\n--pre', []],
    ['-e git+https://git.example.com/x.git#egg=x', ['-e git+https://git.example.com/x.git#egg=x']],
  ])('%j', (text, requirements) => {
    expect(readRequirementLines(text, 'requirements.txt')).toEqual({
      installs: requirements.length > 0,
      requirements,
      references: [],
    });
  });

  test.each([
    ['-r base.txt', 'requirements', 'base.txt'],
    ['-rbase.txt', 'requirements', 'base.txt'],
    ['--requirement=base.txt', 'requirements', 'base.txt'],
    ['--requirement base.txt # why', 'requirements', 'base.txt'],
    ['-c limits.txt', 'constraints', 'limits.txt'],
    ['--constraint "limits.txt"', 'constraints', 'limits.txt'],
    ['-f wheels', 'findLinks', 'wheels'],
    ['--find-links=./wheels', 'findLinks', './wheels'],
    ['./wheels/a-1-py3-none-any.whl', 'local', './wheels/a-1-py3-none-any.whl'],
    ['wheels/a-1-py3-none-any.whl ; python_version > "3"', 'local', 'wheels/a-1-py3-none-any.whl'],
    ['a @ file:///wheels/a.whl', 'local', '/wheels/a.whl'],
    ['./lib[extra]', 'local', './lib'],
    ['.', 'local', '.'],
    ['-e ./lib', 'local', './lib'],
  ])('%j refers to something', (line, kind, target) => {
    expect(readRequirementLines(`# first\n${line}`, 'requirements.txt').references).toEqual([
      expect.objectContaining({ kind, target, line: 2 }),
    ]);
  });

  test('comments, blank lines and continuations change nothing of what is named', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(==[0-9]{1,2})?$/);
    const noise = fc.constantFrom('\n', '# note\n', '   \n', '\r\n', '\t# six\n');
    const layout = fc.array(
      fc.record({ name, noise, end: fc.constantFrom('\n', '  # why\n', '\r\n', ' \\\n\n') }),
    );
    fc.assert(
      fc.property(layout, (lines) => {
        const text = lines.map((line) => `${line.noise}${line.name}${line.end}`).join('');
        expect(readRequirementLines(text, 'requirements.txt').requirements).toEqual(
          lines.map((line) => line.name),
        );
      }),
    );
  });
});

describe('what a release’s requirements reach', () => {
  test('through -r and -c, beside the file that names them, and round in circles', async () => {
    const files = filesOf({
      'requirements.txt': '-r requirements/base.txt\n-c limits.txt',
      'requirements/base.txt': 'six\n-r more.txt',
      'requirements/more.txt': '-r base.txt\nidna',
      'limits.txt': 'six<2',
      'src/other.txt': 'not reached',
    });
    const found = await findRequirements(files, ENVIRONMENT);
    expect(found.installs).toBe(true);
    expect(found.files.map(([path]) => path)).toEqual([
      'limits.txt',
      'requirements.txt',
      'requirements/base.txt',
      'requirements/more.txt',
    ]);
  });

  test('a wheelhouse in the release counts, file by file', async () => {
    const files = filesOf({
      'requirements.txt': '-f wheels\nsix',
      'wheels/six.whl': '1',
      'wheels/idna.whl': '2',
    });
    const { files: reached } = await findRequirements(files, ENVIRONMENT);
    expect(reached.map(([path]) => path)).toEqual(['requirements.txt', 'wheels/idna.whl', 'wheels/six.whl']);
  });

  test('the wheels and directories that a pylock.toml has paths of count, too', async () => {
    const lock = (path: string, rest = '') =>
      `lock-version = "1.0"\n[[packages]]\nname = "lib"\ndirectory = { path = "${path}"${rest} }\n# path = "x"`;
    const texts = { 'locks/pylock.toml': lock('../lib'), 'lib/a.py': '1', 'src/other.py': '2' };
    const options = { ...ENVIRONMENT, requirements: 'locks/pylock.toml' };
    const { installs, files } = await findRequirements(filesOf(texts), options);
    expect({ installs, paths: files.map(([path]) => path) }).toEqual({
      installs: true,
      paths: ['lib/a.py', 'locks/pylock.toml'],
    });
    for (const [text, says] of [
      [lock('gone'), /^pylock\.toml, line 4: gone is not among/],
      [lock('.', ', editable = true'), /^pylock\.toml, line 4: an editable package \(\.\) would tie all/],
    ] as const) {
      const refused = await thrownBy(findRequirements(filesOf({ 'pylock.toml': text }), ENVIRONMENT));
      expect(refused).toMatchObject({ code: 'INPUT', message: expect.stringMatching(says) });
    }
  });

  test('a lock is taken before requirements.txt', async () => {
    const texts = { 'requirements.txt': 'six', 'requirements.lock': 'six==1', 'pylock.toml': 'x' };
    expect((await findRequirements(filesOf(texts), ENVIRONMENT)).file).toBe('requirements.lock');
    const chosen = { ...ENVIRONMENT, requirements: 'requirements.txt' };
    expect((await findRequirements(filesOf(texts), chosen)).file).toBe('requirements.txt');
  });

  test.each([
    [
      { 'requirements.txt': 'six\n-r gone.txt' },
      {},
      /^requirements\.txt, line 2: gone\.txt is not among the files/,
    ],
    [
      { 'requirements.txt': '-c ../limits.txt' },
      {},
      /^requirements\.txt, line 1: \.\.\/limits\.txt is not among/,
    ],
    [
      { 'requirements.txt': '-r https://x.example.com/r.txt' },
      {},
      /line 1: https:\/\/x\.example\.com\/r\.txt is not/,
    ],
    [{ 'requirements.txt': '-r /etc/r.txt' }, {}, /line 1: \/etc\/r\.txt is not among/],
    [{ 'requirements.txt': './wheels/a.whl' }, {}, /^requirements\.txt, line 1: wheels\/a\.whl is not among/],
    [
      { 'requirements.txt': '-e .' },
      {},
      /^requirements\.txt, line 1: an editable package \(\.\) would tie all/,
    ],
    [{ 'uv.lock': '' }, {}, /^uv\.lock can't be installed from without the project/],
    [{ 'poetry.lock': '' }, {}, /^poetry\.lock can't be installed from without the project/],
    [{ 'run.py': '' }, { requirements: 'other.txt' }, /^Requirements File “other\.txt” is not among/],
    [{ 'requirements.txt': '' }, { constraints: 'c.txt' }, /^Constraints “c\.txt” is not among/],
    [{ 'requirements.txt': '' }, { findLinks: ['wheels'] }, /^Find Links: wheels is not among/],
  ])('%j is refused by a sentence', async (texts, options, says) => {
    const refused = await thrownBy(
      findRequirements(filesOf(texts as Record<string, string>), { ...ENVIRONMENT, ...options }),
    );
    expect(refused).toMatchObject({ code: 'INPUT', message: expect.stringMatching(says) });
    expect(refused.description).toBeTruthy();
  });
});

describe('the key of an environment', () => {
  const texts = { 'requirements.txt': 'six\n-r base.txt', 'base.txt': 'idna' };
  const keyOf = async (
    changed: Record<string, string> = {},
    options: Partial<typeof ENVIRONMENT> = {},
    python: Partial<Hello['python']> = {},
  ) =>
    (
      await wantedDependencies(
        filesOf({ ...texts, ...changed }),
        { ...ENVIRONMENT, ...options },
        { ...TOLD_PYTHON, ...python },
      )
    ).key;

  test('changes with everything that decides what is installed', async () => {
    const keys = await Promise.all([
      keyOf(),
      keyOf({ 'requirements.txt': 'six==1\n-r base.txt' }),
      keyOf({ 'base.txt': 'idna==3' }),
      keyOf({}, { requireHashes: true }),
      keyOf({}, { indexUrl: 'https://packages.example.com/simple/' }),
      keyOf({}, { installer: 'uv' }),
      keyOf({}, {}, { version: '3.12.0' }),
      keyOf({}, {}, { abi: '.cpython-311-aarch64-linux-gnu.so' }),
      keyOf({}, {}, { base: '/opt/python/bin/python3.11' }),
      keyOf({}, {}, { implementation: 'PyPy' }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{16}$/);
  });

  test('stays with what does not', async () => {
    const same = await Promise.all([
      keyOf(),
      keyOf({ 'src/x.py': 'changed' }),
      keyOf({}, { timeoutSeconds: 5 }),
      keyOf({}, { credentials: { url: 'https://x.example.com', username: 'a', password: 'b' } }),
      keyOf({}, {}, { version: '3.11.9' }),
      keyOf({}, {}, { executable: '/usr/local/bin/python' }),
    ]);
    expect(new Set(same).size).toBe(1);
  });

  test('is found without reading, when nothing that was reached has changed', async () => {
    const flat = { 'requirements.txt': 'six' };
    const live = await wantedDependencies(filesOf(flat), ENVIRONMENT, TOLD_PYTHON);
    const files = filesOf({ ...flat, 'src/x.py': 'changed' });
    const wanted = await wantedDependencies(files, ENVIRONMENT, TOLD_PYTHON, live);
    expect({ reads: files.reads, same: sameDependencies(live, wanted) }).toEqual({ reads: 0, same: true });
    // A lock that is new is noticed all the same.
    const locked = filesOf({ ...flat, 'requirements.lock': 'six==1' });
    expect((await wantedDependencies(locked, ENVIRONMENT, TOLD_PYTHON, live)).file).toBe('requirements.lock');
    expect(keyed(live, { ...TOLD_PYTHON, version: '3.13.0' }).key).not.toBe(live.key);
  });

  test('holds no secret, and neither does the record', async () => {
    const credentials = { url: 'https://x.example.com', username: 'someone', password: 'hush-hush' };
    const wanted = await wantedDependencies(filesOf(texts), { ...ENVIRONMENT, credentials }, TOLD_PYTHON);
    expect(JSON.stringify(wanted)).not.toMatch(/hush-hush|someone/);
  });
});

test('packages are compared by their normalised names', () => {
  const changes = packageChanges(
    [
      ['Typing_Extensions', '4.0'],
      ['six', '1.16'],
      ['old', '1'],
    ],
    [
      ['typing-extensions', '4.1'],
      ['six', '1.16'],
      ['new.one', '2'],
    ],
  );
  expect(changes).toEqual({
    added: [{ name: 'new.one', version: '2' }],
    removed: [{ name: 'old', version: '1' }],
    changed: [{ name: 'typing-extensions', from: '4.0', to: '4.1' }],
  });
});

describe('what no tool writes', () => {
  test.each(['\v', '\f', '\x1C', '\x85', '\u2028', '\u2029'])(
    'lines end where they do for pip: %j',
    (end) => {
      const { references } = readRequirementLines(`# a${end}-r b.txt`, 'requirements.txt');
      expect(references).toEqual([{ kind: 'requirements', target: 'b.txt', line: 2 }]);
    },
  );

  test.each([
    ['in one', 'x'.repeat(70_000)],
    ['continued', 'x \\\n'.repeat(40_000)],
  ])('a line that is too long is refused by file and line: %s', (_, line) => {
    expect(() => readRequirementLines(`a\n${line}`, 'ocr/requirements.txt')).toThrow(
      'ocr/requirements.txt, line 2: it has more than 65,536 characters',
    );
  });

  test('so it is in a lock', () => {
    expect(() => readLockReferences(`a = 1\nb = "${'x'.repeat(70_000)}"`, 'pylock.toml')).toThrow(
      'pylock.toml, line 2: it has more than 65,536 characters',
    );
  });

  test.each(['-r a.txt', '-ra.txt', '-r=a.txt', '--requirement = a.txt', '-r "a.txt"', "-r 'a.txt' # b"])(
    'an option is read as pip reads it: %s',
    (line) => {
      const { references } = readRequirementLines(line, 'requirements.txt');
      expect(references).toEqual([{ kind: 'requirements', target: 'a.txt', line: 1 }]);
    },
  );

  test('thousands of lines that name one directory of thousands of files are no work', async () => {
    const file = (path: string) => ({ path, type: 'file' as const, digest: path });
    const entries = [file('requirements.txt')];
    for (let index = 0; index < 20_000; index += 1) entries.push(file(`wheels/${index}.whl`));
    const text = '-f wheels\n'.repeat(6000);
    const before = process.cpuUsage();
    const found = await findRequirements(
      { entries, readTexts: async () => new Map([['requirements.txt', text]]) },
      ENVIRONMENT,
    );
    expect(found.files).toHaveLength(20_001);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});
