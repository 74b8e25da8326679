import type { PinningFound, TreeChanges } from '../../contract/facts';
import type { ReleaseId } from '../../contract/names';
import type { Rollout } from '../../contract/rolloutFacts';
import type { ResultOf } from '../../contract/verbs';
import type { DependencyResult } from '../../dependencies/install';
import type { Adoption } from '../adoption';
import type { CheckResult } from '../checks';
import type { ServiceResult } from '../servicePolicy';
import type { Subject } from '../steps';
import type { Unseen } from '../unseen';
import type { Pruned } from './pruned';

/** What was learned as steps were carried out so far. Each step adds to it; nothing is changed. */
export interface Learned {
  /** The release that plain files were copied into. */
  readonly adopted?: ReleaseId;
  /** How names were exchanged, once it is live. */
  readonly adoption?: Adoption;
  /** The new release. */
  readonly made?: ReleaseId;
  /** File name of the archive of what was live. */
  readonly backup?: string;
  /** What the release changes, where only carrying it out tells. */
  readonly changes?: TreeChanges;
  readonly dependencies?: DependencyResult;
  readonly checks: readonly CheckResult[];
  /** Milliseconds that the switch waited for its moment, where it was told to. */
  readonly waitedMs?: number;
  /** Milliseconds that symlink and rename took, once it is switched. */
  readonly switchedMs?: number;
  /** Milliseconds that the new version of a service took to be ready. */
  readonly serviceReadyMs?: number;
  /** What was done for a service, once it was. */
  readonly service?: ResultOf<'switchService'>;
  /** Longest time without anybody who took a connection, once the switch is kept and where it was measured. */
  readonly serviceGapMs?: number;
  /** How runs of it are pinned, once it is kept. */
  readonly pinning?: PinningFound;
  /** How it is watched, where it is. */
  readonly rollout?: Rollout;
  /** Extractions from before an adoption that still run. */
  readonly unpinned?: number;
  /** What may run the engine besides, and can't be seen; absent where there is none. */
  readonly unseen?: Unseen;
  readonly detached?: ResultOf<'detach'>;
  readonly dismantled?: ResultOf<'dismantle'>;
  readonly pruned?: Pruned;
  /** What could not be tidied up. */
  readonly complaint?: string;
}

export const NOTHING_LEARNED: Learned = { checks: [] };

/** How long the switch waited, in the words of the output; nothing where it was not told to. */
export function waitingResult({ waitedMs }: Learned): { waitedMs?: number } {
  return waitedMs === undefined ? {} : { waitedMs };
}

/** What was done for a service, in the words of the output. */
export function serviceResult({ service, serviceReadyMs, serviceGapMs }: Learned): {
  service?: ServiceResult;
} {
  if (service === undefined) return {};
  const { method, milliseconds } = service;
  return {
    service: {
      method,
      ...(serviceReadyMs !== undefined && { readyMs: serviceReadyMs }),
      milliseconds,
      ...(serviceGapMs !== undefined && { gapMs: serviceGapMs }),
    },
  };
}

/** All that was learned, and what one more step adds. */
export function withMore(learned: Learned, { checks = [], ...more }: Partial<Learned> = {}): Learned {
  return { ...learned, ...more, checks: [...learned.checks, ...checks] };
}

/** The id of a release that a step names. A plan that names one before it is made is a defect. */
export function idOf(subject: Subject, { adopted, made }: Learned): ReleaseId {
  const id = subject === 'adopted' ? adopted : subject === 'new' ? made : subject;
  if (id === undefined) throw new TypeError(`the plan names the ${subject} release before it is made`);
  return id;
}
