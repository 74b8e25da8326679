import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { Source } from './fixtures';
import { type Host, runHere } from './host';
import { Ours } from './ours';
import { type Spread, spread } from './statistics';
import { timed } from './way';

const STARTS = 40;
const WAYS = ['place', 'code', 'release'] as const;

/** Milliseconds of one extraction, started as shown. */
export interface LauncherTimes {
  /** The interpreter with an empty program. */
  bare: Spread;
  /** The engine's program where it lies. */
  direct: Spread;
  /** The same through the launcher, in each way of pinning. */
  throughLauncher: Record<PinnedWay, Spread>;
}

export type PinnedWay = (typeof WAYS)[number];

/** Compares an extraction through the launcher with the same program started directly. */
export async function measureLauncher(host: Host, directory: string): Promise<LauncherTimes> {
  const root = await mkdtemp(join(directory, 'launcher-'));
  const source = await Source.create(join(root, 'source'), 20);
  const bases: [PinnedWay, string][] = [];
  for (const way of WAYS) {
    const ours = new Ours('hot deploy', host, join(root, way), source.directory, false, way);
    await ours.deploy();
    bases.push([way, ours.basePath]);
  }
  const current = join(root, WAYS[0], 'current');
  const [bare, direct]: [number[], number[]] = [[], []];
  const launched: Record<PinnedWay, number[]> = { place: [], code: [], release: [] };
  for (let count = 0; count < STARTS; count++) {
    bare.push(await timed(() => runHere(host.python, ['-c', ''])));
    direct.push(await timed(() => runHere(host.python, ['run.py'], current)));
    for (const [way, basePath] of bases)
      launched[way].push(await timed(() => runHere(host.python, ['run.py'], basePath)));
  }
  const { place, code, release } = launched;
  return {
    bare: spread(bare),
    direct: spread(direct),
    throughLauncher: { place: spread(place), code: spread(code), release: spread(release) },
  };
}
