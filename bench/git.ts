/** What bringing a commit that changes one file takes: ours, a full clone, and a kept clone with `git fetch`. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceDescription } from '../nodes/shared/contract/records';
import { openGit } from '../nodes/shared/git/commitSource';
import { DEFAULT_SELECTION } from '../nodes/shared/source/bundle';
import { type GitHttp, startGitHttp } from '../test/support/gitHttp';
import { GitRepository } from '../test/support/gitRepositories';
import { runHere } from './host';
import { type Spread, spread } from './statistics';
import { timed } from './way';

const FILES = 2000;
const COMMITS = 2000;
/** Bytes of each file: text that compression makes smaller, as source code. */
const FILE_BYTES = 2000;

/** One way of having the files of a new commit at hand. */
export interface GitWay {
  name: string;
  /** Milliseconds. */
  times: Spread;
  /** Bytes over HTTP, both directions together. */
  bytes: Spread;
}

export interface GitTimes {
  files: number;
  commits: number;
  rounds: number;
  ways: GitWay[];
}

/** Measures all ways round by round, each after one more commit to the same repository. */
export async function measureGit(directory: string, rounds: number): Promise<GitTimes> {
  const root = await mkdtemp(join(directory, 'git-'));
  const repository = GitRepository.create(join(root, 'engine.git'));
  repository.commitAll(history());
  const http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
  try {
    const ways = await prepare(http, root);
    const measured = ways.map(({ name }) => ({ name, times: [] as number[], bytes: [] as number[] }));
    for (let round = 0; round < rounds; round++) {
      repository.commit({ [pathOf(round)]: contentOf(COMMITS + round) });
      for (const [index, { bring }] of ways.entries()) {
        http.forget();
        measured[index].times.push(await timed(bring));
        measured[index].bytes.push(http.bytes());
      }
    }
    return {
      files: FILES,
      commits: COMMITS,
      rounds,
      ways: measured.map(({ name, times, bytes }) => ({ name, times: spread(times), bytes: spread(bytes) })),
    };
  } finally {
    await http.close();
  }
}

interface Preparation {
  name: string;
  bring: () => Promise<void>;
}

async function prepare(http: GitHttp, root: string): Promise<Preparation[]> {
  const url = `${http.url}engine.git`;
  const kept = join(root, 'kept.git');
  await runHere('git', ['clone', '--quiet', '--bare', url, kept]);
  const warm = join(root, 'warm');
  let live = await ours(url, warm);
  return [
    { name: 'Hot Deploy', bring: async () => void (live = await ours(url, warm, live)) },
    {
      name: 'Hot Deploy, empty cache',
      bring: async () => void (await inNew(root, (cold) => ours(url, cold))),
    },
    {
      name: 'git fetch, git archive',
      bring: async () => {
        await runHere('git', ['-C', kept, 'fetch', '--quiet', 'origin', '+main:main']);
        await inNew(root, (target) => unpack(kept, target));
      },
    },
    {
      name: 'full clone, git archive',
      bring: () =>
        inNew(root, async (target) => {
          await runHere('git', ['clone', '--quiet', '--bare', url, join(target, 'clone.git')]);
          await unpack(join(target, 'clone.git'), target);
        }),
    },
  ];
}

/** Opens what `main` is now as a bundle, every file of it hashed. */
async function ours(
  url: string,
  cache: string,
  live?: SourceDescription,
): Promise<SourceDescription | undefined> {
  const selection = { ...DEFAULT_SELECTION, include: ['src/**', 'run.py'] };
  const source = await openGit({
    repository: url,
    reference: 'main',
    subdirectory: '',
    selection,
    cache,
    allowFile: () => undefined,
  });
  try {
    await source.open(live);
    return source.version;
  } finally {
    await source.close();
  }
}

async function unpack(repository: string, target: string): Promise<void> {
  const archive = join(target, 'files.tar');
  await runHere('git', ['-C', repository, 'archive', '--output', archive, 'main', 'src', 'run.py']);
  await runHere('tar', ['-xf', archive, '-C', target]);
}

async function inNew<T>(root: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(root, 'new-'));
  await mkdir(directory, { recursive: true });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function* history(): Generator<Record<string, string>> {
  const first = Array.from({ length: FILES }, (_, index) => [pathOf(index), contentOf(index)]);
  yield { 'run.py': 'print("run")\n', ...Object.fromEntries(first) };
  for (let index = 1; index < COMMITS; index++) yield { [pathOf(index * 7)]: contentOf(index * 31) };
}

function pathOf(index: number): string {
  const file = index % FILES;
  return `src/package${file % 40}/module${file}.py`;
}

/** The same for the same number, in every run. */
function contentOf(seed: number): string {
  let text = '';
  for (let line = 0; text.length < FILE_BYTES; line++) text += `value_${line} = ${Math.sin(seed + line)}\n`;
  return text;
}
