import { execFileSync } from 'node:child_process';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DependencyOptions } from '../../../nodes/shared/dependencies/installOptions';
import type { DeployError } from '../../../nodes/shared/errors';
import { deployTo, engineVersions, temporaryDirectories } from '../../support/deployment';
import { drawn } from '../../support/drawn';
import { keptNames, liveTree } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import {
  offline,
  UV_DIRECTORY,
  withoutInstallerSettings,
  writeKeywords,
  writeSourceDistribution,
  writeWheel,
} from '../../support/wheels';

jest.setTimeout(60_000);
withoutInstallerSettings();
const make = temporaryDirectories();
let wheelhouse: string;
let source: string;
let path: string | undefined;
let closed: Server;
let breaking: HttpServer;
let override: string;

beforeAll(async () => {
  path = process.env.PATH;
  process.env.PATH = `${UV_DIRECTORY}:${path}`;
  [source] = await engineVersions(make, 'base');
  wheelhouse = await make('wheelhouse');
  for (const version of ['1', '2']) writeKeywords(wheelhouse, version);
  writeWheel(wheelhouse, { name: 'wants-old', version: '1', requires: ['keywords<2'] });
  override = join(wheelhouse, 'override.txt');
  await writeFile(override, 'keywords==2\n');
  writeWheel(wheelhouse, { name: 'for-windows', version: '1', tag: 'cp311-cp311-win_amd64' });
  writeWheel(wheelhouse, { name: 'for-later', version: '1', requiresPython: '>=3.99' });
  writeSourceDistribution(
    wheelhouse,
    'killed',
    'import os, signal\ndef build_wheel(*_):\n    os.kill(os.getpid(), signal.SIGKILL)\n',
  );
  // As the kernel does when memory runs out: it takes the installer, and not what that has started.
  writeSourceDistribution(
    wheelhouse,
    'kills',
    'import os, signal, time\ndef build_wheel(*_):\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(600)\n',
  );
  writeSourceDistribution(
    wheelhouse,
    'compiled',
    'import subprocess\ndef build_wheel(*_):\n    subprocess.check_call(["gcc", "-c", "x.c"], env={"PATH": "/nowhere"})\n',
  );
  writeSourceDistribution(wheelhouse, 'endless', 'import time\ndef build_wheel(*_):\n    time.sleep(600)\n');
  writeSourceDistribution(
    wheelhouse,
    'broken',
    'def build_wheel(*_):\n    raise RuntimeError("this backend is broken")\n',
  );
  // A port that nobody answers on, for as long as the tests run.
  closed = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  breaking = createHttpServer(({ url }, response) => {
    if (url?.endsWith('.whl')) {
      response.writeHead(200, { 'Content-Length': 100_000 }).write('PK', () => response.destroy());
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end('<a href="/keywords-1-py3-none-any.whl">keywords-1-py3-none-any.whl</a>');
  }).listen(0, '127.0.0.1');
});
afterAll(() => {
  process.env.PATH = path;
  closed.close();
  breaking.close();
});

interface Case {
  name: string;
  requirements: string | (() => string);
  says: RegExp;
  next: RegExp;
  options?: () => Partial<DependencyOptions>;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as { port: number }).port}/simple/`;
const index = () => urlOf(closed);

const CASES: Case[] = [
  {
    name: 'a requirement that doesn’t exist',
    requirements: 'nowhere-to-be-found',
    says: /installed: nowhere-to-be-found does not exist in the package index/,
    next: /Check the name/,
  },
  {
    name: 'a version that doesn’t exist',
    requirements: 'keywords==9',
    says: /installed: keywords==9 (does not exist|has no version that fits)/,
    next: /Check the name and version/,
  },
  {
    name: 'no wheel for this platform',
    requirements: 'for-windows',
    says: /installed: for-windows has no version for this Python(; there is only for_windows-1-cp311-cp311-win_amd64\.whl)?\./,
    next: /another Python/,
  },
  {
    name: 'a package for a later Python',
    requirements: 'for-later',
    says: /installed: for-later has no version for this Python/,
    next: /another Python/,
  },
  {
    name: 'requirements that contradict each other',
    requirements: 'keywords==2\nwants-old',
    says: /installed: requirements contradict each other/,
    next: /Loosen one/,
  },
  {
    name: 'a package that another one misses',
    requirements: 'wants-old',
    says: /installed: the packages don’t fit together: .*wants.old.*keywords/,
    next: /pip check/,
  },
  {
    name: 'a compiler that is missing',
    requirements: 'compiled',
    says: /installed: compiled has to be compiled, and there is no compiler/,
    next: /wheel/,
  },
  {
    name: 'a build that is killed',
    requirements: 'killed',
    says: /installed: the build of killed was killed, most often because the machine ran out of memory/,
    next: /memory/,
  },
  {
    name: 'an installer that is killed itself',
    requirements: 'kills',
    says: /installed: (pip|uv) was ended by SIGKILL\. Most often the machine ran out of memory\./,
    next: /free memory/,
  },
  {
    name: 'a build that does not work',
    requirements: 'broken',
    says: /installed: broken could not be built from its source/,
    next: /wheel/,
  },
  {
    name: 'a build without end',
    requirements: 'endless',
    options: () => ({ timeoutSeconds: 4 }),
    says: /installed: (pip|uv) did not end within 4 s/,
    next: /Install Timeout/,
  },
  {
    name: 'an index that can’t be reached',
    requirements: 'keywords',
    options: () => ({ noIndex: false, findLinks: [], indexUrl: index(), timeoutSeconds: 40 }),
    says: /installed: the package index can’t be reached, or stopped answering/,
    next: /Offline, ship wheels/,
  },
  {
    name: 'a network that breaks off in the middle of a package',
    requirements: 'keywords',
    options: () => ({ noIndex: false, findLinks: [], indexUrl: urlOf(breaking), timeoutSeconds: 40 }),
    says: /installed: (the package index can’t be reached, or stopped answering|keywords did not arrive whole)/,
    next: /[Ll]ook at the network/,
  },
  {
    name: 'a Git repository that can’t be fetched',
    requirements: () => `git+${index()}nowhere.git#egg=nowhere`,
    says: /installed: http:\/\/127\.0\.0\.1:\d+\/simple\/nowhere\.git could not be fetched\./,
    next: /what git said is below/,
  },
  {
    name: 'an option that nobody knows',
    requirements: '--no-such-option\nkeywords',
    says: /installed: (--no-such-option is not a requirement that can be read|uv can’t read line 1 of requirements\.txt)\./,
    next: /[Cc]orrect (the|that) line/,
  },
  {
    name: 'a hash that is not the package’s',
    requirements: `keywords==1 --hash=sha256:${'0'.repeat(64)}`,
    says: /installed: a package is not the one whose hash the requirements give/,
    next: /tampered/,
  },
  {
    name: 'required hashes that are missing',
    requirements: 'keywords==1',
    options: () => ({ requireHashes: true }),
    says: /installed: hashes are required, and a requirement has none/,
    next: /generate-hashes/,
  },
  {
    name: 'a line that is no requirement',
    requirements: 'this is not a requirement !',
    says: /installed: .*this is not a requirement.* is not a requirement that can be read/,
    next: /Correct the line/,
  },
];

