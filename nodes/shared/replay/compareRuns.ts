/** What two runs of the same input put out, compared. */
import { type Comparing, type Difference, differencesOf, type Found, MOST } from './differences';
import { type Observed, type Part, valueOf } from './observed';

/** Files that are not read are the same while their sizes are as close as this. */
const SIZE_PERCENT = 10;

export interface Comparison extends Found {
  /** Files that only the first one has. */
  readonly missing: readonly string[];
}

/** Compares all that two runs put out, part by part. Both succeeded. Differences of `known` fields are not listed. */
export async function compareRuns(
  live: Observed,
  other: Observed,
  how: Comparing,
  known?: ReadonlySet<string>,
): Promise<Comparison> {
  const differences: Difference[] = [];
  const [fields, differing] = [new Set<string>(), new Set<string>()];
  const rest: string[] = [];
  let unlisted = 0;
  for (const name of [...new Set([...live.parts.keys(), ...other.parts.keys()])].sort()) {
    const found = await compareParts(name, live.parts.get(name), other.parts.get(name), how, known);
    const listed = found.differences.slice(0, MOST - differences.length);
    const more = found.differences.slice(listed.length);
    differences.push(...listed);
    unlisted += found.unlisted + more.length;
    rest.push(found.rest, ...more.map((each) => JSON.stringify(each)));
    for (const field of found.fields) fields.add(field);
    for (const field of found.differing) differing.add(field);
  }
  const missing = [...live.parts.keys()].filter((name) => !other.parts.has(name) && !how.isIgnored(name));
  return { differences, unlisted, rest: rest.join(''), fields, differing, missing };
}

function compareParts(
  name: string,
  live: Part | undefined,
  other: Part | undefined,
  how: Comparing,
  known: ReadonlySet<string> | undefined,
): Promise<Found> {
  if (live && other && live.kind === 'file' && other.kind === 'file') {
    return differencesOf(
      name,
      live.bytes,
      isAbout(live.bytes, other.bytes) ? live.bytes : other.bytes,
      how,
      known,
    );
  }
  // Most are the same, byte for byte: nothing has to be read for that, once each pattern was about something.
  const areRead = live && other && live.kind !== 'file' && other.kind !== 'file';
  if (areRead && live.text === other.text && how.unused().length === 0) {
    return differencesOf(name, '', '', how);
  }
  if (!live || !other) return differencesOf(name, live && THERE, other && THERE, how, known);
  return differencesOf(name, valueOf(name, live), valueOf(name, other), how, known);
}

const THERE = 'there';

function isAbout(one: number, other: number): boolean {
  return Math.abs(one - other) * 100 <= Math.max(one, other) * SIZE_PERCENT;
}
