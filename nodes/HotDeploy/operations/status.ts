import { engineOptions, entrypoint, readEngine } from '../../n8n/engineFields';
import { statusHints } from '../../n8n/hints';
import { locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { getStatus } from '../../shared/operations/status';

/** What is live, and whether all is well with it. */
export const status: Operation = {
  value: 'status',
  name: 'Get Status',
  description: 'What is live since when, from which source, and whether somebody edited it by hand',
  action: 'Get the status of an engine',
  changes: false,
  fields: [...locationFields, entrypoint],
  options: engineOptions,
  async run(item) {
    const found = await getStatus(await item.connect(), readEngine(item));
    item.node.addExecutionHints(...statusHints(found));
    return { ...found };
  },
};
