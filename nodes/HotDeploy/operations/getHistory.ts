import { engineOptions } from '../../n8n/engineFields';
import { count } from '../../n8n/field';
import { basePath, locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { getHistory as readHistory } from '../../shared/operations/getHistory';

/** As many as one item each can be looked at. */
const MOST = 1000;

const limit = count({
  displayName: 'Limit',
  name: 'limit',
  default: 50,
  typeOptions: { minValue: 1, maxValue: MOST },
  description: 'Max number of results to return',
});

/** One output item for each change of what is live and each attempt that did not stay, newest first. */
export const getHistory: Operation = {
  value: 'getHistory',
  name: 'Get History',
  description: 'What went live or was refused, when, by whom, and how it ended: one item each, newest first',
  action: 'Get the history of an engine',
  changes: false,
  fields: [...locationFields, limit],
  options: engineOptions,
  async run({ read, connect }) {
    const many = Math.min(Math.floor(limit.read(read)), MOST);
    const found = await readHistory(await connect(), basePath.read(read), many);
    return found.map((item) => ({ ...item }));
  },
};
