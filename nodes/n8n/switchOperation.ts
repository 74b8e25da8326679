import type { IDataObject } from 'n8n-workflow';

import { NO_DEPENDENCIES } from '../shared/dependencies/installOptions';
import type { SwitchOptions } from '../shared/release/options';
import type { SwitchResult } from '../shared/release/result';
import { readChecks } from './checkFields';
import { readEngine } from './engineFields';
import { flag, option } from './field';
import { hintsFor } from './hints';
import type { ItemContext } from './item';
import { itemFiles } from './itemFile';
import { lookAtN8n, n8nField, n8nHealthUrl } from './n8nProcess';
import { reporting } from './report';
import { readMoment } from './momentFields';
import { readRetention } from './retentionFields';
import { readService } from './serviceFields';
import { asWanted, switchItem } from './switchItem';

export const createBackup = option(
  flag({
    displayName: 'Create Backup',
    name: 'createBackup',
    default: true,
    description: 'Whether to keep an archive of what was live, for people and other machines',
  }),
);

export const backupShared = option(
  flag({
    displayName: 'Backup Shared Files',
    name: 'backupShared',
    default: false,
    description:
      'Whether that archive has what is shared, too, such as state and secrets. Going back to a backup never replaces what the host has.',
  }),
);

/** What every operation that switches takes. */
export function readSwitch(
  item: Pick<ItemContext, 'read' | 'node' | 'operation' | 'itemIndex'>,
): Omit<SwitchOptions, 'onStep' | 'signal'> {
  const { read, node } = item;
  return {
    ...readEngine(item),
    ...readRetention(read),
    checks: readChecks(read),
    filesOf: (fields) => itemFiles(item, fields),
    createBackup: createBackup.read(read),
    backupShared: backupShared.read(read),
    service: readService(read),
    moment: readMoment(read, () => node.getTimezone()),
    dependencies: NO_DEPENDENCIES,
  };
}

/** Does what switches releases, says what a person should know of it, and makes the item that the parameters ask for. */
export async function switched(item: ItemContext, work: () => Promise<SwitchResult>): Promise<IDataObject> {
  const { node, read } = item;
  const healthUrl = n8nHealthUrl.read(read);
  const before = await lookAtN8n(node, healthUrl);
  const result = await reporting(item, work);
  node.addExecutionHints(...hintsFor(result));
  return asWanted(switchItem(result, await n8nField(node, before, healthUrl)), read);
}
