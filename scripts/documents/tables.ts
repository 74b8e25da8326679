/**
 * The generated parts of the documentation: whatever stands between `<!-- generated: WHAT -->` and
 * `<!-- end of generated -->` is made of the nodes' own descriptions and of recorded results.
 */
import { credentialTable } from './credentialTable';
import { findingTable } from './findingTable';
import { measurementTable } from './measurementTable';
import { operationTable } from './operationTable';
import { outputTable } from './outputTable';
import { checkTable, commonTable, operationParameters, triggerParameters } from './parameterTable';

const PART = /(<!-- generated: (.+?) -->\n)[^]*?(<!-- end of generated -->)/g;

/** By the first word of a marker, what makes the table of the words that follow. */
const MAKERS: ReadonlyMap<string, (...names: string[]) => string> = new Map(
  Object.entries<(...names: string[]) => string>({
    operations: operationTable,
    parameters: operationParameters,
    'common-parameters': commonTable,
    'trigger-parameters': triggerParameters,
    'check-parameters': checkTable,
    credential: credentialTable,
    output: outputTable,
    measured: measurementTable,
    findings: findingTable,
  }),
);

/** A page with its generated parts made anew. Throws RangeError for a marker that names nothing. */
export function withTables(page: string): string {
  return page.replace(PART, (_, start: string, what: string, end: string) => {
    const [kind = '', ...names] = what.split(' ');
    const make = MAKERS.get(kind);
    if (!make) throw new RangeError(`There is no generated part “${what}”`);
    return `${start}\n${make(...names)}\n\n${end}`;
  });
}

/** The markers of a page, in its order. */
export function markersOf(page: string): string[] {
  return [...page.matchAll(PART)].map(([, , what = '']) => what);
}
