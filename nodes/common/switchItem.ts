import type { IDataObject } from 'n8n-workflow';

import type { SwitchResult } from '../shared/release/result';

/** The output of a deployment or rollback: every field is there, `null` where there is nothing to say. */
export function switchItem(result: SwitchResult, n8n: IDataObject): IDataObject {
  const { type, reference = null, commit = null, digest, ...more } = result.source;
  // What a person looks for first comes first.
  const { status, host, basePath, release, previousRelease } = result;
  const first = { status, host, basePath, release, previousRelease };
  return {
    ...first,
    ...result,
    source: { type, reference, commit, digest, ...more },
    n8n,
  } as unknown as IDataObject;
}
