import type { IDataObject } from 'n8n-workflow';

import { openSource } from '../../common/bundleParameters';
import { hintsFor } from '../../common/hints';
import { lookAtN8n, n8nField } from '../../common/n8nProcess';
import { readOptions, readSelection, readSwitch } from '../../common/parameters';
import { progressOf } from '../../common/progress';
import { reporting } from '../../common/report';
import type { ItemContext } from '../../common/runItems';
import { connectAnd } from '../../common/sideBySide';
import { asWanted, switchItem } from '../../common/switchItem';
import { readFlag, readText } from '../../common/values';
import { readDependencies } from '../dependencyParameters';
import { deploy } from '../../shared/deploy';
import type { DeployOptions } from '../../shared/release/options';
import type { SwitchResult } from '../../shared/release/result';

/** The options of a deployment, as the item's parameters have them. */
export async function readDeploy(item: ItemContext, operation: string): Promise<DeployOptions> {
  const { read, node, signal } = item;
  const options = readSwitch(read, node, operation);
  return {
    ...options,
    selection: readSelection(read),
    dependencies: await readDependencies(item),
    deployUnchanged: readFlag('Deploy Unchanged', readOptions(read).deployUnchanged, false),
    expectedDigest: readText('Expected Digest', readOptions(read).expectedDigest).trim() || undefined,
    planDigest: readText('Plan Digest', readOptions(read).planDigest).trim() || undefined,
    onStep: progressOf(node, options.basePath),
    signal,
  };
}

/** Deploy Release: makes what the source holds the live release. */
export async function deployRelease(item: ItemContext): Promise<IDataObject> {
  const { node, read } = item;
  const options = await readDeploy(item, 'deploy');
  const healthUrl = readText('n8n Health URL', readOptions(read).n8nHealthUrl).trim();
  const before = await lookAtN8n(node, healthUrl);
  const result = await reporting(item, () => deploySource(item, options));
  node.addExecutionHints(...hintsFor(result));
  return asWanted(switchItem(result, await n8nField(node, before, healthUrl)), read);
}

async function deploySource(item: ItemContext, options: DeployOptions): Promise<SwitchResult> {
  const [client, source] = await connectAnd(item, options, () => openSource(item, options.selection));
  try {
    return await deploy(client, source, options);
  } finally {
    await source.close();
  }
}
