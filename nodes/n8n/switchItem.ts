import type { IDataObject } from 'n8n-workflow';

import type { SwitchResult } from '../shared/release/result';
import { flag, type ReadParameter } from './field';

/** Whether the output of an operation that switches is what people read, or all of it. */
export const simplify = flag({
  displayName: 'Simplify',
  name: 'simplify',
  default: true,
  description:
    'Whether to return a simplified version of the output: what is live, from where, what changed and which checks passed, without how it was done',
});

/** What a simplified output keeps, under the names and in the shapes that the full one has. */
export const SIMPLIFIED = [
  'status',
  'host',
  'basePath',
  'release',
  'previousRelease',
  'source',
  'changes',
  'checks',
  'backup',
  'durationMs',
] as const;

/** What is only there when somebody has to know of it; never dropped. */
const NOTABLE = [
  'container',
  'service',
  'rollout',
  'waitedMs',
  'complaint',
  'settled',
  'repaired',
  'notices',
  'findings',
] as const;

/** The output of a deployment or rollback: every field is there, `null` where there is nothing to say. */
export function switchItem(result: SwitchResult, n8n: IDataObject): IDataObject {
  const { type, reference = null, commit = null, digest, ...more } = result.source;
  // What a person looks for first comes first.
  const { status, host, container, basePath, release, previousRelease } = result;
  const first = { status, host, ...(container && { container }), basePath, release, previousRelease };
  return {
    ...first,
    ...result,
    source: { type, reference, commit, digest, ...more },
    n8n,
  } as unknown as IDataObject;
}

/**
 * The output as the parameter Simplify wants it. What was asked for, such as n8n's health, stays, and so does what became
 * of packages that were not part of the switch.
 */
export function asWanted(item: IDataObject, read: ReadParameter): IDataObject {
  if (!simplify.read(read)) return item;
  const asked = (item.n8n as IDataObject | undefined)?.health !== undefined ? ['n8n'] : [];
  const aside = (item.dependencies as IDataObject | undefined)?.notice ? ['dependencies'] : [];
  // In place, a run is as it was in the plain directory.
  const way = (item.pinning as IDataObject | undefined)?.way;
  const pinned = way === undefined || way === 'place' ? [] : ['pinning'];
  const kept = [...SIMPLIFIED, ...NOTABLE, ...pinned, ...asked, ...aside].filter((name) => name in item);
  return Object.fromEntries(kept.map((name) => [name, item[name]]));
}
