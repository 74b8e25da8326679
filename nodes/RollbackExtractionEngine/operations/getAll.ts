import { engineOptions } from '../../n8n/engineFields';
import { basePath, locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { listReleases } from '../../shared/operations/list';

/** One output item for each release that is kept, newest first. */
export const getAll: Operation = {
  value: 'getAll',
  name: 'Get Many Releases',
  description: 'The releases that are kept: what they are, since when, and how many extractions run each',
  action: 'Get many releases',
  changes: false,
  fields: locationFields,
  options: engineOptions,
  async run({ read, connect }) {
    const client = await connect();
    const place = { host: client.connection.host, basePath: basePath.read(read) };
    const { releases } = await listReleases(client, place.basePath);
    return releases.map((release) => ({ ...place, ...release }));
  },
};
