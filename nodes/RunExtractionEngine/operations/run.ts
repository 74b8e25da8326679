import type { GenericValue } from 'n8n-workflow';

import type { ItemContext } from '../../n8n/item';
import {
  basePath,
  commandTimeoutSeconds,
  containerCommand,
  locationFields,
  python,
  silenceSeconds,
} from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { whoAsks } from '../../n8n/whoAsks';
import { DeployError } from '../../shared/errors';
import { runWithRetries } from '../../shared/operations/attempts';
import type { RunRequest } from '../../shared/run/request';
import { holding } from '../holding';
import { boundOptions, isPinnedAsBatch, readBounds, readLanes } from '../fields/bounds';
import { inputFields, readInput } from '../fields/input';
import { filesInto, outputFields, readWanted } from '../fields/output';
import { readSecrets } from '../fields/secrets';
import { readStart, startFields } from '../fields/start';

/** Runs the engine for each item. */
export const run: Operation = {
  value: 'run',
  name: 'Run Extraction',
  description: 'Run the engine: pinned to one release, bounded, and observed to its end',
  action: 'Run an extraction',
  changes: true,
  fields: [...locationFields, ...startFields, ...inputFields, ...outputFields],
  options: [commandTimeoutSeconds, containerCommand, python, silenceSeconds, ...boundOptions],
  lanes: readLanes,
  async run(item) {
    const request = await readRequest(item);
    const way = { connect: item.share, hold: holding(item, request, isPinnedAsBatch(item.read)) };
    try {
      const result = await runWithRetries(way, request, () => filesInto(item));
      return { ...result, output: result.output as GenericValue };
    } finally {
      // A last line may have no end.
      request.onOutput?.('\n');
    }
  },
};

async function readRequest(item: ItemContext): Promise<RunRequest> {
  const { node, read } = item;
  const where = basePath.read(read);
  const [input, secrets] = [readInput(item), await readSecrets(item)];
  if (secrets.secretsOnStdin && input.kind === 'content' && input.pass === 'stdin') {
    throw new DeployError('INPUT', 'Both the input and the secrets are to come on standard input.', {
      description: 'Pass the input as a file, or the secrets in the environment: Pass As of the credential.',
    });
  }
  const show = progressOf(node, where);
  return {
    basePath: where,
    ...readStart(read),
    input,
    wanted: readWanted(read),
    holder: whoAsks(node, 'run'),
    ...secrets,
    ...readBounds(read),
    onOutput:
      node.getMode() === 'manual' ? (text) => show({ step: 'Run', phase: 'output', text }) : undefined,
  };
}
