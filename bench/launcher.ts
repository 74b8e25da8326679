import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { Source } from './fixtures';
import { type Host, runHere } from './host';
import { Ours } from './ours';
import { type Spread, spread } from './statistics';
import { timed } from './way';

const STARTS = 40;

/** Milliseconds of one extraction, started as shown. */
export interface LauncherTimes {
  /** The interpreter with an empty program. */
  bare: Spread;
  /** The engine's program where it lies. */
  direct: Spread;
  /** The same through the launcher. */
  throughLauncher: Spread;
}

/** Compares an extraction through the launcher with the same program started directly. */
export async function measureLauncher(host: Host, directory: string): Promise<LauncherTimes> {
  const root = await mkdtemp(join(directory, 'launcher-'));
  const source = await Source.create(join(root, 'source'), 20);
  const ours = new Ours('hot deploy', host, join(root, 'app'), source.directory, false);
  await ours.deploy();
  const current = join(ours.basePath, 'current');
  const times = { bare: [] as number[], direct: [] as number[], throughLauncher: [] as number[] };
  for (let count = 0; count < STARTS; count++) {
    times.bare.push(await timed(() => runHere(host.python, ['-c', ''])));
    times.direct.push(await timed(() => runHere(host.python, ['run.py'], current)));
    times.throughLauncher.push(await timed(() => runHere(host.python, ['run.py'], ours.basePath)));
  }
  return {
    bare: spread(times.bare),
    direct: spread(times.direct),
    throughLauncher: spread(times.throughLauncher),
  };
}