describe.each(['pip', 'uv'] as const)(
  'P3: with %s, the live engine stays and the message says what it was:',
  (installer) => {
    let base: string;
    let live: string;
    beforeAll(async () => {
      base = await make();
      await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
      live = (await deployTo(base, source, { dependencies: offline(wheelhouse, { installer }) })).release;
    });

    async function refusedWith({
      requirements: given,
      options,
    }: Pick<Case, 'requirements' | 'options'>): Promise<DeployError> {
      const requirements = typeof given === 'string' ? given : given();
      await writeFile(join(source, 'requirements.txt'), `${requirements}\n`);
      // What a host's own settings can do: the package is installed without what it needs.
      if (requirements === 'wants-old')
        Object.assign(process.env, { PIP_NO_DEPS: '1', UV_OVERRIDE: override });
      try {
        return await thrownBy(
          deployTo(base, source, { dependencies: offline(wheelhouse, { installer, ...options?.() }) }),
        );
      } finally {
        delete process.env.PIP_NO_DEPS;
        delete process.env.UV_OVERRIDE;
      }
    }

    test.each(drawn(CASES, 7))('$name', async ({ requirements, options, says, next }) => {
      const before = { tree: liveTree(base), environments: readdirSync(join(base, 'environments')) };
      const refused = await refusedWith({ requirements, options });
      // With what the installer printed: a message that does not fit is of no help without it.
      const { output } = refused.details as { output: string };
      expect({ message: refused.message, output }).toMatchObject({ message: expect.stringMatching(says) });
      expect(refused.message).toContain(`Release ${live} is live`);
      expect(refused.message).not.toMatch(/\b(error|problem|failure)\b/i);
      expect(refused.code).toBe('DEPENDENCIES');
      expect(refused.description).toMatch(next);
      // The end of what was printed is in the description, all that was kept of it in the details.
      const lines = output.trim().split('\n');
      expect(refused.description).toContain(lines[lines.length - 1]);
      expect(refused.details).toMatchObject({ installer, live });

      expect({ tree: liveTree(base), environments: readdirSync(join(base, 'environments')) }).toEqual(before);
      expect(keptNames(base).releases).toEqual([live]);
      expect(keptNames(base)['.hot-deploy/staging']).toEqual([]);
    });

    test('a disk that is full', async () => {
      const disk = await make('disk');
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', disk]);
      try {
        const small = join(disk, 'app');
        await mkdir(small);
        await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
        const first = await deployTo(small, source, { dependencies: offline(wheelhouse, { installer }) });
        const filled = await make('large');
        writeWheel(filled, {
          name: 'large',
          version: '1',
          modules: Object.fromEntries(
            Array.from({ length: 60 }, (_, at) => [`large_${at}.py`, `X = "${'x'.repeat(1 << 20)}"\n`]),
          ),
        });
        await writeFile(join(source, 'requirements.txt'), 'large\n');
        const refused = await thrownBy(
          deployTo(small, source, { dependencies: offline(filled, { installer }) }),
        );
        expect(refused.message).toMatch(/the disk on the engine’s side is full/);
        expect(readdirSync(join(small, 'environments'))).toEqual([first.dependencies.environment]);
        expect(refused.details.live).toBe(first.release);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  },
);

test('uv that is asked for and not there is a sentence, and nothing was started', async () => {
  const base = await make();
  await writeFile(join(source, 'requirements.txt'), 'keywords==1\n');
  process.env.PATH = path;
  try {
    const refused = await thrownBy(
      deployTo(base, source, { dependencies: offline(wheelhouse, { installer: 'uv' }) }),
    );
    expect(refused.message).toMatch(
      /^Installer is uv, and there is no uv on the PATH of the engine's side\./,
    );
    expect(existsSync(join(base, 'current'))).toBe(false);
  } finally {
    process.env.PATH = `${UV_DIRECTORY}:${path}`;
  }
});
