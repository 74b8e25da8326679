import type { RawFinding } from '../../contract/findings';
import type { Entrypoint } from '../../contract/names';
import { expected } from '../../errors';
import { explain, type Finding, type Remedy } from '../meanings';
import type { Plan } from '../steps';

/** A finding on its way: what was told, what it means, and whether something was tried already. */
export interface Case {
  readonly raw: RawFinding;
  readonly finding: Finding;
  readonly remedy: Remedy;
  readonly tried: boolean;
}

/** Findings by kind and place, in the order in which they came up. */
export type Cases = ReadonlyMap<string, Case>;

/** What comes first, since the rest depends on it. */
const ORDER: readonly Remedy[] = [
  'settle',
  'restore',
  'leftovers',
  'adoption',
  'links',
  'missingFiles',
  'readOnly',
  'owner',
];

/** The cases after one more look: what is new is added, and what is no longer found has been put right. */
export function lookedAgain(cases: Cases, findings: readonly RawFinding[]): Cases {
  const left = new Set(findings.map(keyOf));
  const known = [...cases].map(([key, one]): [string, Case] => [
    key,
    { ...one, finding: { ...one.finding, done: !left.has(key) } },
  ]);
  const fresh = findings
    .filter((raw) => !cases.has(keyOf(raw)))
    .map((raw): [string, Case] => [keyOf(raw), { raw, ...explain(raw), tried: false }]);
  return new Map([...known, ...fresh]);
}

/** The cases once one of them was tried, with what became of it, where there is more to say than that it is done. */
export function triedOne(cases: Cases, { raw }: Case, action?: string): Cases {
  const key = keyOf(raw);
  return new Map(
    [...cases].map(([other, one]): [string, Case] =>
      other === key
        ? [other, { ...one, tried: true, finding: { ...one.finding, ...(action && { action }) } }]
        : [other, one],
    ),
  );
}

/** All that can be repaired now. Until something is live nothing else is touched: it may be what is needed for that. */
export function nextToRepair(cases: Cases): Case[] {
  const open = [...cases.values()].filter(
    ({ finding, remedy, tried }) => !finding.done && !tried && remedy !== 'nothing',
  );
  for (const first of ['settle', 'restore'] as const) {
    const these = open.filter(({ remedy }) => remedy === first);
    if (these.length > 0) return these;
  }
  return open.sort((one, other) => ORDER.indexOf(one.remedy) - ORDER.indexOf(other.remedy));
}

/** Decides how one finding is put right by a single step; none for what takes a switch, or people. */
export function decideRepairStep({ raw, remedy }: Case, entrypoint: Entrypoint): Plan {
  const { path } = raw;
  switch (remedy) {
    case 'nothing':
    case 'settle':
    case 'restore':
      return { steps: [] };
    case 'remove':
      return {
        steps: [
          {
            step: 'removeEnvironment',
            environment: expected(path.split('/')[1], 'the environment’s name'),
            path,
          },
        ],
      };
    default:
      return { steps: [{ step: 'repair', what: remedy, path, entrypoint }] };
  }
}

function keyOf({ kind, path }: RawFinding): string {
  return `${kind} ${path}`;
}
