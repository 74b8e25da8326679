/** Runs as the node asks for them. Knows nothing of a test: the benchmark asks so, too. */
import type { ExecutorClient } from '../../nodes/shared/executor/client';
import { runWithRetries } from '../../nodes/shared/operations/attempts';
import { holdRelease } from '../../nodes/shared/operations/run';
import type { RunRequest } from '../../nodes/shared/run/request';
import type { RunResult, TakeFile } from '../../nodes/shared/run/runResult';
import type { Held } from '../../nodes/shared/running/duringRun';
import { asBasePath } from './named';

/** A request of a run, as the node makes it by default. */
export function requestOf(base: string, changes: Partial<RunRequest> = {}): RunRequest {
  return {
    basePath: asBasePath(base),
    start: { kind: 'entrypoint', name: 'run.py' },
    arguments: ['say'],
    input: { kind: 'none' },
    wanted: { kind: 'json', place: { from: 'stdout' } },
    holder: { workflow: 'Test', execution: '1' },
    workingDirectory: '',
    environment: {},
    secrets: {},
    secretsOnStdin: false,
    timeoutSeconds: 30,
    memoryLimitMegabytes: 0,
    engineLimit: 0,
    runAs: '',
    runKey: '',
    repeatable: false,
    successExitCodes: [0],
    rules: [],
    retries: 0,
    retryOn: ['failed', 'killed', 'timedOut', 'connection'],
    ...changes,
  };
}

const noFiles: TakeFile = () => Promise.reject(new Error('no file was asked for'));

/** Runs the engine once in a conversation. */
export function runIn(
  client: ExecutorClient,
  base: string,
  words: readonly string[] = ['say'],
  changes: Partial<RunRequest> = {},
  takeFile: TakeFile = noFiles,
): Promise<RunResult> {
  const request = requestOf(base, { arguments: words, ...changes });
  const way = {
    connect: () => Promise.resolve(client),
    hold: async () => ({ held: holdRelease(client, request), pinnedTo: request.release }),
  };
  return runWithRetries(way, request, () => takeFile);
}

/** The text that a run prints, of what is started otherwise. */
export const AS_TEXT: Partial<RunRequest> = { wanted: { kind: 'text' } };

/** A conversation whose further runs ask no more what is live, as the items of an execution. */
export function furtherRuns(client: ExecutorClient, base: string): () => Promise<RunResult> {
  const request = requestOf(base, { arguments: [], ...AS_TEXT });
  let held: Promise<Held> | undefined;
  const hold = async () => ({ held: (held ??= holdRelease(client, request)), pinnedTo: 'held' as const });
  return () => runWithRetries({ connect: async () => client, hold }, request, () => noFiles);
}
