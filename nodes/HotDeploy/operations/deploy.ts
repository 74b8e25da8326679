import { engineOptions } from '../../n8n/engineFields';
import { flag } from '../../n8n/field';
import { n8nHealthUrl } from '../../n8n/n8nProcess';
import type { Operation } from '../../n8n/operation';
import { shared } from '../../n8n/selectionFields';
import { serviceOptions } from '../../n8n/serviceFields';
import { momentOptions } from '../../n8n/momentFields';
import { report } from '../../n8n/report';
import { rolloutOptions } from '../../n8n/rolloutFields';
import { retentionOptions } from '../../n8n/retentionFields';
import { simplify } from '../../n8n/switchItem';
import { awaited } from '../../n8n/awaitedRollout';
import { backupShared, createBackup, switched } from '../../n8n/switchOperation';
import { nearWindow } from '../../shared/operations/awaitWindow';
import { deploy as deploySource } from '../../shared/operations/deploy';
import {
  deploymentFields,
  deployUnchanged,
  expectedDigest,
  planDigest,
  readDeployment,
  pinning,
  removeOldCode,
  withDeployment,
} from '../deploymentFields';
import { maxFiles, maxSizeMegabytes } from '../source/limitFields';

/** Read by the outputs themselves, which n8n asks for before anything runs. */
const notDeployedOutput = flag({
  displayName: 'Not Deployed Output',
  name: 'notDeployedOutput',
  noDataExpression: true,
  default: false,
  description: 'Whether items that changed nothing come out of a second output of their own',
});

/** Makes what the source holds the live release. */
export const deploy: Operation = {
  value: 'deploy',
  name: 'Deploy Release',
  description: 'Bring a new version, check it aside, switch to it, and go back by itself if it is bad',
  action: 'Deploy a release',
  changes: true,
  fields: [...deploymentFields, notDeployedOutput, simplify],
  options: [
    ...engineOptions,
    backupShared,
    createBackup,
    deployUnchanged,
    expectedDigest,
    maxFiles,
    maxSizeMegabytes,
    planDigest,
    pinning,
    removeOldCode,
    shared,
    ...retentionOptions,
    ...serviceOptions,
    ...momentOptions,
    ...rolloutOptions,
    n8nHealthUrl,
    report,
  ],
  async run(item) {
    const options = await readDeployment(item);
    return switched(item, () =>
      nearWindow(options, () =>
        awaited(item, options, () =>
          withDeployment(item, options, (client, source) => deploySource(client, source, options)),
        ),
      ),
    );
  },
};
