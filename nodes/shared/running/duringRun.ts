import { createHash, randomBytes } from 'node:crypto';

import type { ResultOf } from '../contract/verbs';
import type { ExecutorClient } from '../executor/client';
import type { RunFacts } from '../run/ending';
import { otherRun } from '../run/refusals';
import type { RunRequest } from '../run/request';
import { closing, type Opened, openDirectory, type OpenRun } from './runDirectory';

/** A release that stays for as long as the conversation does, and what else is known of the engine before a run. */
export type Held = ResultOf<'holdRelease'>;

/** Seconds between asking the processes of a run to end, and ending them. */
const GRACE_SECONDS = 5;

/**
 * Runs the engine once: gives it its input, waits for its end, and has `use` read what it put out, which goes after that.
 * How it ended is not judged.
 */
export async function duringRun<T, H = Held>(
  client: ExecutorClient,
  request: RunRequest,
  held: Promise<H>,
  use: (run: OpenRun, facts: RunFacts, held: H) => Promise<T>,
): Promise<T> {
  // What keeps the input from being sent is told first.
  held.catch(() => undefined);
  const run: OpenRun = { client, request, id: randomBytes(8).toString('hex'), digest: digestOf(request) };
  const opened = await openDirectory(run);
  if (opened.state === 'another') throw otherRun(request.runKey);
  try {
    const [known, facts] = await Promise.all([held, start(run, opened)]);
    return await use(run, facts, known);
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
      ...(request.replay && { replay: request.replay }),
      ...(request.recordInputs && { record: request.recordInputs }),
      shown: request.onOutput !== undefined,
    },
    { background: true, onOutput: request.onOutput },
  );
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
