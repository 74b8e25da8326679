import { type Cell, type Outcome, runCell, SILENCE_SECONDS } from '../../drill/cell';
import { type Fault, FAULTS, leavesExecutor } from '../../drill/faults';
import { Lab } from '../../drill/lab';
import { cells, checkRows, longest } from '../../drill/matrix';
import { ROWS } from '../../drill/scenarios';
import { withoutInstallerSettings } from '../support/wheels';

// A part of what `npm run drill` goes through, chosen so that every step meets faults before, inside and after it,
// and the steps that change what is live meet all of them.
withoutInstallerSettings();
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

const SWITCHING = ['adopt', 'flip', 'confirm'];
const CHEAP: Fault[] = ['cancel', 'executor SIGKILL'];

function inCi({ verb, phase, fault }: Cell): boolean {
  if (verb === 'environment') return CHEAP.includes(fault) && phase === 'during';
  if (SWITCHING.includes(verb)) return phase === 'during' || CHEAP.includes(fault);
  if (phase === 'during') return CHEAP.includes(fault) || (fault === 'power loss' && verb !== 'probe');
  return fault === (phase === 'before' ? 'executor SIGKILL' : 'cancel');
}

test('every verb of the executor has a row, and every row is a verb', () => {
  expect(checkRows().sort()).toEqual(Object.keys(ROWS).sort());
});

const outcomes: Outcome[] = [];

test.each(cells([0.6], inCi))(
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
