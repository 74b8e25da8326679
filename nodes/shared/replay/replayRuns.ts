/** Carries a replay out: the same inputs through two releases, one run after the other. */
import type { BasePath, ReleaseId } from '../contract/names';
import type { Holder } from '../contract/records';
import type { ArgumentsOf, ResultOf } from '../contract/verbs';
import { DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { notStarted } from '../run/refusals';
import type { RunRequest, StartKind } from '../run/request';
import { duringRun } from '../running/duringRun';
import { compareRuns } from './compareRuns';
import { type Comparing, comparingOf } from './differences';
import type { InputRuns } from './judgeReplay';
import { observe, type Observed } from './observed';
import { resultOfReplay } from './replayResult';
import {
  type FilesOf,
  type InputFile,
  RECORDED,
  type ReplayResult,
  type ReplaySettings,
} from './replaySettings';

/** Two releases of an engine, and how they are started. */
export interface Replaying {
  readonly basePath: BasePath;
  readonly start: { readonly kind: StartKind; readonly name: string };
  readonly holder: Holder;
  /** Added to that of each run. What is in variables named like a secret is hidden in what they print. */
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: what is plain there. */
  readonly live: ReleaseId | undefined;
  readonly other: ReleaseId;
  /** Whether the other one waits for being switched to. */
  readonly candidate: boolean;
  readonly filesOf?: FilesOf | undefined;
  /** Is told what was done so far. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/**
 * Runs each input through the live release, through it once more, and through the other one, in orders that take turns, and
 * compares what comes out. An input that only the other one does not get through is tried with it once more.
 *
 * @throws DeployError `INPUT` for a pattern that is none or a directory without files, and whatever keeps a run from being
 * started
 */
export async function replay(
  client: ExecutorClient,
  what: Replaying,
  settings: ReplaySettings,
): Promise<ReplayResult> {
  const how = comparingOf(settings);
  const { files, count } = await inputsOf(client, what, settings);
  const until = performance.now() + settings.maxMinutes * 60_000;
  const through: InputRuns[] = [];
  for (const [index, file] of files.entries()) {
    if (performance.now() > until) break;
    what.onProgress?.(`input ${index + 1} of ${files.length}: ${file.name}\n`);
    through.push(await replayInput(client, what, settings, { file, index, how }));
  }
  const unfinished = through.length < files.length;
  return resultOfReplay(through, { settings, available: count, unfinished, unused: how.unused() });
}

/** A file on the engine's side, or one from here. */
type Given = Pick<InputFile, 'name'> & Partial<InputFile>;

async function inputsOf(
  client: ExecutorClient,
  { basePath, filesOf }: Replaying,
  { inputDirectory: directory, binaryFields, maxInputs: most }: ReplaySettings,
): Promise<{ files: readonly Given[]; count: number }> {
  if (directory === '') {
    const carried = filesOf?.(binaryFields) ?? [];
    if (carried.length > 0) return { files: carried.slice(0, most), count: carried.length };
    throw new DeployError('INPUT', 'The item carries no files to replay.', {
      description: 'Let a node before this one fetch some, or name an Input Directory on the engine’s side.',
    });
  }
  const { files, count } = await listed(client, { basePath, directory, most });
  if (files.length > 0) return { files: files.map(([name]) => ({ name })), count };
  throw new DeployError('INPUT', `Input Directory ${directory} has no files to replay.`, {
    description: 'Put some inputs there, on the engine’s side, that runs of the engine have had.',
  });
}

async function listed(
  client: ExecutorClient,
  where: ArgumentsOf<'listInputs'>,
): Promise<ResultOf<'listInputs'>> {
  try {
    return await client.call('listInputs', where);
  } catch (error) {
    const failed = toDeployError(error);
    if (where.directory !== RECORDED || failed.code !== 'INPUT') throw failed;
    throw toDeployError(
      new DeployError('INPUT', `No inputs of runs in ${where.basePath} were recorded yet.`, {
        description: 'Set Record Inputs in the options of Run Extraction, and let some runs go by.',
      }),
    );
  }
}

interface Input {
  readonly file: Given;
  readonly index: number;
  readonly how: Comparing;
}

async function replayInput(
  client: ExecutorClient,
  what: Replaying,
  settings: ReplaySettings,
  { file, index, how }: Input,
): Promise<InputRuns> {
  const run = (isOther: boolean) => runOnce(client, requestFor(what, settings, file, isOther));
  // What is warm the second time is not always the same one's.
  const first = index % 2 === 0 ? await run(false) : undefined;
  const early = first ? undefined : await run(true);
  const live = first ?? (await run(false));
  const other = early ?? (await run(true));
  const again = await run(false);
  const seen = { input: file.name, live: told(live), again: told(again), other: told(other) };
  if (live.status !== 'succeeded' || again.status !== 'succeeded') return seen;
  const { differing: noise } = await compareRuns(live, again, how);
  if (other.status === 'succeeded')
    return { ...seen, noise, found: await compareRuns(live, other, how, noise) };
  const repeated = await run(true);
  const found =
    repeated.status === 'succeeded' ? { found: await compareRuns(live, repeated, how, noise) } : {};
  return { ...seen, noise, repeated: told(repeated), ...found };
}

/** Without what was put out, which may be large. */
function told({ status, why, durationMs, peakMemoryBytes, network }: Observed): Omit<Observed, 'parts'> {
  return {
    status,
    durationMs,
    peakMemoryBytes,
    ...(why !== undefined && { why }),
    ...(network && { network }),
  };
}

function runOnce(client: ExecutorClient, request: RunRequest): Promise<Observed> {
  return duringRun(client, request, Promise.resolve(undefined), (run, facts) => {
    if (facts.failed) throw notStarted(facts.failed, request);
    return observe(run, facts);
  });
}

function requestFor(
  { basePath, start, holder, environment, live, other, candidate }: Replaying,
  settings: ReplaySettings,
  { name, open }: Given,
  isOther: boolean,
): RunRequest {
  return {
    ...{ basePath, start, holder, arguments: settings.arguments },
    input: open ? { kind: 'content', pass: 'file', name, open } : { kind: 'none' },
    // Looked at here: see observed.ts.
    wanted: { kind: 'files', patterns: ['**'] },
    release: isOther ? other : live,
    ...{ workingDirectory: '', environment, secrets: {}, secretsOnStdin: false, runAs: '', runKey: '' },
    ...{
      timeoutSeconds: settings.timeoutSeconds,
      memoryLimitMegabytes: 0,
      engineLimit: settings.engineLimit,
    },
    ...{ repeatable: false, successExitCodes: [0], rules: [], retries: 0, retryOn: [] },
    replay: {
      network: settings.allowNetwork,
      ...(!open && { inputDirectory: settings.inputDirectory, inputName: name }),
      ...(isOther && candidate && { candidate }),
    },
  };
}
