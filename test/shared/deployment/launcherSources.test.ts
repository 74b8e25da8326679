/** Sources that aren't the engine's own files: the base path itself, and copies of it with our launchers in them. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  createReadStream,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { planDeployment } from '../../../nodes/shared/operations/plan';
import { openArchive } from '../../../nodes/shared/source/archive';
import { DEFAULT_SELECTION } from '../../../nodes/shared/source/bundle';
import {
  bundleOf,
  deployOptions,
  deployTo,
  engineVersions,
  inConversation,
  PYTHON,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { temporaryMounts } from '../../support/disks';
import { statusOf, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const { mount } = temporaryMounts();
const make = temporaryDirectories();
const STATE = /^\.hot-deploy|^backups|^releases|^\.$/;

/** Whether an engine's start script runs, as a workflow starts it. */
const runs = (base: string): string =>
  execFileSync(PYTHON, ['run.py', '--help'], { cwd: base, encoding: 'utf8' });

const planOf = (base: string, source: string) =>
  inConversation(async (client) =>
    planDeployment(client, await bundleOf(source, deployOptions(base)), deployOptions(base)),
  );

describe('P2: a source that is the base path is refused, and nothing is changed', () => {
  const SPELLINGS: Record<string, (base: string) => Promise<string>> = {
    'by its own path': async (base) => base,
    'through a link': async (base) => {
      const link = join(await make('elsewhere'), 'link');
      symlinkSync(base, link);
      return link;
    },
    'through another mount': async (base) => {
      const mounted = await make('mounted');
      mount(mounted, 'none', 'bind', base);
      return mounted;
    },
  };

  test.each(Object.entries(SPELLINGS))('%s', async (_spelling, spelled) => {
    const [base] = await engineVersions(make, 'base');
    const before = statusOf(base, STATE);
    const source = await spelled(base);
    for (const attempt of [planOf, deployTo]) {
      const refusal = await thrownBy(attempt(base, source));
      expect(refusal.code).toBe('INPUT');
      expect(refusal.message).toContain('is the base path itself');
    }
    expect(statusOf(base, STATE)).toMatchObject(before);
    runs(base);
  });

  test('also once an engine is deployed there', async () => {
    const [base, v2] = await engineVersions(make, 'base', 'v2');
    await deployTo(base, v2);
    const launcher = readFileSync(join(base, 'run.py'));
    expect((await thrownBy(deployTo(base, base))).code).toBe('INPUT');
    expect(readFileSync(join(base, 'run.py'))).toEqual(launcher);
    runs(base);
  });

  test('a directory in a deployed name, and one that has the base path among its files', async () => {
    const [base] = await engineVersions(make, 'base');
    const inside = join(base, 'src', 'next');
    cpSync(join(base, 'config'), join(inside, 'config'), { recursive: true });
    copyFileSync(join(base, 'run.py'), join(inside, 'run.py'));
    expect((await thrownBy(deployTo(base, inside))).message).toContain('lies in "src" of the base path');
    const above = await make('above');
    cpSync(base, join(above, 'app'), { recursive: true });
    const changes = { selection: { include: ['app/**', 'run.py'], exclude: [] } };
    writeFileSync(join(above, 'run.py'), '');
    expect((await thrownBy(deployTo(join(above, 'app'), above, changes))).message).toContain(
      'holds the base path in "app"',
    );
    mkdirSync(join(above, 'app', 'next'));
    cpSync(inside.replace(base, join(above, 'app')), join(above, 'app', 'next'), { recursive: true });
    writeFileSync(join(above, 'app', 'next', 'config', 'added.json'), '{}');
    expect((await deployTo(join(above, 'app'), join(above, 'app', 'next'))).status).toBe('deployed');
  });
});

describe('P2: a source with a launcher of ours where a program should be is refused', () => {
  let copy: string, base: string;

  beforeAll(async () => {
    const [first, v2] = await engineVersions(make, 'base', 'v2');
    base = first;
    await deployTo(base, v2);
    copy = await make('copy');
    cpSync(v2, copy, { recursive: true });
    copyFileSync(join(base, 'run.py'), join(copy, 'run.py'));
  });

  test('in a directory, by plan and deployment', async () => {
    const before = treeOf(base);
    for (const attempt of [planOf, deployTo]) {
      const refusal = await thrownBy(attempt(base, copy));
      expect(refusal).toMatchObject({ code: 'INPUT' });
      expect(refusal.message).toContain('"run.py" is a launcher of Hot Deploy');
    }
    expect(treeOf(base)).toMatchObject(before);
    runs(base);
  });

  test('in an archive', async () => {
    const archive = join(await make('archive'), 'engine.tar');
    execFileSync('tar', ['-cf', archive, '-C', copy, '.']);
    const open = async () => createReadStream(archive);
    const opening = openArchive({ name: 'engine.tar', selection: DEFAULT_SELECTION, open });
    expect((await thrownBy(opening)).message).toContain('"run.py" is a launcher of Hot Deploy');
  });

  test('in a backup', async () => {
    execFileSync('tar', ['-czf', join(base, 'backups', 'copied.tar.gz'), '-C', copy, '.']);
    const refusal = await thrownBy(rollBackTo(base, { target: 'backup', backup: 'copied.tar.gz' }));
    expect(refusal.message).toContain("'run.py' in the archive is a launcher of Hot Deploy");
    runs(base);
  });

  test('a launcher that stands at another name than the entrypoint is no file of the engine', async () => {
    const [app, v2] = await engineVersions(make, 'base', 'v2');
    await deployTo(app, v2);
    copyFileSync(join(app, 'run.py'), join(app, 'report.py'));
    copyFileSync(join(v2, 'run.py'), join(v2, 'report.py'));
    const selection = { include: [...DEFAULT_SELECTION.include, 'report.py'], exclude: [] };
    await deployTo(app, v2, { selection });
    expect(readFileSync(join(app, 'current', 'report.py'))).toEqual(readFileSync(join(v2, 'run.py')));
    runs(app);
  });
});
