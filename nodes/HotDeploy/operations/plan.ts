import type { IDataObject } from 'n8n-workflow';

import { openSource } from '../../n8n/bundleParameters';
import { planHints } from '../../n8n/hints';
import type { ItemContext } from '../../n8n/runItems';
import { connectAnd } from '../../n8n/sideBySide';
import { planDeployment } from '../../shared/plan';
import { readDeploy } from './deploy';

/** Plan Deployment: what deploying the source would do. */
export async function planRelease(item: ItemContext): Promise<IDataObject> {
  const options = await readDeploy(item, 'plan');
  const [client, source] = await connectAnd(item, options, () => openSource(item, options.selection));
  try {
    const plan = await planDeployment(client, source, options);
    item.node.addExecutionHints(...planHints(plan));
    return { ...plan } as unknown as IDataObject;
  } finally {
    await source.close();
  }
}
