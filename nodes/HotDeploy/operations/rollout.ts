import type { IDataObject } from 'n8n-workflow';

import { engineOptions, entrypoint, readEngine } from '../../n8n/engineFields';
import { rolloutHints } from '../../n8n/hints';
import type { ItemContext } from '../../n8n/item';
import { basePath, locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { report, reportRollout } from '../../n8n/report';
import { endRollout } from '../../shared/operations/endRollout';
import { getRollout as askForRollout, type RolloutStatus } from '../../shared/operations/getRollout';

/** The output, with what people should know of it. */
async function told(item: ItemContext, found: RolloutStatus): Promise<IDataObject> {
  item.node.addExecutionHints(...rolloutHints(found));
  const unstored = await reportRollout(item, found);
  if (unstored) item.node.logger.warn(`The report could not be stored: ${unstored.message}`);
  return { ...found };
}

/** How a release that is watched after its switch does. */
export const getRollout: Operation = {
  value: 'getRollout',
  name: 'Get Rollout',
  description: 'How the release does that is watched after its switch, or how that ended',
  action: 'Get the rollout of an engine',
  changes: false,
  fields: locationFields,
  options: [...engineOptions, report],
  async run(item) {
    const found = await askForRollout(await item.connect(), basePath.read(item.read));
    return told(item, found);
  },
};

/** Decides in the place of the process that watches. */
function deciding(decision: 'promote' | 'abort'): Operation['run'] {
  return async (item) => {
    const { node, signal } = item;
    const engine = readEngine(item);
    const options = { ...engine, onStep: progressOf(node, engine.basePath), signal };
    const found = await endRollout(await item.connect(), decision, options);
    return told(item, found);
  };
}

export const promote: Operation = {
  value: 'promote',
  name: 'Promote Release',
  description: 'Confirm the release that is watched after its switch, without waiting any longer',
  action: 'Promote a release',
  changes: true,
  fields: [...locationFields, entrypoint],
  options: [...engineOptions, report],
  run: deciding('promote'),
};

export const abort: Operation = {
  value: 'abort',
  name: 'Abort Rollout',
  description:
    'Go back from the release that is watched after its switch to the one that was confirmed before',
  action: 'Abort a rollout',
  changes: true,
  fields: [...locationFields, entrypoint],
  options: [...engineOptions, report],
  run: deciding('abort'),
};
