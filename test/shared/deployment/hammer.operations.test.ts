/** Three processes that do whatever comes to their minds to one engine, while extractions are asked for all the time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DeployError } from '../../../nodes/shared/errors';
import {
  checkOf,
  deployTo,
  engineVersions,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { makePdf, writeVersion } from '../../support/engine';
import { Crowd } from '../../support/extractions';

const EXTRACTIONS = Number(process.env.HOT_DEPLOY_EXTRACTIONS ?? 400);
const PROCESSES = 3;
const VERSIONS = 4;
/** Somebody else has the lock, there is nothing to go back to, or extractions run: an answer like any other. */
const EXPECTED = ['LOCKED', 'NOT_FOUND', 'CHECK'];
const TIMEOUT_MS = 600_000;

const make = temporaryDirectories();
const seed = Number(process.env.HOT_DEPLOY_FUZZ_SEED ?? Date.now() % 1_000_000);

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function numbersFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type Operation = (base: string, source: string) => Promise<unknown>;

const OPERATIONS: Record<string, Operation> = {
  deploy: (base, source) => deployTo(base, source, { lockWaitSeconds: 60, deployUnchanged: true }),
  refused: (base, source) =>
    deployTo(base, source, { lockWaitSeconds: 60, checks: [checkOf({ command: 'false' })] }),
  rollBack: (base) => rollBackTo(base, { target: 'previous' }, { lockWaitSeconds: 60 }),
  detach: (base) => detachAt(base, { lockWaitSeconds: 60 }),
  detachPatiently: (base) => detachAt(base, { lockWaitSeconds: 60, extractionWaitSeconds: 1 }),
};

test(
  `P1, P2: none of ${EXTRACTIONS} extractions fails or mixes while ${PROCESSES} processes deploy, roll back and detach`,
  async () => {
    process.stderr.write(`three processes: seed ${seed} (HOT_DEPLOY_FUZZ_SEED=${seed})\n`);
    const pdf = join(await make('pdf'), 'contract.pdf');
    await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
    const [base, ...sources] = await engineVersions(make, ...Array<string>(VERSIONS + 1).fill('base'));
    await Promise.all(sources.map((source, index) => writeVersion(source, `v${index}`)));
    const crowd = new Crowd({ basePath: base, pdf, total: EXTRACTIONS, atOnce: 4, pauseSeconds: 0.05 });
    const done: Record<string, number> = {};
    let ended = false;
    const unexpected: string[] = [];
    const work = async (random: () => number) => {
      while (!ended) {
        const names = Object.keys(OPERATIONS);
        const name = names[Math.floor(random() * names.length)];
        const source = sources[Math.floor(random() * sources.length)];
        const outcome = await OPERATIONS[name](base, source).then(
          () => 'done',
          (error: unknown) => {
            if (!(error instanceof DeployError) || !EXPECTED.includes(error.code))
              unexpected.push(String(error));
            return error instanceof DeployError ? error.code : 'error';
          },
        );
        done[`${name} ${outcome}`] = (done[`${name} ${outcome}`] ?? 0) + 1;
      }
    };
    const workers = Array.from({ length: PROCESSES }, (_, index) => work(numbersFrom(seed + index)));
    const { failed, mixed } = await crowd.end();
    ended = true;
    await Promise.all(workers);
    process.stderr.write(`${JSON.stringify(done)}\n`);
    expect({ failed, mixed, unexpected }).toEqual({ failed: [], mixed: [], unexpected: [] });
  },
  TIMEOUT_MS,
);
