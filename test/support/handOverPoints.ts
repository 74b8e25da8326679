/** The steps of a hand-over, as the executor goes through them: it can be stopped at each, and whoever is there be killed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Check } from '../../nodes/shared/release/checks';
import { changedPython } from './changedPython';
import { checkOf } from './deployment';
import { stateOf } from './startedRuns';
import { until } from './until';

/** What is about to be said to `serve.py`, or was just heard of it; a check stops the executor itself. */
type Place = { says: string } | { hears: string } | 'check';

export const POINTS = {
  'before it is prepared': { says: 'prepare' },
  'while the new one starts': { hears: 'starting' },
  'when it is ready': { hears: 'ready' },
  'between flip and steering': { says: 'steer' },
  'when it is steered': { hears: 'steered' },
  'while checks run after it': 'check',
  'before it is kept': { says: 'keep' },
  'when it is kept': { hears: 'kept' },
  'while the old one drains': { says: 'update' },
} as const satisfies Record<string, Place>;

export type PointName = keyof typeof POINTS;

export const POINT_NAMES = Object.keys(POINTS) as PointName[];

/** An executor that stops at a point. */
export class StoppingExecutor {
  private constructor(
    readonly python: string,
    /** Belongs to the deployment. */
    readonly check: Check,
    private readonly marker: string,
  ) {}

  /** `directory`: an empty one. */
  static async at(point: PointName, directory: string): Promise<StoppingExecutor> {
    const marker = join(directory, 'reached');
    const place: Place = POINTS[point];
    const python = await changedPython(directory, 'python', place === 'check' ? '' : stopping(place, marker));
    const code = place === 'check' ? stop(marker, 'os.getppid()') : '';
    const check = checkOf({ type: 'python', when: 'after', code, name: 'a look' });
    return new StoppingExecutor(python, check, marker);
  }

  /** Resolves with its process id once it stands still. */
  async reached(): Promise<number> {
    await until(() => this.standing() !== undefined, 120_000);
    return this.standing()!;
  }

  /** Its process id, while it stands still. */
  standing(): number | undefined {
    if (!existsSync(this.marker)) return undefined;
    const pid = Number(readFileSync(this.marker, 'utf8'));
    return stateOf(pid) === 'T' ? pid : undefined;
  }
}

/** Stops the first time only: a switch that is taken back may be handed over once more. */
function stopping(place: Exclude<Place, 'check'>, marker: string): string {
  const [method, text] =
    'says' in place ? ['sendall', `"do": "${place.says}"`] : ['recv', `"event": "${place.hears}"`];
  const look = `    if b'${text}' in data and first:
        first.clear()
        exec(${JSON.stringify(stop(marker, 'os.getpid()'))})`;
  const passedOn = 'plain(self, given, *more)';
  return `import socket
first, plain = [True], socket.socket.${method}
def met(self, given, *more):
    data = ${method === 'sendall' ? 'given' : passedOn}
${look}
    return ${method === 'sendall' ? passedOn : 'data'}
socket.socket.${method} = met`;
}

const stop = (marker: string, pid: string): string => `import os, signal
with open('${marker}.new', 'x') as handle:
    handle.write(str(${pid}))
os.rename('${marker}.new', '${marker}')
os.kill(${pid}, signal.SIGSTOP)
`;
