import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { deployTo, engineVersions, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';

const CONFIG = 'config/default_config.json';
const BROKEN = '{"broken": ';

const make = temporaryDirectories();
let base: string, source: string;

beforeEach(async () => {
  [base, source] = await engineVersions(make, 'base', 'v2');
  await deployTo(base, source);
});

const liveRelease = (): string => basename(realpathSync(join(base, 'current')));
const recordOf = (release: string): string => join(base, `.hot-deploy/releases/${release}.json`);

function change<T>(file: string, how: (value: T) => void): void {
  const value = JSON.parse(readFileSync(file, 'utf8')) as T;
  how(value);
  writeFileSync(file, JSON.stringify(value));
}

/** Gives a file of a release other content without anybody knowing: its record says that this is what was deployed. */
function forge(release: string, path: string, content: string): void {
  overwrite(join(base, 'releases', release, path), content);
  const digest = createHash('sha256').update(content).digest('hex');
  change<unknown[][]>(join(base, `.hot-deploy/releases/${release}.manifest.json`), (rows) => {
    const row = rows.find((one) => one[0] === path) as unknown[];
    [row[3], row[4], row[7]] = [content.length, digest, null];
  });
}

function overwrite(path: string, content: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
  chmodSync(path, 0o444);
}

async function refusedForJson(changes: Parameters<typeof deployTo>[2] = {}): Promise<string> {
  const refused = await thrownBy(deployTo(base, source, { deployUnchanged: true, ...changes }));
  expect(refused.message).toContain('Check “JSON files are well-formed” did not pass before the switch');
  return refused.message;
}

describe('what the live release brings along', () => {
  test('is not read again for a check that it has passed there', async () => {
    forge(liveRelease(), CONFIG, BROKEN);
    writeFileSync(join(source, CONFIG), BROKEN);
    expect(await deployTo(base, source, { deployUnchanged: true })).toMatchObject({ status: 'deployed' });
  });

  test.each<[string, (record: { passed?: Record<string, string> }) => void]>([
    ['another Python has seen it pass', (record) => (record.passed = { json: 'cpython 3.5.0' })],
    ['only another check was passed', (record) => delete record.passed?.json],
    ['nothing is known', (record) => delete record.passed],
  ])('P2: is read again when %s', async (_title, forget) => {
    forge(liveRelease(), CONFIG, BROKEN);
    change(recordOf(liveRelease()), forget);
    writeFileSync(join(source, CONFIG), BROKEN);
    expect(await refusedForJson()).toContain(CONFIG);
  });

  test('P2: is read when it was edited by hand, even to what is deployed now', async () => {
    overwrite(join(base, 'current', CONFIG), BROKEN);
    writeFileSync(join(source, CONFIG), BROKEN);
    expect(await refusedForJson()).toContain(CONFIG);
  });

  test('P2: is read when its name made it another kind of file there', async () => {
    writeFileSync(join(source, 'config/notes.txt'), BROKEN);
    await deployTo(base, source);
    renameSync(join(source, 'config/notes.txt'), join(source, 'config/notes.json'));
    expect(await refusedForJson()).toContain('config/notes.json');
  });

  test('P2: is read when no pattern owns it: the engine may have written to it', async () => {
    const selection = { include: ['src/**', 'config/**', 'run.py'], exclude: ['config/local.json'] };
    writeFileSync(join(base, 'releases', liveRelease(), 'config/local.json'), '{}');
    await deployTo(base, source, { selection });
    writeFileSync(join(base, 'current/config/local.json'), BROKEN);
    expect(await refusedForJson({ selection })).toContain('config/local.json');
  });
});

describe('a release that is gone back to', () => {
  const PATH = 'src/matcher.py';

  /** The previous release, with a file in it that was never any good. */
  async function withBrokenPrevious(): Promise<string> {
    const previous = liveRelease();
    writeFileSync(join(source, 'run.py'), '# another\n');
    await deployTo(base, source);
    forge(previous, PATH, 'def broken(:\n');
    return previous;
  }

  test('is not read again for the checks that it has passed', async () => {
    const release = await withBrokenPrevious();
    expect(await rollBackTo(base, { target: 'previous' })).toMatchObject({ status: 'rolledBack', release });
  });

  test('P2: is read again when its record does not say so', async () => {
    change<{ passed?: unknown }>(recordOf(await withBrokenPrevious()), (record) => delete record.passed);
    const refused = await thrownBy(rollBackTo(base, { target: 'previous' }));
    expect(refused.message).toContain('Check “Python files compile” did not pass before the switch');
    expect(refused.message).toContain(PATH);
  });

  test('P2: is read again where it differs from what passed', async () => {
    const previous = await withBrokenPrevious();
    overwrite(join(base, 'releases', previous, PATH), 'def another(:\n');
    const refused = await thrownBy(rollBackTo(base, { target: 'previous' }));
    expect(refused.message).toContain(`${PATH}, line 1`);
  });
});

test('a release that did not pass is not recorded as if it had', async () => {
  writeFileSync(join(source, CONFIG), BROKEN);
  await refusedForJson();
  rmSync(join(source, CONFIG));
  writeFileSync(join(source, CONFIG), '{}');
  const { release } = await deployTo(base, source);
  const { passed } = JSON.parse(readFileSync(recordOf(release), 'utf8')) as { passed: object };
  expect(Object.keys(passed).sort()).toEqual(['compile', 'json']);
});
