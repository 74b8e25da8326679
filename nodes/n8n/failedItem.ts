import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { DeployError } from '../shared/errors';
import type { DetachResult } from '../shared/operations/detach';
import { RUN_STATUSES, type RunStatus } from '../shared/run/ending';
import type { RunResult } from '../shared/run/runResult';
import type { PlanResult } from '../shared/operations/plan';
import type { RolloutStatus } from '../shared/operations/getRollout';
import type { RepairResult } from '../shared/operations/repair';
import type { StopRunsResult } from '../shared/operations/stopRuns';
import type { SwitchResult } from '../shared/release/result';
import { detailsOf, toNodeError } from './nodeError';

/** What the outputs of operations are made of. */
type Outcome =
  SwitchResult | PlanResult | RepairResult | DetachResult | RunResult | StopRunsResult | RolloutStatus;
const RUN_ENDS = RUN_STATUSES.filter((status) => status !== 'succeeded');
type Names<T> = T extends unknown ? keyof T : never;

/** What a failed item says. `status` is one that nothing that came to its end has: of a run, how that ended. */
interface FailedJson extends IDataObject {
  status: Exclude<RunStatus, 'succeeded'>;
  /** The sentence. */
  error: string;
  /** What to do next, or what the check printed; the sentence where there is no more to say. */
  message: string;
  /** The code, and all of the result that was known by then. */
  details: IDataObject;
}

/**
 * The item of an input that failed, where the node goes on with the others. n8n sends it to the error output, if the node
 * has one, and lays what came in beneath it there.
 */
export function failedItem(
  node: IExecuteFunctions,
  itemIndex: number,
  error: DeployError,
): INodeExecutionData {
  const { message, description } = error;
  const details = detailsOf(error);
  const failed: FailedJson = {
    ...(error.code === 'RUN' && { ...details, code: undefined }),
    status: RUN_ENDS.find((status) => status === details.status) ?? 'failed',
    error: message,
    message: description ?? message,
    details,
  };
  const item: INodeExecutionData = { json: failed, pairedItem: { item: itemIndex } };
  if (node.getNode().onError !== 'continueErrorOutput') return item;
  item.json = { ...insteadOf(node.getInputData()[itemIndex]?.json ?? {}, failed.details), ...failed };
  return markedAsFailed(item, toNodeError(node.getNode(), error, itemIndex));
}

/**
 * Makes n8n take the item for a failed one, whatever its `json` holds. By `json` alone only `error` and `message` pass in
 * every version: before 2.35 a third key sends it to the success output, and since then any but `details` does. `error`
 * of the item itself counts in all of them; but afterwards n8n empties the `json` of items that have it. It copies an item
 * in between, and a copy has no property that is not enumerable. Only where nothing came in (a single step without a
 * trigger) there is no copy: the item is emptied but for its sentence, and still is a failed one.
 */
function markedAsFailed(
  item: INodeExecutionData,
  error: NonNullable<INodeExecutionData['error']>,
): INodeExecutionData {
  return Object.defineProperty(item, 'error', { value: error, writable: true, configurable: true });
}

/** The `status` of what operations put out. */
const STATUSES: Record<Outcome['status'] | FailedJson['status'], true> = {
  attention: true,
  cancelled: true,
  deployed: true,
  detached: true,
  aborted: true,
  failed: true,
  inconclusive: true,
  killed: true,
  none: true,
  planned: true,
  promoted: true,
  repaired: true,
  rolledBack: true,
  sound: true,
  succeeded: true,
  superseded: true,
  timedOut: true,
  stopped: true,
  unchanged: true,
  unknown: true,
  watching: true,
};

/** The names below which operations say what they did; `n8n` is added to what switches. */
const NAMES: Record<Names<Outcome> | 'n8n', true> = {
  adopt: true,
  attempts: true,
  backup: true,
  basePath: true,
  bytesToSend: true,
  changes: true,
  checks: true,
  complaint: true,
  container: true,
  cpuMs: true,
  dependencies: true,
  drift: true,
  durationMs: true,
  exitCode: true,
  files: true,
  findings: true,
  host: true,
  left: true,
  liveSince: true,
  lockedBy: true,
  n8n: true,
  names: true,
  notices: true,
  output: true,
  packages: true,
  peakMemoryMb: true,
  pinning: true,
  planDigest: true,
  previousRelease: true,
  recorded: true,
  release: true,
  releasesInUse: true,
  removed: true,
  repaired: true,
  repeated: true,
  rollout: true,
  runKey: true,
  runs: true,
  service: true,
  settled: true,
  signal: true,
  source: true,
  space: true,
  starts: true,
  status: true,
  stderr: true,
  stdout: true,
  steps: true,
  survivesN8n: true,
  summary: true,
  swap: true,
  unchanged: true,
  unseen: true,
  user: true,
  waitedMs: true,
};

/**
 * What stands above an earlier operation's output that came in, so that nothing of it is taken for this one's: below each
 * of its names what is known of this one, or null. What others put into an item is left alone.
 */
function insteadOf(input: IDataObject, details: IDataObject): IDataObject {
  const { status, basePath } = input;
  if (!(typeof status === 'string' && Object.hasOwn(STATUSES, status) && basePath !== undefined)) return {};
  const names = Object.keys(input).filter((name) => Object.hasOwn(NAMES, name));
  return Object.fromEntries(names.map((name) => [name, details[name] ?? null]));
}
