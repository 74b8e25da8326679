import { checks } from '../../n8n/checkFields';
import { engineOptions, entrypoint } from '../../n8n/engineFields';
import { locationFields } from '../../n8n/locationFields';
import { momentOptions } from '../../n8n/momentFields';
import { n8nHealthUrl } from '../../n8n/n8nProcess';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { report } from '../../n8n/report';
import { serviceFields, serviceOptions } from '../../n8n/serviceFields';
import { simplify } from '../../n8n/switchItem';
import { readSwitch, switched } from '../../n8n/switchOperation';
import { nearWindow } from '../../shared/operations/awaitWindow';
import { rollBack } from '../../shared/operations/rollback';
import { readTarget, targetFields } from '../target';

/** Makes an earlier release or a backup the live one. */
export const rollback: Operation = {
  value: 'rollback',
  name: 'Roll Back Release',
  description: 'Make an earlier release, or the content of a backup, the live one',
  action: 'Roll back a release',
  changes: true,
  fields: [...locationFields, ...targetFields, entrypoint, checks, ...serviceFields, simplify],
  options: [...engineOptions, n8nHealthUrl, report, ...serviceOptions, ...momentOptions],
  async run(item) {
    const { node, read, connect, signal } = item;
    const base = readSwitch(item);
    const target = readTarget(read);
    const options = { ...base, onStep: progressOf(node, base.basePath), signal };
    return switched(item, () => nearWindow(options, async () => rollBack(await connect(), target, options)));
  },
};
