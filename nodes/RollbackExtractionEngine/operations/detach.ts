import type { IDataObject } from 'n8n-workflow';

import { readEngine, readOptions } from '../../n8n/parameters';
import { progressOf } from '../../n8n/progress';
import type { ItemContext } from '../../n8n/runItems';
import { readCount, readFlag } from '../../n8n/values';
import { detachEngine } from '../../shared/detach';

/** Return to Plain Directory: links and launcher become the files of the live release, as before the first deployment. */
export async function returnToPlain({ node, read, connect, signal }: ItemContext): Promise<IDataObject> {
  const engine = readEngine(read, node, 'detach');
  const { extractionWaitSeconds, withoutPackages, removeHistory } = readOptions(read);
  const result = await detachEngine(await connect(), {
    ...engine,
    extractionWaitSeconds: readCount('Extraction Wait (Seconds)', extractionWaitSeconds, 0, 0),
    withoutPackages: readFlag('Go On Without Packages', withoutPackages, false),
    removeHistory: readFlag('Remove History and Backups', removeHistory, false),
    onStep: progressOf(node, engine.basePath),
    signal,
  });
  const { needed } = result.packages;
  if (needed.length > 0) {
    const list = needed.map(({ name, version }) => `${name}==${version}`).join(', ');
    const message = `The engine now needs these packages from its own interpreter: ${list}.`;
    node.addExecutionHints({ message, type: 'warning', location: 'outputPane' });
  }
  return { ...result } as unknown as IDataObject;
}
