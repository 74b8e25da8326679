/** How two values that engines put out differ, field by field. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { compileGlob, matcherOf } from '../source/patterns';
import type { ReplaySettings } from './replaySettings';

/** One field that differs. A side that has none is left out; values are JSON, a long one cut, with its digest. */
export interface Difference {
  /**
   * From the output's name on: `report.json/evidence/3/score`, in what follows that with `~1` for a slash in a name and `~0`
   * for a tilde (RFC 6901); where a list has a key, `report.json/evidence/id=e3/score`.
   */
  readonly path: string;
  /** The same with `*` for each place in a list: what one entry does by chance, others do, too. */
  readonly field: string;
  readonly live?: string;
  readonly other?: string;
}

/** How values are compared, with the patterns compiled. */
export interface Comparing {
  isIgnored(path: string): boolean;
  keyOf(list: string): string | undefined;
  isSame(one: number, other: number): boolean;
  /** Patterns that were about nothing so far: a rule with a slip in it would hide nothing, or all. */
  unused(): string[];
}

/** What was found by one comparison. */
export interface Found {
  readonly differences: readonly Difference[];
  /** Those beyond {@link MOST}: how many, and a digest of them, empty where there are none. */
  readonly unlisted: number;
  readonly rest: string;
  /** Fields that were compared, places in lists left out; and those of them that differ, listed or not. */
  readonly fields: ReadonlySet<string>;
  readonly differing: ReadonlySet<string>;
}

/** As many differences of one input as are listed. */
export const MOST = 100;
const MOST_FIELDS = 10_000;
const NONE: ReadonlySet<string> = new Set();
/** Characters of a value. */
const LONGEST = 200;
/** Values between two turns of the event loop: about a millisecond. */
const AT_ONCE = 2000;

/** Throws `INPUT` for a pattern that is none. */
export function comparingOf({ ignore, listKeys, tolerance }: ReplaySettings): Comparing {
  const used = new Set<string>();
  const keys = listKeys.map(({ list, key }) => ({ matches: compileGlob('List Keys', list), key, list }));
  const ignored = ignore.map((pattern) => ({ matches: matcherOf('Leave Out Fields', [pattern]), pattern }));
  const { absolute, percent } = tolerance;
  return {
    isIgnored: (path) => {
      const found = ignored.find(({ matches }) => matches(path));
      if (found) used.add(found.pattern);
      return found !== undefined;
    },
    keyOf: (path) => {
      const found = keys.find(({ matches }) => matches(path));
      if (found) used.add(found.list);
      return found?.key;
    },
    isSame: (one, other) => {
      const apart = Math.abs(one - other);
      const largest = Math.max(Math.abs(one), Math.abs(other));
      return Object.is(one, other) || apart <= absolute || apart <= (largest * percent) / 100;
    },
    unused: () => [...ignore, ...listKeys.map(({ list }) => list)].filter((pattern) => !used.has(pattern)),
  };
}

interface Pair {
  readonly path: string;
  readonly field: string;
  readonly live: unknown;
  readonly other: unknown;
}

/**
 * Compares two values below a path; differences of `known` fields are not listed. Goes through them without recursion and
 * lets the event loop turn: an engine's output may be large, and as deep as it likes.
 */
export async function differencesOf(
  name: string,
  live: unknown,
  other: unknown,
  how: Comparing,
  known: ReadonlySet<string> = NONE,
): Promise<Found> {
  const above: Iterator<Pair>[] = [[{ path: name, field: name, live, other }].values()];
  const findings = new Findings(how, known);
  for (let done = 1; ; done += 1) {
    const pair = nextOf(above);
    if (!pair) return findings.all();
    if (done % AT_ONCE === 0) await nextTurn();
    if (how.isIgnored(pair.path)) continue;
    const inside = pairsOf(pair, how);
    if (inside) above.push(inside);
    else findings.note(pair);
  }
}

/** From the innermost value that has one left; undefined where none has. */
function nextOf(above: Iterator<Pair>[]): Pair | undefined {
  for (;;) {
    const inner = above.at(-1);
    if (!inner) return undefined;
    const next = inner.next();
    if (!next.done) return next.value;
    above.pop();
  }
}

