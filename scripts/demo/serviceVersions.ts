/** Versions of the sample engine that have its service, too. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

import { materialiseEngine, writeVersion } from '../../test/support/engine';

/** Writes a version with `src/service.py`; `label` is what its answers show. */
export async function writeServiceVersion(version: string, directory: string, label: string): Promise<void> {
  await materialiseEngine(version, directory);
  await copyFile(join(__dirname, 'service.py'), join(directory, 'src/service.py'));
  await writeVersion(directory, label);
}

/** What the shipped workflow deploys, as later versions: 6 can't be imported, and 7 has lost a block. */
export async function writeLaterVersions(directory: string): Promise<void> {
  const labels = { v2: '5', 'broken-import': '6', 'fails-check': '7', v4: '8' };
  for (const [version, label] of Object.entries(labels)) {
    await writeServiceVersion(version, join(directory, version), label);
  }
}
