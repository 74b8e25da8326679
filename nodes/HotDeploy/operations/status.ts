import type { IDataObject } from 'n8n-workflow';

import { readEngine } from '../../common/parameters';
import type { ItemContext } from '../../common/runItems';
import { getStatus } from '../../shared/status';

/** Get Status: what is live, and whether all is well with it. */
export async function readStatus({ read, node, connect }: ItemContext): Promise<IDataObject> {
  const options = readEngine(read, node, 'status');
  return { ...(await getStatus(await connect(), options)) } as unknown as IDataObject;
}
