import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo, engineVersions, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';
import {
  offline,
  UV_DIRECTORY,
  withoutInstallerSettings,
  writeKeywords,
  writeWheel,
} from '../../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
let wheelhouse: string;
let source: string;
let path: string | undefined;

beforeAll(async () => {
  path = process.env.PATH;
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  writeWheel(wheelhouse, { name: 'wants-old', version: '1', requires: ['keywords<2'] });
  [source] = await engineVersions(make, 'base');
});

afterAll(() => {
  process.env.PATH = path;
});

const INSTALLERS = ['pip', 'uv'] as const;

const into = (installer: (typeof INSTALLERS)[number]) =>
  offline(wheelhouse, { mode: 'interpreter', installer });

describe.each(INSTALLERS)('into the engine’s own interpreter, with %s', (installer) => {
  const dependencies = () => into(installer);
  let python: string;
  beforeAll(async () => {
    const environment = join(await make('interpreter'), 'own');
    execFileSync(PYTHON, ['-m', 'venv', environment]);
    python = join(environment, 'bin/python');
  });
  const installed = () =>
    execFileSync(python, ['-c', 'import keywords; print(keywords.VERSION)'], { encoding: 'utf8' }).trim();

  test('packages are installed, and the output says that this is neither atomic nor taken back', async () => {
    const base = await make();
    await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
    const first = await deployTo(base, source, { dependencies: dependencies() }, { python });
    expect(first.dependencies).toMatchObject({
      status: 'built',
      environment: null,
      installer: expect.stringMatching(new RegExp(`^${installer} \\d`)),
      notice: expect.stringMatching(
        /extractions that run meanwhile see them change, and rolling back does not/,
      ),
    });
    expect(installed()).toBe('1');
    expect(existsSync(join(base, 'current/.venv'))).toBe(false);

    await writeFile(join(source, 'requirements.txt'), 'keywords==2\n');
    await deployTo(base, source, { dependencies: dependencies() }, { python });
    expect(installed()).toBe('2');
    // The same once more asks nobody, and going back does not touch the interpreter.
    const again = await deployTo(base, source, { dependencies: dependencies() }, { python });
    expect(again.status).toBe('unchanged');
    const back = await rollBackTo(base, { target: 'previous' }, {}, { python });
    expect(back.dependencies).toMatchObject({
      status: 'none',
      notice: expect.stringMatching(/not taken back/),
    });
    expect(installed()).toBe('2');
  });

  test('what doesn’t fit together there is told, and does not stop the deployment', async () => {
    const base = await make();
    execFileSync(python, [
      '-m',
      'pip',
      'install',
      '-q',
      '--no-index',
      '--find-links',
      wheelhouse,
      '--no-deps',
      'wants-old',
    ]);
    await writeFile(join(source, 'requirements.txt'), 'keywords==2\n# once more\n');
    const result = await deployTo(base, source, { dependencies: dependencies() }, { python });
    expect(result.dependencies.notice).toMatch(/“pip check” says: .*wants-old.*keywords/s);
  });
});

test.each(INSTALLERS)(
  'an interpreter that the system manages is a sentence, and no trace: %s',
  async (installer) => {
    // PEP 668: Debian's own interpreter has the mark.
    const marked = execFileSync(
      '/usr/bin/python3',
      ['-c', 'import sysconfig; print(sysconfig.get_path("stdlib"))'],
      {
        encoding: 'utf8',
      },
    ).trim();
    expect(existsSync(join(marked, 'EXTERNALLY-MANAGED'))).toBe(true);
    await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
    const options = { dependencies: into(installer) };
    const refused = await thrownBy(deployTo(await make(), source, options, { python: '/usr/bin/python3' }));
    expect(refused.message).toMatch(
      /belongs to the operating system, which keeps others from installing into it/,
    );
    expect(refused.description).toMatch(/^Set Dependencies to Virtual Environment/);
    expect(refused.message).not.toMatch(/Traceback/);
  },
);
