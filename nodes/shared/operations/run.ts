import { type DeployError, toDeployError } from '../errors';
import type { ExecutorClient } from '../executor/client';
import { placeOf } from '../release/place';
import { type Ending, endingOf, type RunFacts } from '../run/ending';
import { duringRun, type Held } from '../running/duringRun';
import type { OpenRun } from '../running/runDirectory';
import { type Collected, collect, endPrinted } from '../running/runOutput';
import { survivesN8n } from '../rollout/rolloutResult';
import { runFailed, notStarted } from '../run/refusals';
import { brokenRule } from '../run/successRule';
import type { RunRequest } from '../run/request';
import type { RunResult, TakeFile } from '../run/runResult';
import { tail } from '../run/tail';

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
  return duringRun(client, request, held, async (run, facts, known) => {
    if (facts.failed) throw notStarted(facts.failed, request);
    return settle(run, facts, known, takeFile);
  });
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
  await count(run, facts, ending);
  const printed = { ...facts, stdout: await endPrinted(run, facts) };
  const result = resultOf(run, printed, held, ending, collected);
  if (ending.status === 'succeeded') return result;
  throw runFailed(ending, result);
}

/** Tells whoever watches the release how its run ended, by the rules of whoever asked for it. */
async function count({ client, request }: OpenRun, facts: RunFacts, { status }: Ending): Promise<void> {
  const { release, inputKey: key } = facts;
  if (key === undefined || !release) return;
  const failed = status === 'cancelled' || status === 'unknown' ? null : status !== 'succeeded';
  // The run is what it is, whether or not it is counted.
  await client.call('countRun', { basePath: request.basePath, release, failed, key }).catch(() => undefined);
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
    ...(request.recordInputs && { recorded: facts.recorded === true }),
  };
}
