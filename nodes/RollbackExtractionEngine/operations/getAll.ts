import type { IDataObject } from 'n8n-workflow';

import { readLocation } from '../../n8n/parameters';
import type { ItemContext } from '../../n8n/runItems';
import { listReleases } from '../../shared/releases';

/** Get Many Releases: one output item for each release that is kept, newest first. */
export async function getManyReleases({ read, connect }: ItemContext): Promise<IDataObject[]> {
  const client = await connect();
  const { basePath } = readLocation(read);
  const { releases } = await listReleases(client, basePath);
  const { host } = client.connection;
  return releases.map((release) => ({ host, basePath, ...release }));
}
