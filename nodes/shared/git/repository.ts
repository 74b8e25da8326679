import { connectSsh } from '../connection/ssh';
import { DeployError, toDeployError } from '../errors';
import type { RepositoryAddress } from './address';
import { openPlace, type CachePlace } from './cache';
import { type GitCredentials, loginFor, sshLoginFor } from './credentials';
import { Doorway } from './doorway';
import { gitEnvironment } from './environment';
import { explainGit } from './explain';
import { type ProgramOptions, type RunningProgram, runProgram, startProgram } from './program';
import type { AdvertisedReference } from './reference';

export interface RepositoryOptions {
  address: RepositoryAddress;
  credentials?: GitCredentials;
  /** Directory of the cache; see `cacheDirectory`. */
  cache: string;
  signal?: AbortSignal;
}

/** How a run of `git` is set up. */
interface Run {
  /** Lines for its standard input. */
  input?: Iterable<string>;
  /** Waits for its turn among those that write to the same repository. */
  writes?: boolean;
  /** Talks to the server; everything else may not. */
  talks?: boolean;
}

/** What `git` could not do, as it said it itself. */
class GitRefusal extends Error {
  constructor(readonly answer: GitAnswer) {
    super(answer.said);
  }
}

/** How a run of `git` ended. */
export interface GitAnswer {
  ok: boolean;
  code: number | null;
  stdout: Buffer;
  /** What it complained about. */
  said: string;
}

/** One repository, asked and fetched from with the program `git`, and what of it is in the cache. */
export class Repository {
  /** How often the server was asked. */
  questions = 0;

  private place?: Promise<CachePlace>;

  private constructor(
    readonly address: RepositoryAddress,
    private readonly doorway: Doorway,
    private readonly options: RepositoryOptions,
  ) {}

  /** Talks to nobody yet. */
  static async open(options: RepositoryOptions): Promise<Repository> {
    const { address, credentials, signal } = options;
    const login = address.kind === 'ssh' ? undefined : loginFor(address, credentials);
    const ssh = address.kind === 'ssh' ? sshLoginFor(address, credentials, signal) : undefined;
    const connect = ssh && (() => connectSsh(ssh));
    return new Repository(address, await Doorway.open({ address, login, connect }), options);
  }

  /** The names that the server has, of those that are asked for, and the commits they lead to. */
  async advertised(names: readonly string[]): Promise<AdvertisedReference[]> {
    const bare = names.filter((name) => !name.endsWith('^{}'));
    const args = ['ls-remote', '--quiet', 'origin', ...bare];
    const said = succeeded(await this.git(args, { talks: true }, '/')).toString('utf8');
    const lines = said.split('\n').filter((line) => line !== '');
    return lines.map((line) => ({ id: line.split('\t')[0], name: line.split('\t')[1] ?? '' }));
  }

  /** Runs `git` in the cached repository to its end; gives what it printed. Rejects when it can't do that. */
  async run(args: readonly string[]): Promise<Buffer> {
    return succeeded(await this.attempt(args));
  }

  /** Runs `git` in the cached repository to its end, however that is. */
  async attempt(args: readonly string[], run: Run = {}): Promise<GitAnswer> {
    const { directory } = await this.opened();
    return this.git(args, run, directory);
  }

  /** Starts `git` in the cached repository; its output is read as it comes. */
  async start(args: readonly string[], input: Iterable<string>): Promise<RunningProgram> {
    const { directory } = await this.opened();
    return startProgram(['git', ...args], this.programOptions(directory, { input }));
  }

  /**
   * Fetches with the given further arguments; `settings` is configuration for this run. See `fetch.ts`.
   *
   * @returns whether it went well; a refusal that matches `unless` is none to stop at, any other rejects
   */
  async fetch(
    args: readonly string[],
    {
      unless,
      input,
      settings = [],
    }: { unless?: RegExp; input?: Iterable<string>; settings?: readonly string[] } = {},
  ): Promise<boolean> {
    const constant = [
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-gc',
    ];
    const configured = settings.flatMap((setting) => ['-c', setting]);
    const command = [...configured, 'fetch', ...constant, ...args];
    const answer = await this.attempt(command, { input, writes: true, talks: true });
    if (!answer.ok && !unless?.test(answer.said)) throw new GitRefusal(answer);
    return answer.ok;
  }

  async close(): Promise<void> {
    await this.doorway.close();
    const place = await this.place?.catch(() => undefined);
    await place?.close();
  }

  /** Turns what `git` said into a sentence for a person. */
  explain(thrown: unknown): DeployError {
    if (this.doorway.refusal) return toDeployError(this.doorway.refusal);
    if (!(thrown instanceof GitRefusal)) return toDeployError(thrown);
    const { code, said } = thrown.answer;
    return explainGit(this.address, code, `${this.doorway.complaint}\n${said}`);
  }

  private opened(): Promise<CachePlace> {
    this.place ??= this.prepare();
    return this.place;
  }

  private async prepare(): Promise<CachePlace> {
    const { cache, credentials } = this.options;
    // What one login may see must not be found by another.
    const key = JSON.stringify([this.address.url, credentials ?? null]);
    const place = await openPlace(cache, key, this.programOptions('/', {}));
    const init = [...place.oneAtATime, 'git', 'init', '--quiet', '--bare', '--template=', place.directory];
    try {
      succeeded(await answerOf(runProgram(init, this.programOptions('/', {}))));
    } catch (error) {
      await place.close();
      throw this.explain(error);
    }
    return place;
  }

  private async git(args: readonly string[], run: Run, directory: string): Promise<GitAnswer> {
    if (run.talks) this.questions += 1;
    const turn = run.writes ? (await this.opened()).oneAtATime : [];
    return answerOf(runProgram([...turn, 'git', ...args], this.programOptions(directory, run)));
  }

  private programOptions(directory: string, { input, talks }: Run): ProgramOptions {
    const environment = gitEnvironment(process.env, this.address, this.doorway.settings, talks === true);
    return { directory, environment, input, signal: this.options.signal };
  }
}

async function answerOf(running: ReturnType<typeof runProgram>): Promise<GitAnswer> {
  const { code, stdout, stderr } = await running;
  return { ok: code === 0, code, stdout, said: stderr };
}

function succeeded(answer: GitAnswer): Buffer {
  if (!answer.ok) throw new GitRefusal(answer);
  return answer.stdout;
}
