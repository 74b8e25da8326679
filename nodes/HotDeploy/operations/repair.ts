import { checks } from '../../n8n/checkFields';
import { engineOptions, entrypoint } from '../../n8n/engineFields';
import { flag, neverEmptied, option } from '../../n8n/field';
import { locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { serviceFields, serviceOptions } from '../../n8n/serviceFields';
import { readSwitch } from '../../n8n/switchOperation';
import { repairEngine } from '../../shared/operations/repair';
import { deployUnchanged } from '../deploymentFields';

const dryRun = {
  ...option(
    neverEmptied(
      flag({
        displayName: 'Dry Run',
        name: 'dryRun',
        default: false,
        description: 'Whether to say what would be done, without changing anything',
      }),
    ),
  ),
  after: deployUnchanged,
};

/** Finds what is not as it should be, explains it, and puts right what is ours. */
export const repair: Operation = {
  value: 'repair',
  name: 'Repair Engine',
  description: 'Find what a crash, a full disk or a stray hand left, explain it, and put right what is ours',
  action: 'Repair an engine',
  changes: true,
  fields: [...locationFields, entrypoint, checks, ...serviceFields],
  options: [...engineOptions, dryRun, ...serviceOptions],
  async run(item) {
    const { read, node, connect, signal } = item;
    const options = { ...readSwitch(item), dryRun: dryRun.read(read), signal };
    const onStep = progressOf(node, options.basePath);
    return { ...(await repairEngine(await connect(), { ...options, onStep })) };
  },
};
