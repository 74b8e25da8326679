/**
 * The fault matrix: at every step of the executor, before, inside and after it, everything that can go wrong does, and
 * what is left is judged. `npm run drill` prints it as a table. Arguments: the verbs and faults to drill; none of
 * a kind for all of it.
 */
import { type Outcome, runCell } from './cell';
import { FAULTS } from './faults';
import { Lab } from './lab';
import { cells, checkRows, longest, table } from './matrix';

/** At its first call into the system, in between, and shortly before its end. */
const DEPTHS = [0, 0.3, 0.6, 0.9];

async function main(wanted: string[]): Promise<void> {
  const [verbs, faults] = [checkRows(), FAULTS].map((known) => known.filter((word) => wanted.includes(word)));
  const chosen = cells(
    DEPTHS,
    ({ verb, fault }) =>
      (verbs.length === 0 || verbs.includes(verb)) && (faults.length === 0 || faults.includes(fault)),
  );
  const lab = await Lab.open();
  const outcomes: Outcome[] = [];
  const broken: string[] = [];
  try {
    for (const cell of chosen) {
      const name = `${cell.verb} ${cell.phase}${cell.phase === 'during' ? ` ${cell.depth}` : ''}, ${cell.fault}`;
      try {
        const outcome = await runCell(lab, cell);
        outcomes.push(outcome);
        console.log(`${name}: ${outcome.live}, whole after ${outcome.seconds.toFixed(2)} s`);
      } catch (error) {
        broken.push(`${name}: ${String((error as Error).message)}`);
        console.log(`${name}: NOT WHOLE`);
      }
    }
  } finally {
    await lab.close();
  }
  console.log(`\n${table(outcomes)}\n`);
  for (const fault of FAULTS)
    console.log(`longest after ${fault}: ${longest(outcomes, [fault]).toFixed(2)} s`);
  console.log(`\n${outcomes.length} of ${chosen.length} ended whole and checked.`);
  for (const line of broken) console.log(`\n${line}`);
  if (broken.length > 0) process.exitCode = 1;
}

void main(process.argv.slice(2));
