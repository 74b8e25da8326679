import type { IDataObject } from 'n8n-workflow';

import { hintsFor } from '../../n8n/hints';
import { lookAtN8n, n8nField } from '../../n8n/n8nProcess';
import { readOptions, readSwitch } from '../../n8n/parameters';
import { progressOf } from '../../n8n/progress';
import { reporting } from '../../n8n/report';
import type { ItemContext } from '../../n8n/runItems';
import { asWanted, switchItem } from '../../n8n/switchItem';
import { readChoice, readText } from '../../n8n/values';
import { DeployError } from '../../shared/errors';
import { rollBack, type RollbackTarget } from '../../shared/rollback';

/** Roll Back Release: makes an earlier release or a backup the live one. */
export async function rollBackRelease(item: ItemContext): Promise<IDataObject> {
  const { node, itemIndex, read, connect, signal } = item;
  const options = readSwitch(read, node, 'rollback');
  const target = readTarget((name) => node.getNodeParameter(name, itemIndex, '', { extractValue: true }));
  const healthUrl = readText('n8n Health URL', readOptions(read).n8nHealthUrl).trim();
  const before = await lookAtN8n(node, healthUrl);
  const onStep = progressOf(node, options.basePath);
  const result = await reporting(item, async () =>
    rollBack(await connect(), target, { ...options, onStep, signal }),
  );
  node.addExecutionHints(...hintsFor(result));
  return asWanted(switchItem(result, await n8nField(node, before, healthUrl)), read);
}

function readTarget(read: (name: string) => unknown): RollbackTarget {
  const target = readChoice('Target', read('target'), ['previous', 'release', 'backup']);
  if (target === 'release') return { target, release: chosen('Release', read('release')) };
  if (target === 'backup') return { target, backup: chosen('Backup', read('backup')) };
  return { target };
}

function chosen(field: string, value: unknown): string {
  const name = readText(field, value).trim();
  if (name) return name;
  throw new DeployError('INPUT', `${field} is empty. Choose one from the list, or give its name.`);
}
