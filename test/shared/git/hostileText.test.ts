import { existsSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { temporaryDirectories } from '../../support/deployment';
import { ENGINE, gitCredentials, gitOptions, withBundle } from '../../support/git';
import { GitRepository } from '../../support/gitRepositories';
import { size } from '../../support/size';
import { type RecordedGit, recordGit } from '../../support/recordedGit';
import { startSshd, type Sshd } from '../../support/sshd';

const make = temporaryDirectories();
let git: RecordedGit;
let root: string, cache: string, canary: string;
let sshd: Sshd;

beforeAll(async () => {
  root = await make('repositories');
  cache = await make('cache');
  canary = join(root, 'canary');
  GitRepository.create(join(root, 'engine.git')).commit(ENGINE);
  git = await recordGit(await make('recorded'));
  sshd = await startSshd();
});
afterAll(async () => {
  git.stop();
  await sshd.stop();
});

/** Every argument that begins with a hyphen is one of ours, and the word before all others is a command of ours. */
const OPTIONS = new Set([
  '--all-progress',
  '--batch',
  '--batch-check',
  '--buffer',
  '--bare',
  '--quiet',
  '--template=',
  '--no-tags',
  '--strict',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--no-auto-gc',
  '--depth=1',
  '--depth=2147483647',
  '--filter=blob:none',
  '--filter=tree:0',
  '--force',
  '--refetch',
  '--no-filter',
  '--stdin',
  '--full-tree',
  '-z',
  '-r',
  '-d',
  '--name-only',
  '--no-renames',
  '--objects',
  '--missing=print',
  '--no-object-names',
  '--glob=refs/hot-deploy/all/*',
  '-c',
]);
const OURS = new Set([
  // What git starts for itself.
  ...['-c', 'fetch', 'fetch.negotiationAlgorithm=noop', 'origin'],
]);
const COMMANDS = new Set([
  'remote-http',
  'remote-https',
  'upload-pack',
  'init',
  'fetch',
  'ls-tree',
  'rev-list',
  'cat-file',
  'diff-tree',
  '-c',
]);

const fragments = fc.constantFrom(
  '-',
  '--',
  '--upload-pack=',
  '--exec=',
  'ext::',
  'sh -c ',
  '$(',
  ')',
  '`',
  ';',
  '|',
  '&',
  '\n',
  ' ',
  "'",
  '"',
  '\\',
  'touch CANARY',
  'main',
  'src',
  'refs/heads/',
  ':',
  '..',
  '../',
  '*',
  '%',
  '@',
  '{',
  '}',
  '^',
  '~',
  '=',
  ':(top)',
  ':/',
  '!',
  'http://127.0.0.1:9/',
  'https://',
  'file://ROOT/engine.git',
  'ssh://127.0.0.1:9/',
  'git@127.0.0.1:',
  'x',
  '#',
  '?',
);
const text = fc
  .oneof(
    fc.array(fragments, { maxLength: 6 }).map((some) => some.join('')),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  .map((some) => some.replaceAll('CANARY', canary).replaceAll('ROOT', root));

async function open(changes: {
  repository?: string;
  reference?: string;
  subdirectory?: string;
}): Promise<void> {
  const options = gitOptions(changes.repository ?? `file://${root}/engine.git`, cache, changes);
  await withBundle(options, async () => undefined).catch((error: unknown) => {
    expect(error).toMatchObject({ name: 'DeployError' });
  });
}

async function expectOnlyOurs(): Promise<void> {
  for (const [command, ...args] of await git.runs()) {
    expect(COMMANDS).toContain(command);
    // Before this, all is ours; behind it nothing is an option, whatever it is.
    const end = args.indexOf('--end-of-options');
    const before = end >= 0 ? args.slice(0, end) : args;
    expect(before.filter((argument) => !OPTIONS.has(argument) && !OURS.has(argument))).toEqual([]);
  }
  expect(existsSync(canary)).toBe(false);
  await git.forget();
}

test.each(['repository', 'reference', 'subdirectory'] as const)(
  'P7: whatever text is given as %s, git never gets it as an option, nor a shell at all',
  async (field) => {
    const property = fc.asyncProperty(text, async (given) => {
      await open({ [field]: given });
      await expectOnlyOurs();
    });
    await fc.assert(property, { numRuns: size(20, 60), interruptAfterTimeLimit: 100_000 });
  },
  120_000,
);

test('P7: whatever path is asked for over SSH, the host’s shell gets it as one word', async () => {
  const path = fc.oneof(
    fc.constantFrom(
      "'; touch CANARY; '",
      '$(touch CANARY)',
      '`touch CANARY`',
      '"; touch CANARY; "',
      "\\'; touch CANARY #",
    ),
    fc
      .array(
        fragments.filter((some) => !/[\s:@]/.test(some)),
        { minLength: 1, maxLength: 5 },
      )
      .map((some) => some.join('')),
  );
  const credentials = gitCredentials({
    authentication: 'deployKey',
    privateKey: sshd.clientKeys.ed25519,
    hostKeyFingerprint: sshd.fingerprint,
  });
  const property = fc.asyncProperty(path, async (given) => {
    const shown = encodeURIComponent(given.replaceAll('CANARY', canary)).replaceAll("'", '%27');
    const repository = `ssh://${sshd.username}@127.0.0.1:${sshd.port}/${shown}`;
    const error: unknown = await withBundle(
      gitOptions(repository, cache, { credentials }),
      async () => undefined,
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'DeployError',
      code: expect.stringMatching(/^(?:CONNECTION|INPUT)$/),
    });
    expect(existsSync(canary)).toBe(false);
  });
  await fc.assert(property, { numRuns: size(10, 25), interruptAfterTimeLimit: 100_000 });
  await expectOnlyOurs();
}, 120_000);

test.each(['ext::sh -c touch% CANARY', 'ext::sh', '--upload-pack=touch CANARY', '-u', 'fd::3'])(
  'P7: %s as repository starts nothing at all',
  async (repository) => {
    await git.forget();
    await open({ repository: repository.replace('CANARY', canary) });
    expect(await git.runs()).toEqual([]);
  },
);

test.each(['--upload-pack=touch CANARY', '-h', 'a b', 'main:run.py', '^main', '--'])(
  'P7: %s as reference starts nothing at all',
  async (reference) => {
    await git.forget();
    await open({ reference: reference.replace('CANARY', canary) });
    expect(await git.runs()).toEqual([]);
  },
);
