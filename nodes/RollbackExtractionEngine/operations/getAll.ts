import { engineOptions } from '../../n8n/engineFields';
import { leftOutHints } from '../../n8n/hints';
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
  async run({ node, read, connect }) {
    const client = await connect();
    const place = { host: client.connection.host, basePath: basePath.read(read) };
    const { releases, counts } = await listReleases(client, place.basePath);
    node.addExecutionHints(...leftOutHints(releases.length, counts.releases));
    return releases.map((release) => ({ ...place, ...release }));
  },
};
