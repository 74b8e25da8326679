import { asBasePath } from '../../support/named';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { readAll } from '../../support/bundles';
import { temporaryDirectories } from '../../support/deployment';
import { ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitFiles, GitRepository } from '../../support/gitRepositories';
import { thrownBy } from '../../support/thrown';
import { checkLocalPath } from '../../../nodes/shared/connection/localPaths';

const make = temporaryDirectories();

async function repositoryOf(files: GitFiles = ENGINE): Promise<GitRepository> {
  const repository = GitRepository.create(join(await make('repositories'), 'engine.git'));
  repository.commit(files);
  return repository;
}

async function refusal(repository: GitRepository) {
  return thrownBy(withBundle(gitOptions(repository.url, await make('cache')), async () => undefined));
}

test('P7: hooks, filters and programs in the repository’s configuration are never started', async () => {
  const repository = await repositoryOf({
    ...ENGINE,
    '.gitattributes': '* filter=evil diff=evil merge=evil\n',
    'src/.gitattributes': '* filter=evil diff=evil\n',
    '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% CANARY\n',
    '.lfsconfig': '[lfs]\n\turl = https://example.org\n',
  });
  const canary = join(dirname(repository.directory), 'canary');
  const script = join(repository.directory, 'evil.sh');
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> '${canary}'\ncat\n`);
  chmodSync(script, 0o755);
  mkdirSync(join(repository.directory, 'hooks'));
  for (const hook of [
    'post-checkout',
    'reference-transaction',
    'pre-auto-gc',
    'post-index-change',
    'fsmonitor-watchman',
  ]) {
    writeFileSync(join(repository.directory, 'hooks', hook), `#!/bin/sh\ntouch '${canary}'\n`, {
      mode: 0o755,
    });
  }
  for (const key of [
    'core.sshCommand',
    'core.fsmonitor',
    'core.gitProxy',
    'core.askPass',
    'core.pager',
    'core.editor',
    'filter.evil.smudge',
    'filter.evil.clean',
    'filter.evil.process',
    'diff.evil.textconv',
    'diff.evil.command',
    'diff.external',
    'credential.helper',
    'uploadpack.packObjectsHook',
    'gpg.program',
    'core.alternateRefsCommand',
    'trace2.eventTarget',
  ]) {
    repository.git(['config', key, script]);
  }
  repository.git(['config', 'filter.evil.required', 'true']);
  repository.git(['config', 'core.hooksPath', join(repository.directory, 'hooks')]);
  repository.git(['config', `url.ext::${script}.insteadOf`, 'file://']);
  await withBundle(gitOptions(repository.url, await make('cache')), async (bundle) => {
    expect(await readAll(bundle, ['src/main.py'])).toEqual([['src/main.py', ENGINE['src/main.py']]]);
  });
  expect(existsSync(canary)).toBe(false);
});

