/** Three processes that do whatever comes to their minds to one engine, while extractions are asked for all the time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DeployError } from '../../../nodes/shared/errors';
import { changedPython } from '../../support/changedPython';
import {
  checkOf,
  deployTo,
  engineVersions,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { wantedPinning } from '../../support/deployedPinning';
import { detachAt } from '../../support/detaching';
import { makePdf, writeVersion } from '../../support/engine';
import { Crowd } from '../../support/extractions';

const EXTRACTIONS = Number(process.env.HOT_DEPLOY_EXTRACTIONS ?? 200);
const PROCESSES = 3;
const VERSIONS = 4;
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

type Operation = (base: string, source: string, python: string) => Promise<unknown>;

const WAITING = { lockWaitSeconds: 60 };

const OPERATIONS: Record<string, Operation> = {
  deploy: (base, source, python) =>
    deployTo(base, source, { ...WAITING, ...wantedPinning(), deployUnchanged: true }, { python }),
  refused: (base, source, python) =>
    deployTo(
      base,
      source,
      { ...WAITING, ...wantedPinning(), checks: [checkOf({ command: 'false' })] },
      { python },
    ),
  rollBack: (base, _source, python) => rollBackTo(base, { target: 'previous' }, WAITING, { python }),
  detach: (base, _source, python) => detachAt(base, WAITING, { python }),
  detachPatiently: (base, _source, python) =>
    detachAt(base, { ...WAITING, extractionWaitSeconds: 1 }, { python }),
};

/** An interpreter that takes its time between two exchanges of names, so that many a run begins there. */
async function slowPython(): Promise<string> {
  return changedPython(
    await make('python'),
    'python',
    `import ctypes, time
class Library(ctypes.CDLL):
    def __getattr__(self, name):
        found = super().__getattr__(name)
        if name == 'renameat2':
            def found(*arguments, exchange=found):
                time.sleep(0.1)
                return exchange(*arguments)
            self.__dict__[name] = found
        return found
ctypes.CDLL = Library`,
  );
}

test(
  `P1, P2: none of ${EXTRACTIONS} extractions fails or mixes while ${PROCESSES} processes deploy, roll back and detach`,
  async () => {
    process.stderr.write(`three processes: seed ${seed} (HOT_DEPLOY_FUZZ_SEED=${seed})\n`);
    const pdf = join(await make('pdf'), 'contract.pdf');
    await writeFile(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
    const [base, ...sources] = await engineVersions(make, ...Array<string>(VERSIONS + 1).fill('base'));
    await Promise.all(sources.map((source, index) => writeVersion(source, `v${index}`)));
    const crowd = new Crowd({ basePath: base, pdf, total: EXTRACTIONS, atOnce: 4, pauseSeconds: 0.1 });
    const done: Record<string, number> = {};
    let ended = false;
    const python = await slowPython();
    const work = async (random: () => number) => {
      while (!ended) {
        const names = Object.keys(OPERATIONS);
        const name = names[Math.floor(random() * names.length)];
        const source = sources[Math.floor(random() * sources.length)];
        const outcome = await OPERATIONS[name](base, source, python).then(
          () => 'done',
          (error: unknown) => {
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
    expect({ failed, mixed }).toEqual({ failed: [], mixed: [] });
  },
  TIMEOUT_MS,
);
