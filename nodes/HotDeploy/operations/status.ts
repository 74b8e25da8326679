import type { IDataObject } from 'n8n-workflow';

import { statusHints } from '../../n8n/hints';
import { readEngine } from '../../n8n/parameters';
import type { ItemContext } from '../../n8n/runItems';
import { getStatus } from '../../shared/status';

/** Get Status: what is live, and whether all is well with it. */
export async function readStatus({ read, node, connect }: ItemContext): Promise<IDataObject> {
  const options = readEngine(read, node, 'status');
  const status = await getStatus(await connect(), options);
  node.addExecutionHints(...statusHints(status));
  return { ...status } as unknown as IDataObject;
}
