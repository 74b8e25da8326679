import { engineOptions } from '../../n8n/engineFields';
import { moreRunsHints, unseenRunsHints } from '../../n8n/hints';
import { basePath, locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { getRuns as listRuns } from '../../shared/operations/getRuns';

/** One output item for each run that is there now, the oldest first. */
export const getRuns: Operation = {
  value: 'getRuns',
  name: 'Get Many Runs',
  description:
    'The runs that are there now: of which release, since when, what they cost and who started them',
  action: 'Get many runs',
  changes: false,
  fields: locationFields,
  options: engineOptions,
  async run({ node, read, connect }) {
    const { runs, count, unseen } = await listRuns(await connect(), basePath.read(read));
    node.addExecutionHints(...moreRunsHints(runs.length, count), ...unseenRunsHints(unseen));
    return runs.map((run) => ({ ...run }));
  },
};
