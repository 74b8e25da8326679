import type { IDataObject } from 'n8n-workflow';

import { openSource } from '../../n8n/bundleParameters';
import { hintsFor } from '../../n8n/hints';
import { lookAtN8n, n8nField } from '../../n8n/n8nProcess';
import { readOptions, readSelection, readSwitch } from '../../n8n/parameters';
import { progressOf } from '../../n8n/progress';
import { reporting } from '../../n8n/report';
import type { ItemContext } from '../../n8n/runItems';
import { connectAnd } from '../../n8n/sideBySide';
import { asWanted, switchItem } from '../../n8n/switchItem';
import { readFlag, readText } from '../../n8n/values';
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
