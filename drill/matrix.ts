import type { Verb } from '../nodes/shared/contract/verbs';
import { type Cell, type Outcome } from './cell';
import { FAULTS, type Fault, PHASES } from './faults';
import { ROWS } from './scenarios';
import { executorVerbs } from './verbs';

/** Refuses to drill when a verb has no row, or a row no verb. */
export function checkRows(): Verb[] {
  const verbs = executorVerbs();
  const missing = verbs.filter((verb) => !(verb in ROWS));
  const gone = Object.keys(ROWS).filter((verb) => !verbs.includes(verb as Verb));
  if (missing.length + gone.length > 0) {
    throw new Error(
      `The fault matrix has no row for: ${missing.join(', ')}; rows without a verb: ${gone.join(', ')}`,
    );
  }
  return verbs;
}

/** Every verb, before, during (at each of `depths`) and after, with every fault that `chosen` lets through. */
export function cells(
  depths: number[],
  chosen: (cell: Cell, number: number) => boolean = () => true,
): Cell[] {
  const all: Cell[] = [];
  for (const verb of checkRows()) {
    for (const phase of PHASES) {
      for (const fault of FAULTS) {
        for (const depth of phase === 'during' ? depths : [0]) all.push({ verb, phase, fault, depth });
      }
    }
  }
  return all.filter(chosen);
}

/** The matrix as a table: verb and phase by fault; what is live (o: old, n: new) and the longest seconds to whole. */
export function table(outcomes: Outcome[]): string {
  const header = ['step', 'in', ...FAULTS];
  const drilled = checkRows().filter((verb) => outcomes.some((one) => one.verb === verb));
  const rows = drilled.flatMap((verb) =>
    PHASES.map((phase) => [
      `${verb} ${phase}`,
      ROWS[verb],
      ...FAULTS.map((fault) =>
        square(outcomes.filter((one) => one.verb === verb && one.phase === phase && one.fault === fault)),
      ),
    ]),
  );
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (row: string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function square(outcomes: Outcome[]): string {
  if (outcomes.length === 0) return '';
  const live = [...new Set(outcomes.map((one) => one.live))].sort().reverse().join('/');
  const seconds = Math.max(...outcomes.map((one) => one.seconds));
  return `${live} ${seconds.toFixed(1)} s`;
}

/** The longest a kind of fault took to heal, in seconds. */
export function longest(outcomes: Outcome[], faults: readonly Fault[]): number {
  return Math.max(0, ...outcomes.filter(({ fault }) => faults.includes(fault)).map(({ seconds }) => seconds));
}
