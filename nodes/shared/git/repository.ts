import { mkdir, rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import { connectSsh } from '../connection/ssh';
import { DeployError, toDeployError } from '../errors';
import { cancelled } from '../source/cancel';
import type { RepositoryAddress } from './address';
import { Refused, TooLong } from './advertised';
import { askServer } from './askServer';
import { type CachePlace, openPlace, ownPlace } from './cache';
import { type GitCredentials, loginFor, secretsOf, sshLoginFor } from './credentials';
import { HelperServer } from './helperServer';
import { answerOf, commandLine, type GitAnswer, GitRefusal, rowsOf, succeeded } from './gitAnswer';
import type { GitCall, GitOption } from './gitArguments';
import { gitEnvironment } from './gitEnvironment';
import { explainGit, soundsDamaged, tooManyNames } from './explain';
import type { FileLock } from './fileLock';
import { type ProgramOptions, type RunningProgram, runProgram, startProgram } from './runProgram';
import type { AdvertisedReference } from './reference';

export interface RepositoryOptions {
  address: RepositoryAddress;
  /** For `file`: the repository's own directory; see `findLocalRepository`. */
  localDirectory?: string | undefined;
  credentials?: GitCredentials | undefined;
  /** Directory of the cache; see `cacheDirectory`. */
  cache: string;
  signal?: AbortSignal | undefined;
}

/** How a run of `git` is set up. */
interface Run {
  /** Lines for its standard input. */
  input?: Iterable<string> | undefined;
  /** Talks to the server; everything else may not. */
  talks?: boolean;
  /** In the cached repository that holds commits only. */
  history?: boolean;
}

/** One fetch; see `fetch.ts`. */
export interface Fetch extends Omit<Run, 'talks'>, Omit<GitCall, 'command' | 'operands'> {
  /** What to fetch, and under which names; without any, what the input says. */
  refspecs?: readonly string[];
  /** A refusal that matches is none to stop at. */
  unless?: RegExp;
}

const FETCH = [
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--no-auto-gc',
] as const;

const NOWHERE = '/nonexistent';

/** One repository, asked and fetched from with the program `git`, and what of it is in the cache. */
export class Repository {
  /** How the repository names what it holds: known once the server has said a name. */
  objectFormat: 'sha1' | 'sha256' = 'sha1';

  private place?: Promise<CachePlace>;
  private history: Promise<void> | undefined;
  private turn: FileLock | undefined;
  /** What is cached can't be read. */
  private damaged = false;
  /** The cache was given up for a place of our own. */
  private anew = false;
  private readonly running = new Set<RunningProgram>();

  private constructor(
    readonly address: RepositoryAddress,
    private readonly helpers: HelperServer,
    private readonly secrets: readonly string[],
    private readonly options: RepositoryOptions,
  ) {}

  /** Talks to nobody yet. */
  static async open(options: RepositoryOptions): Promise<Repository> {
    const { address, credentials, signal } = options;
    const login = address.kind === 'ssh' ? undefined : loginFor(address, credentials);
    const ssh = address.kind === 'ssh' ? sshLoginFor(address, credentials, signal) : undefined;
    const connect = ssh && (() => connectSsh(ssh));
    const helpers = await HelperServer.open({ address, login, connect });
    return new Repository(address, helpers, secretsOf(login), options);
  }

  /** The names that the server has, of those that are asked for, and the commits they lead to. */
  async advertised(names: readonly string[]): Promise<AdvertisedReference[]> {
    const { address, helpers } = this;
    const { localDirectory } = this.options;
    const options = this.programOptions(NOWHERE, { talks: true });
    return askServer({ address, localDirectory, helpers, options }, names);
  }

  /** What `git` prints in the cached repository, row by row as it comes. Throws when it can't do that. */
  async *rows(call: GitCall, end: '\n' | '\0', run: Run = {}): AsyncGenerator<string> {
    const directory = await this.directoryFor(run);
    const program = startProgram(commandLine(call), this.programOptions(directory, run));
    this.remember(program);
    yield* rowsOf(program, end);
  }

  private remember(program: RunningProgram): void {
    this.running.add(program);
    const forget = (): void => void this.running.delete(program);
    program.ended.then(forget, forget);
  }

  /** Runs `git` in the cached repository to its end; gives what it printed. Rejects when it can't do that. */
  async run(call: GitCall, run: Run = {}): Promise<Buffer> {
    return succeeded(await this.attempt(call, run));
  }

  /** Runs `git` in the cached repository to its end, however that is. */
  async attempt(call: GitCall, run: Run = {}): Promise<GitAnswer> {
    return this.git(call, run, await this.directoryFor(run));
  }

  /** Starts `git` in the cached repository; its output is read as it comes. */
  async start(call: GitCall, input: Iterable<string>): Promise<RunningProgram> {
    const directory = await this.directoryFor({});
    const program = startProgram(commandLine(call), this.programOptions(directory, { input }));
    this.remember(program);
    return program;
  }

  /** Does something while nobody else writes to the cached repository. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const { takeTurn } = await this.opened();
    this.turn = await takeTurn();
    try {
      return await work();
    } finally {
      await this.turn.release();
      this.turn = undefined;
    }
  }

  /**
   * Fetches, when it is its turn.
   *
   * @returns whether it went well
   */
  async fetch({ unless, options = [], settings, refspecs = [], ...run }: Fetch): Promise<boolean> {
    const call: GitCall = {
      command: 'fetch',
      settings,
      options: [...FETCH, ...options],
      operands: ['origin', ...refspecs],
    };
    const answer = await this.attempt(call, { ...run, talks: true });
    if (!answer.ok && !unless?.test(answer.said)) throw new GitRefusal(answer);
    return answer.ok;
  }

  /** What is cached can't be read: from the next time on it is fetched anew. */
  async markDamaged(): Promise<void> {
    this.damaged = true;
    await (await this.opened()).markDamaged();
  }

  /**
   * Does something with the cached repository; once more, with everything fetched anew, when what is cached turns out to
   * be damaged: by a machine that lost its power, or by somebody's hand.
   */
  async withCache<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.isOfCache(error)) throw this.explain(error);
    }
    try {
      await this.startAnew();
      return await work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  private isOfCache(thrown: unknown): boolean {
    if (this.anew || this.options.signal?.aborted || this.helpers.refusal) return false;
    return this.damaged || (thrown instanceof GitRefusal && soundsDamaged(thrown.answer.said));
  }

  private async startAnew(): Promise<void> {
    const damaged = await this.opened();
    await damaged.markDamaged();
    await damaged.close();
    this.anew = true;
    this.history = undefined;
    this.place = this.prepared(ownPlace(this.helpers.directory));
  }

  async close(): Promise<void> {
    const programs = [...this.running];
    for (const { stop, stdout } of programs) {
      stop();
      stdout.destroy();
    }
    await Promise.allSettled(programs.map(({ ended }) => ended));
    const place = await this.place?.catch(() => undefined);
    await place?.close();
    await this.helpers.close();
  }

  /** Turns what `git` said into a sentence for a person. */
  explain(thrown: unknown): DeployError {
    if (this.options.signal?.aborted) return cancelled();
    if (this.helpers.refusal) return toDeployError(this.helpers.refusal);
    if (thrown instanceof TooLong) return tooManyNames(this.address);
    if (thrown instanceof Refused) return explainGit(this.address, 128, thrown.message, this.secrets);
    if (!(thrown instanceof GitRefusal)) return toDeployError(thrown);
    const { code, said } = thrown.answer;
    return explainGit(this.address, code, `${this.helpers.complaint}\n${said}`, this.secrets);
  }

  private async directoryFor({ history }: Run): Promise<string> {
    const place = await this.opened();
    if (!history) return place.directory;
    this.history ??= this.make(place.history, this.turn);
    await this.history;
    return place.history;
  }

  private opened(): Promise<CachePlace> {
    this.place ??= this.prepare();
    return this.place;
  }

  private async prepare(): Promise<CachePlace> {
    const { address, cache, credentials } = this.options;
    // What one login may see must not be found by another.
    const key = JSON.stringify([address.url, address.path, credentials ?? null]);
    const own = this.helpers.directory;
    return this.prepared(await openPlace(cache, key, own, this.programOptions(NOWHERE, {})));
  }

  private async prepared(place: CachePlace): Promise<CachePlace> {
    try {
      const turn = await place.takeTurn();
      try {
        await this.make(place.directory, turn);
      } finally {
        await turn.release();
      }
      return place;
    } catch (error) {
      await place.close();
      throw this.explain(error);
    }
  }

  /** Makes a bare repository, or makes sure that it is one. */
  private async make(directory: string, turn: FileLock | undefined): Promise<void> {
    const format: GitOption[] = this.objectFormat === 'sha1' ? [] : ['--object-format=sha256'];
    const init = commandLine({
      command: 'init',
      options: ['--quiet', '--bare', '--template=', ...format],
      operands: [directory],
    });
    const options = { ...this.programOptions(NOWHERE, {}), inherited: turn?.descriptor };
    // A file in its place is none of ours.
    await mkdir(directory, { recursive: true }).catch(() => undefined);
    if ((await answerOf(runProgram(init, options))).ok) return;
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    succeeded(await answerOf(runProgram(init, options)));
  }

  /** What `git` is given. */
  private get url(): string {
    const { localDirectory } = this.options;
    return localDirectory === undefined ? this.address.url : pathToFileURL(localDirectory).href;
  }

  private async git(call: GitCall, run: Run, directory: string): Promise<GitAnswer> {
    return answerOf(runProgram(commandLine(call), this.programOptions(directory, run)));
  }

  private programOptions(directory: string, { input, talks }: Run): ProgramOptions {
    const { settings } = this.helpers;
    const { kind } = this.address;
    const environment = gitEnvironment(process.env, { kind, url: this.url }, settings, {
      directory,
      talks: talks === true,
    });
    const { signal } = this.options;
    return { directory: '/', environment, input, signal, guard: talks, inherited: this.turn?.descriptor };
  }
}
