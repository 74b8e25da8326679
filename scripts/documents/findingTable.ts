import { PREFLIGHT } from '../../nodes/shared/release/preflight';
import { code, markdownTable } from './markdown';

/** What is looked for beforehand, kind by kind. */
export function findingTable(): string {
  const rows = Object.entries(PREFLIGHT).map(([kind, { severities, meaning }]) => [
    code(kind),
    severities.map((severity) => code(severity)).join(', '),
    meaning,
  ]);
  return markdownTable(['Kind', 'Severity', 'Meaning'], rows);
}
