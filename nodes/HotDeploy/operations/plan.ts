import { engineOptions } from '../../n8n/engineFields';
import { planHints } from '../../n8n/hints';
import type { Operation } from '../../n8n/operation';
import { shared } from '../../n8n/selectionFields';
import { serviceOptions } from '../../n8n/serviceFields';
import { planDeployment } from '../../shared/operations/plan';
import {
  deploymentFields,
  deployUnchanged,
  readDeployment,
  pinning,
  removeOldCode,
  withDeployment,
} from '../deploymentFields';
import { maxFiles, maxSizeMegabytes } from '../source/limitFields';

/** What deploying the source would do. */
export const plan: Operation = {
  value: 'plan',
  name: 'Plan Deployment',
  description: 'What deploying would change, without changing anything',
  action: 'Plan a deployment',
  changes: false,
  fields: deploymentFields,
  options: [
    ...engineOptions,
    deployUnchanged,
    maxFiles,
    maxSizeMegabytes,
    pinning,
    removeOldCode,
    shared,
    ...serviceOptions,
  ],
  async run(item) {
    const options = await readDeployment(item);
    const planned = await withDeployment(item, options, (client, source) =>
      planDeployment(client, source, options),
    );
    item.node.addExecutionHints(...planHints(planned));
    return { ...planned };
  },
};
