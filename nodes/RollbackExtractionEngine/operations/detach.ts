import type { NodeExecutionHint } from 'n8n-workflow';

import { engineOptions, entrypoint, readEngine } from '../../n8n/engineFields';
import { count, flag, option } from '../../n8n/field';
import { hint, unseenHints } from '../../n8n/hints';
import { locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { readTimes, startAndDrain } from '../../n8n/serviceFields';
import { progressOf } from '../../n8n/progress';
import { returnToPlain, type DetachResult } from '../../shared/operations/detach';
import { LEAST_WAIT_SECONDS } from '../../shared/release/options';

const extractionWaitSeconds = option(
  count({
    displayName: 'Extraction Wait (Seconds)',
    name: 'extractionWaitSeconds',
    default: 0,
    typeOptions: { minValue: 0 },
    description: `How long to wait for extractions that run releases; with 0 it is refused while there are any. Once files are exchanged, the wait is ${LEAST_WAIT_SECONDS} s at least, for extractions that start in that instant.`,
  }),
);

const withoutPackages = option(
  flag({
    displayName: 'Go On Without Packages',
    name: 'withoutPackages',
    default: false,
    description:
      'Whether to go on although the engine’s own interpreter lacks packages that the live release has in its environment',
  }),
);

const removeHistory = option(
  flag({
    displayName: 'Remove History and Backups',
    name: 'removeHistory',
    default: false,
    description: 'Whether to remove backups, history and the originals of the adoption, too',
  }),
);

/** Links and launcher become the files of the live release, as before the first deployment. */
export const detach: Operation = {
  value: 'detach',
  name: 'Return to Plain Directory',
  description:
    'Turn links and launcher back into the files of the live release, as before the first deployment',
  action: 'Return an engine to a plain directory',
  changes: true,
  fields: [...locationFields, entrypoint],
  options: [...engineOptions, extractionWaitSeconds, withoutPackages, removeHistory, ...startAndDrain],
  async run(item) {
    const { node, read, connect, signal } = item;
    const engine = readEngine(item);
    const result = await returnToPlain(await connect(), {
      ...engine,
      extractionWaitSeconds: extractionWaitSeconds.read(read),
      withoutPackages: withoutPackages.read(read),
      removeHistory: removeHistory.read(read),
      handOver: readTimes(read),
      onStep: progressOf(node, engine.basePath),
      signal,
    });
    node.addExecutionHints(...detachHints(result), ...unseenHints(result.unseen));
    return { ...result };
  },
};

/** What the engine had in its environment, somebody has to bring now. */
function detachHints({ packages: { needed } }: DetachResult): NodeExecutionHint[] {
  if (needed.length === 0) return [];
  const list = needed.map(({ name, version }) => `${name}==${version}`).join(', ');
  return [hint(`The engine now needs these packages from its own interpreter: ${list}.`, 'warning')];
}
