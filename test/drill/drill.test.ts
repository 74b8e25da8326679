import { type Cell, type Outcome, runCell, SILENCE_SECONDS } from '../../drill/cell';
import { FAULTS, leavesExecutor } from '../../drill/faults';
import { Lab } from '../../drill/lab';
import { cells, checkRows, longest } from '../../drill/matrix';
import { ROWS } from '../../drill/scenarios';
import type { Verb } from '../../nodes/shared/contract/verbs';
import { drawn } from '../support/drawn';
import { FULL_SIZE } from '../support/size';
import { withoutInstallerSettings } from '../support/wheels';
import { withUv } from '../support/withUv';

// Outside of `npm run proof` a part of what `npm run drill` goes through, drawn so that every step meets a fault inside it and one
// before or after it, and the steps that change what is live meet most of them inside.
withoutInstallerSettings();
withUv();
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

const SWITCHING: Verb[] = ['adopt', 'prepareService', 'flip', 'switchService', 'confirm'];
/** Installing packages takes seconds: it is struck once. */
const LONG = 'environment';

/** The cells of one verb that are drilled. */
function chosen(all: readonly Cell[], verb: Verb): Cell[] {
  const own = all.filter((cell) => cell.verb === verb);
  if (FULL_SIZE) return own;
  const inside = own.filter(({ phase }) => phase === 'during');
  const around = own.filter(({ phase }) => phase !== 'during');
  return [...drawn(inside, SWITCHING.includes(verb) ? 4 : 1), ...(verb === LONG ? [] : drawn(around, 1))];
}

test('every verb of the executor has a row, and every row is a verb', () => {
  expect(checkRows().sort()).toEqual(Object.keys(ROWS).sort());
});

const outcomes: Outcome[] = [];
/** How far into the step: in proof, also at its first call into the system, and shortly before its end. */
const DEPTHS = FULL_SIZE ? [0, 0.3, 0.6, 0.9] : [0.6];

const ALL = cells(DEPTHS);

test.each(checkRows().flatMap((verb) => chosen(ALL, verb)))(
  'P2, P3, P5: $verb, $phase it: $fault leaves the engine whole, and the next deployment goes through',
  async (cell) => {
    outcomes.push(await runCell(lab, cell));
  },
);

test('P3: wherever the executor outlives the fault, it has put things right within 10 s', () => {
  const noticed = FAULTS.filter((fault) => leavesExecutor(fault) && fault !== 'silence');
  expect(longest(outcomes, noticed)).toBeLessThan(10);
  expect(longest(outcomes, ['silence'])).toBeLessThan(SILENCE_SECONDS + 10);
});
