import type { IDataObject } from 'n8n-workflow';

import { readOptions, readSwitch } from '../../n8n/parameters';
import { progressOf } from '../../n8n/progress';
import type { ItemContext } from '../../n8n/runItems';
import { readFlag } from '../../n8n/values';
import { repairEngine } from '../../shared/repair';

/** Repair Engine: finds what is not as it should be, explains it, and puts right what is ours. */
export async function repair({ read, node, connect, signal }: ItemContext): Promise<IDataObject> {
  const options = {
    ...readSwitch(read, node, 'repair'),
    dryRun: readFlag('Dry Run', readOptions(read).dryRun, false),
    signal,
  };
  const onStep = progressOf(node, options.basePath);
  return { ...(await repairEngine(await connect(), { ...options, onStep })) } as unknown as IDataObject;
}