test('P7: configuration around the place that git is started in is not acted on', async () => {
  const repository = await repositoryOf();
  const [home, directory] = [await make('home'), await make('elsewhere')];
  const canary = join(home, 'canary');
  const evil = `[url "ext::touch ${canary} "]\n\tinsteadOf = file://\n[core]\n\tfsmonitor = touch ${canary}\n`;
  for (const file of ['.gitconfig', 'config']) writeFileSync(join(home, file), evil);
  const before = { ...process.env };
  Object.assign(process.env, {
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    GIT_CONFIG_SYSTEM: join(home, '.gitconfig'),
    GIT_CONFIG_PARAMETERS: `'url.ext::touch ${canary} .insteadof=file://'`,
    GIT_DIR: directory,
    GIT_SSH_COMMAND: `touch ${canary}`,
    GIT_EXTERNAL_DIFF: `touch ${canary}`,
    GIT_TRACE: canary,
    GIT_TRACE_CURL: canary,
  });
  try {
    await withBundle(gitOptions(repository.url, await make('cache')), async ({ entries }) => {
      expect(entries).toHaveLength(4);
    });
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
  expect(existsSync(canary)).toBe(false);
});

const BLOB = '100644';
const TREE = '040000';

/** Rows of a commit's top directory: an engine, and what `add` makes beside it. */
async function withTree(
  add: (repository: GitRepository, blob: string) => Array<{ mode: string; id: string; name: string }>,
): Promise<GitRepository> {
  const repository = await repositoryOf();
  const blob = repository.blob('evil\n');
  const rows = [{ mode: BLOB, id: blob, name: 'run.py' }, ...add(repository, blob)];
  repository.commitTree(rows.map((row) => ({ ...row, type: row.mode === TREE ? 'tree' : 'blob' })));
  return repository;
}

/** A directory `src` that holds one entry. */
function inSrc(repository: GitRepository, name: string, id: string, mode = BLOB) {
  return { mode: TREE, id: repository.tree([{ mode, id, name }]), name: 'src' };
}

test.each<[string, Parameters<typeof withTree>[0], RegExp]>([
  ['..', (repository, blob) => [inSrc(repository, '..', blob)], /"src\/\.\." has a "\.\." part/],
  [
    '.. as a directory',
    (repository, blob) => [
      inSrc(repository, '..', repository.tree([{ mode: BLOB, id: blob, name: 'x' }]), TREE),
    ],
    /has a "\.\." part/,
  ],
  ['a slash in a name', (repository, blob) => [inSrc(repository, '../x', blob)], /has a "\.\." part/],
  [
    'an absolute name',
    (repository, blob) => [inSrc(repository, '/etc/passwd', blob)],
    /a name in it that no file can have/,
  ],
  [
    'a name twice',
    (repository, blob) => [
      {
        mode: TREE,
        id: repository.tree([
          { mode: BLOB, id: blob, name: 'a' },
          { mode: BLOB, id: blob, name: 'a' },
        ]),
        name: 'src',
      },
    ],
    /holds the entry "src\/a" twice/,
  ],
  [
    'a name that is not UTF-8',
    (repository, blob) => {
      const row = Buffer.concat([
        Buffer.from(`${BLOB} `),
        Buffer.from([0xff, 0xfe, 0]),
        Buffer.from(blob, 'hex'),
      ]);
      const id = repository.git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], row);
      return [{ mode: TREE, id, name: 'src' }];
    },
    /not valid UTF-8/,
  ],
  [
    'a file below a link',
    (repository, blob) => [
      {
        mode: TREE,
        id: repository.tree([
          { mode: '120000', id: repository.blob('/tmp'), name: 'a' },
          { mode: TREE, id: repository.tree([{ mode: BLOB, id: blob, name: 'x' }]), name: 'a' },
        ]),
        name: 'src',
      },
    ],
    /symbolic link|twice/,
  ],
])('P7: a tree object with %s is refused', async (_, add, message) => {
  const error = await refusal(await withTree(add));
  expect(error).toMatchObject({ code: 'INPUT', message: expect.stringMatching(message) });
});

test.each(['.git', '.GIT', 'git~1', '.git '])(
  'P7: a tree object with the name %s does no harm',
  async (name) => {
    const repository = await withTree((made, blob) => [
      inSrc(made, name, made.tree([{ mode: BLOB, id: blob, name: 'config' }]), TREE),
    ]);
    await withBundle(gitOptions(repository.url, await make('cache')), async ({ entries }) => {
      const others = entries.map(({ path }) => path).filter((path) => path !== 'run.py');
      expect(others).toEqual(name === '.git' ? [] : [`src/${name}/config`]);
    });
  },
);

test.each([
  ['../../etc/passwd', /leads out of the source/],
  ['/etc/passwd', /absolute target/],
  ['a/../../../x', /leads out of the source/],
  ['loop', /circle/],
  ['', /empty target/],
  ['x'.repeat(5000), /more than 4095 bytes/],
  ['nul\0byte', /NUL/],
])('P7: a link that leads to %j is refused', async (link, message) => {
  const repository = await repositoryOf({ ...ENGINE, 'src/loop': { link } });
  expect(await refusal(repository)).toMatchObject({ code: 'INPUT', message: expect.stringMatching(message) });
});