/** What is found, as it is found. */
class Findings {
  private readonly differences: Difference[] = [];
  private readonly fields = new Set<string>();
  private readonly differing = new Set<string>();
  private readonly rest = createHash('sha256');
  private unlisted = 0;

  constructor(
    private readonly how: Comparing,
    private readonly known: ReadonlySet<string>,
  ) {}

  note(pair: Pair): void {
    if (this.fields.size < MOST_FIELDS) this.fields.add(pair.field);
    if (isSameValue(pair.live, pair.other, this.how)) return;
    if (this.differing.size < MOST_FIELDS) this.differing.add(pair.field);
    // Else they would fill the list, and what matters would not be in it.
    if (this.known.has(pair.field)) return;
    if (this.differences.length < MOST) this.differences.push(differenceOf(pair));
    else this.leaveOut(pair);
  }

  private leaveOut(pair: Pair): void {
    this.unlisted += 1;
    this.rest.update(JSON.stringify(differenceOf(pair)));
  }

  all(): Found {
    const { differences, unlisted, fields, differing } = this;
    return { differences, unlisted, rest: unlisted > 0 ? this.rest.digest('hex') : '', fields, differing };
  }
}

function differenceOf({ path, field, live, other }: Pair): Difference {
  return {
    path,
    field,
    ...(live !== undefined && { live: shownValue(live) }),
    ...(other !== undefined && { other: shownValue(other) }),
  };
}

function shownValue(value: unknown): string {
  const text = jsonOf(value);
  if (text.length <= LONGEST) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${text.slice(0, LONGEST)}… (${text.length} characters, SHA-256 ${digest})`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'nested deeper than can be shown';
  }
}

/** What lies in both, one after the other: undefined where they are no values of one kind that hold others. */
function pairsOf(pair: Pair, how: Comparing): Iterator<Pair> | undefined {
  const { path, field, live, other } = pair;
  if (Array.isArray(live) && Array.isArray(other)) {
    const [one, two] = [live as unknown[], other as unknown[]];
    const key = how.keyOf(path);
    const keyed = key === undefined ? undefined : bothByKey(key, one, two);
    const at = (name: string) => ({ path: `${path}/${name}`, field: `${field}/*` });
    return keyed ? together(...keyed, at) : byPlace(one, two, at);
  }
  if (!isObject(live) || !isObject(other)) return undefined;
  return together(new Map(Object.entries(live)), new Map(Object.entries(other)), (name) => {
    const below = `/${escaped(name)}`;
    return { path: path + below, field: field + below };
  });
}

type At = (name: string) => { path: string; field: string };

function* together(
  live: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
  at: At,
): Generator<Pair> {
  for (const [name, value] of live) yield { ...at(name), live: value, other: other.get(name) };
  for (const [name, value] of other)
    if (!live.has(name)) yield { ...at(name), live: undefined, other: value };
}

function* byPlace(live: readonly unknown[], other: readonly unknown[], at: At): Generator<Pair> {
  const places = Math.max(live.length, other.length);
  for (let place = 0; place < places; place += 1) {
    yield { ...at(String(place)), live: live[place], other: other[place] };
  }
}

/** Undefined where an entry has no such field, or two have the same. */
function bothByKey(
  key: string,
  one: readonly unknown[],
  other: readonly unknown[],
): [Map<string, unknown>, Map<string, unknown>] | undefined {
  const [left, right] = [byKey(key, one), byKey(key, other)];
  return left && right && [left, right];
}

function byKey(key: string, list: readonly unknown[]): Map<string, unknown> | undefined {
  const found = new Map<string, unknown>();
  for (const value of list) {
    const told = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    if (typeof told !== 'string' && typeof told !== 'number') return undefined;
    found.set(`${escaped(key)}=${escaped(String(told))}`, value);
  }
  return found.size === list.length ? found : undefined;
}

function isSameValue(one: unknown, other: unknown, how: Comparing): boolean {
  if (typeof one === 'number' && typeof other === 'number') return how.isSame(one, other);
  return one === other;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
