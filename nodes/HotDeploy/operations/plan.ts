import type { IDataObject } from 'n8n-workflow';

import { openSource } from '../../common/bundleParameters';
import { planHints } from '../../common/hints';
import type { ItemContext } from '../../common/runItems';
import { connectAnd } from '../../common/sideBySide';
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
