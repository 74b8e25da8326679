import { type Cell, type Outcome, runCell, SILENCE_SECONDS } from '../../drill/cell';
import { type Fault, FAULTS, leavesExecutor } from '../../drill/faults';
import { Lab } from '../../drill/lab';
import { cells, checkRows, longest } from '../../drill/matrix';
import { ROWS } from '../../drill/scenarios';
import { FULL_SIZE } from '../support/size';
import { withoutInstallerSettings } from '../support/wheels';

// Outside of `npm run proof` a part of what `npm run drill` goes through, chosen so that every step meets faults before, inside and after it,
// and the steps that change what is live meet all of them.
withoutInstallerSettings();
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

const SWITCHING = ['adopt', 'flip', 'confirm'];
const CHEAP: Fault[] = ['cancel', 'executor SIGKILL'];

function isChosen({ verb, phase, fault }: Cell): boolean {
  if (FULL_SIZE) return true;
  if (verb === 'environment') return CHEAP.includes(fault) && phase === 'during';
  if (SWITCHING.includes(verb)) return phase === 'during' || CHEAP.includes(fault);
  if (phase === 'during') return CHEAP.includes(fault) || (fault === 'power loss' && verb !== 'probe');
  return fault === (phase === 'before' ? 'executor SIGKILL' : 'cancel');
}

test('every verb of the executor has a row, and every row is a verb', () => {
  expect(checkRows().sort()).toEqual(Object.keys(ROWS).sort());
});

const outcomes: Outcome[] = [];
/** How far into the step: in proof, also at its first call into the system, and shortly before its end. */
const DEPTHS = FULL_SIZE ? [0, 0.3, 0.6, 0.9] : [0.6];

test.each(cells(DEPTHS, isChosen))(
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
