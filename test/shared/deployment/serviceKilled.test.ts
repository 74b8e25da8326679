/** P5, P13: n8n, the executor or `serve.py` is killed at any step of a hand-over. */
import { temporaryDirectories } from '../../support/deployment';
import { drawnNumbers } from '../../support/drawn';
import { POINT_NAMES, type PointName } from '../../support/handOverPoints';
import { type Blow, KilledHandOvers, type Server, type Victim, VICTIMS } from '../../support/killedHandOvers';
import { FULL_SIZE, size } from '../../support/size';

jest.setTimeout(size(600_000, 7_200_000));
const make = temporaryDirectories();
const SERVERS: Server[] = FULL_SIZE ? ['http.server', 'uvicorn'] : ['http.server'];
const TIMES = 20;
/** In which a deployment ends that was let go on. */
const LATEST_MS = 400;

/** From which step on the new version stays, when somebody is killed while the executor stands there. */
const STAYS_FROM: Record<Victim, PointName> = {
  n8n: 'before it is kept',
  'the executor': 'when it is kept',
  'serve.py': 'when it is kept',
};

const chance = (): number => drawnNumbers(LATEST_MS, 1)[0] ?? 0;
/** Outside of proof two of the three are killed at each step, others in each run. */
const SPARED = chance();

function* blows(victim: Victim): Generator<Blow> {
  for (let time = 0; time < (FULL_SIZE ? TIMES : 1); time += 1) {
    for (const [step, point] of POINT_NAMES.entries()) {
      if (!FULL_SIZE && (step + SPARED) % VICTIMS.length === VICTIMS.indexOf(victim)) continue;
      // First while the executor stands still, so that it is known what has to become of it.
      yield time < 2 ? { point, isPatient: (chance() + time) % 2 === 0 } : { point, afterMs: chance() };
    }
  }
}

function whoAnswers(victim: Victim, { point, afterMs }: Blow): unknown {
  if (afterMs !== undefined) return [expect.stringMatching(/^the (old|new) one$/)];
  const stays = POINT_NAMES.indexOf(point) >= POINT_NAMES.indexOf(STAYS_FROM[victim]);
  return [stays ? 'the new one' : 'the old one'];
}

test.concurrent.each(VICTIMS.flatMap((victim) => SERVERS.map((server) => ({ victim, server }))))(
  'P5, P13: $victim is killed at any step of a hand-over ($server): one version answers, and the next deployment goes straight through',
  async ({ victim, server }) => {
    const service = await KilledHandOvers.start(make, server);
    try {
      for (const blow of blows(victim)) {
        expect({ ...blow, ...(await service.strike(victim, blow)) }).toEqual({
          ...blow,
          failed: {},
          answering: whoAnswers(victim, blow),
          // An executor that was killed can't put files back: the next operation decides.
          isCurrent: victim === 'the executor' ? expect.any(Boolean) : true,
          restarts: victim === 'serve.py' ? 1 : 0,
          next: { status: 'deployed', method: 'handOver', answering: ['the next one'] },
        });
      }
    } finally {
      await service.stop();
    }
  },
);