test('P7: reserved names can’t be deployed', async () => {
  const repository = await repositoryOf({ ...ENGINE, 'releases/x': '' });
  const selection = { include: ['releases/**', 'run.py'], exclude: [] };
  const options = gitOptions(repository.url, await make('cache'), { selection });
  expect(await thrownBy(withBundle(options, async () => undefined))).toMatchObject({ code: 'INPUT' });
});

describe('P7: a repository of this machine', () => {
  /** Allows what is below the directory, as the node does. */
  async function open(allowed: string, repository: string): Promise<string[]> {
    const options = gitOptions(repository, await make('cache'), {
      allowFile: async (directory) => void (await checkLocalPath(asBasePath(directory), allowed)),
    });
    return withBundle(options, async ({ entries }) => entries.map(({ path }) => path));
  }

  test('is read where that is allowed, bare or with a work tree', async () => {
    const repository = await repositoryOf();
    const allowed = dirname(repository.directory);
    mkdirSync(join(allowed, 'work'));
    symlinkSync('../engine.git', join(allowed, 'work', '.git'));
    mkdirSync(join(allowed, 'filed'));
    writeFileSync(join(allowed, 'filed', '.git'), 'gitdir: ../engine.git\n');
    for (const path of ['engine.git', 'engine', 'work', 'filed', 'work/.git']) {
      expect(await open(allowed, `file://${allowed}/${path}`)).toContain('run.py');
    }
  });

  test('is not read elsewhere', async () => {
    const repository = await repositoryOf();
    const error = await thrownBy(open(await make('allowed'), repository.url));
    expect(error).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/outside the directories/) });
  });

  test.each<[string, (place: string, secret: GitRepository) => void]>([
    ['a link', (place, { directory }) => symlinkSync(directory, place)],
    [
      'a link inside',
      (place, { directory }) => {
        mkdirSync(place);
        symlinkSync(directory, join(place, '.git'));
      },
    ],
    [
      'a .git file',
      (place, { directory }) => {
        mkdirSync(place);
        writeFileSync(join(place, '.git'), `gitdir: ${directory}\n`);
      },
    ],
    [
      'alternates',
      (place, { directory }) => {
        const copy = GitRepository.create(place);
        writeFileSync(join(copy.directory, 'objects/info/alternates'), `${directory}/objects\n`);
        writeFileSync(join(copy.directory, 'refs/heads/main'), '');
      },
    ],
    [
      'a link to its objects',
      (place, { directory }) => {
        mkdirSync(join(place, 'refs'), { recursive: true });
        writeFileSync(join(place, 'HEAD'), 'ref: refs/heads/main\n');
        symlinkSync(join(directory, 'objects'), join(place, 'objects'));
      },
    ],
    [
      'a common directory',
      (place, { directory }) => {
        mkdirSync(place);
        writeFileSync(join(place, 'HEAD'), 'ref: refs/heads/main\n');
        writeFileSync(join(place, 'commondir'), `${directory}\n`);
      },
    ],
  ])('can’t lead out of what is allowed by %s', async (_, lead) => {
    const secret = await repositoryOf();
    const allowed = await make('allowed');
    lead(join(allowed, 'engine'), secret);
    const error = await thrownBy(open(allowed, `file://${allowed}/engine`));
    expect(error).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/outside the directories/) });
  });

  test('with .git at its end is not taken for one without, outside of what is allowed', async () => {
    const repository = await repositoryOf();
    const allowed = repository.directory.replace(/\.git$/, '');
    const error = await thrownBy(open(allowed, `file://${allowed}`));
    expect(error).toMatchObject({ code: 'INPUT', message: expect.stringMatching(/outside the directories/) });
  });

  test.each([
    ['is not there', 'nothing'],
    ['is none', ''],
  ])('that %s is said to be', async (_, name) => {
    const allowed = await make('allowed');
    const error = await thrownBy(open(allowed, `file://${join(allowed, name)}`));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/holds no Git repository/),
    });
  });
});
