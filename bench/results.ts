import type { ConnectionTimes } from './connections';
import type { GitTimes } from './git';
import type { LauncherTimes } from './launcher';
import type { Memory } from './memory';
import type { ServiceTimes } from './services';
import type { Spread } from './statistics';
import type { ExtractionsSaw, ReadersSaw } from './switches';
import type { Times } from './times';

/** Everything one run measured; what was not asked for is absent. */
export interface Results {
  startedAt: string;
  machine: Machine;
  times?: Times[];
  readers?: ReadersSaw;
  extractions?: { saw: ExtractionsSaw; flip: Spread };
  launcher?: LauncherTimes;
  memory?: Memory;
  git?: GitTimes;
  connections?: ConnectionTimes[];
  services?: ServiceTimes[];
}

/** Where the run took place, and how busy it was there: the load averages of the last minute. */
export interface Machine {
  processors: number;
  model: string;
  node: string;
  loadBefore: number;
  loadAfter?: number;
}
