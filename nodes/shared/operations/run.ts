import { createHash, randomBytes } from 'node:crypto';

import type { ResultOf } from '../contract/verbs';
import { type DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { placeOf } from '../release/place';
import { type Ending, endingOf, type RunFacts } from '../run/ending';
import { closing, type Opened, openDirectory, type OpenRun } from './runDirectory';
import { type Collected, collect, endPrinted } from './runOutput';
import { runFailed, notStarted, otherRun } from '../run/refusals';
import { brokenRule } from '../run/successRule';
import type { RunRequest } from '../run/request';
import type { RunResult, TakeFile } from '../run/runResult';
import { tail } from '../run/tail';

/** A release that stays for as long as the conversation does, and what else is known of the engine before a run. */
export type Held = ResultOf<'holdRelease'>;

/** Seconds between asking the processes of a run to end, and ending them. */
const GRACE_SECONDS = 5;
/** As many characters of an output as an item has where it has the output's value, too. */
const SHOWN = 4000;

/** Keeps the live release, or the one that is named, for all runs of this conversation. Changes nothing. */
export function holdRelease(
  client: ExecutorClient,
  { basePath, release, runAs }: Pick<RunRequest, 'basePath' | 'release' | 'runAs'>,
): Promise<Held> {
  return client.call('holdRelease', { basePath, release: release ?? null, ...(runAs && { runAs }) });
}

/**
 * Runs the engine once: gives it its input, waits for its end, reads its output.
 *
 * @throws DeployError `RUN` for a run that did not succeed, with the result so far as its details; what keeps a run from
 * being started at all throws its own
 */
export async function runEngine(
  client: ExecutorClient,
  request: RunRequest,
  held: Promise<Held>,
  takeFile: TakeFile,
): Promise<RunResult> {
  // What keeps the input from being sent is told first.
  held.catch(() => undefined);
  const run: OpenRun = { client, request, id: randomBytes(8).toString('hex'), digest: digestOf(request) };
  const opened = await openDirectory(run);
  if (opened.state === 'another') throw otherRun(request.runKey);
  try {
    const [known, facts] = await Promise.all([held, start(run, opened)]);
    if (facts.failed) throw notStarted(facts.failed, request);
    return await settle(run, facts, known, takeFile);
  } finally {
    await closing(run, opened);
  }
}

function start({ client, request, id, digest }: OpenRun, opened: Opened): Promise<RunFacts> {
  const { start, basePath, runAs, holder, timeoutSeconds, pinnedTo = request.release } = request;
  return client.call(
    'runEngine',
    {
      ...{ basePath, run: id, start, arguments: request.arguments, holder, timeoutSeconds },
      graceSeconds: GRACE_SECONDS,
      request: digest,
      environment: request.environment,
      secrets: request.secrets,
      ...(pinnedTo === 'held' ? { asHeld: true } : pinnedTo && { release: pinnedTo }),
      ...(runAs && { runAs }),
      ...(request.workingDirectory && { workingDirectory: request.workingDirectory }),
      ...(request.memoryLimitMegabytes > 0 && { memoryBytes: request.memoryLimitMegabytes * 1_000_000 }),
      ...(request.engineLimit > 0 && { engineLimit: request.engineLimit }),
      ...(request.secretsOnStdin && { stdinText: JSON.stringify(request.secrets) }),
      ...(opened.onStdin && { stdinFile: true }),
      shown: request.onOutput !== undefined,
    },
    { background: true, onOutput: request.onOutput },
  );
}

/** What became of a run that was started: its result, or the error that has it. */
async function settle(run: OpenRun, facts: RunFacts, held: Held, takeFile: TakeFile): Promise<RunResult> {
  const { request } = run;
  let ending: Ending = endingOf(facts, request);
  let collected: Collected = { output: null };
  if (facts.state === 'ended') {
    try {
      collected = await collect(run, facts, takeFile);
    } catch (error) {
      const refused = toDeployError(error);
      if (refused.code !== 'RUN') throw refused;
      // An engine that failed prints what it likes.
      if (ending.status === 'succeeded') ending = ofOutput(refused);
    }
  }
  const broken = ending.status === 'succeeded' ? brokenRule(collected.output, request.rules) : undefined;
  if (broken) {
    const { rule, found, remedy } = broken;
    ending = {
      status: 'failed',
      why: `The run ended well, but “${rule.text}” does not hold: there is ${found}.`,
      remedy,
    };
  }
  const printed = { ...facts, stdout: await endPrinted(run, facts) };
  const result = resultOf(run, printed, held, ending, collected);
  if (ending.status === 'succeeded') return result;
  throw runFailed(ending, result);
}

function ofOutput({ message, description }: DeployError): Ending {
  return { status: 'failed', why: message, remedy: description };
}

function resultOf(
  { client, request }: OpenRun,
  facts: RunFacts,
  held: Held,
  ending: Ending,
  { output, text }: Collected,
): RunResult {
  const shownToo = ending.status !== 'succeeded' || request.wanted.kind === 'files' || text === undefined;
  return {
    status: ending.status,
    release: facts.release ?? null,
    exitCode: facts.exitCode ?? null,
    signal: facts.signal ?? null,
    durationMs: facts.durationMs ?? 0,
    cpuMs: facts.cpuMs ?? 0,
    peakMemoryMb: Math.round((facts.peakMemoryBytes ?? 0) / 100_000) / 10,
    attempts: 1,
    output,
    ...(shownToo && { stdout: tail(facts.stdout, SHOWN) }),
    stderr: tail(facts.stderr, SHOWN),
    ...placeOf(client, request.basePath),
    runKey: request.runKey || null,
    pinning: facts.pinning ?? null,
    user: held.user,
    ...(request.runKey && { repeated: facts.repeated === true, survivesN8n: survivesN8n(client, held) }),
    ...(request.engineLimit > 0 && { waitedMs: facts.waitedMs ?? 0 }),
  };
}

/** Whether a run with a key goes on when n8n's process, service or container ends. On another machine nothing is n8n's. */
export function survivesN8n({ connection, container }: ExecutorClient, { survives }: Held): boolean {
  return connection.host !== 'localhost' || container !== undefined || survives;
}

/** By which a key is known to be used for the same run again. Bounds don't count, nor what is secret. */
function digestOf(request: RunRequest): string {
  const { start, input, release, workingDirectory, environment } = request;
  const named = input.kind === 'content' ? [input.pass, input.name] : [];
  const what = [
    start,
    request.arguments,
    named,
    release ?? null,
    workingDirectory,
    Object.entries(environment).sort(),
  ];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}
