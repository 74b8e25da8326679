/** Answers that are too long for one frame: which of their lists come in parts, and how much of it all is taken. */
import type { Made, Shape } from './shape';
import { type Verb, VERBS } from './verbs';
import { LONGEST_MESSAGE } from './wire';

/** A list of an answer, or fields by name, that comes in parts: rows of one shape, or names with values of one shape. */
export type Part = Extract<Made, { of: 'list' | 'names' }>;

/** Bytes of an answer of a verb whose lists can be long, in all its parts. */
const LONGEST_LISTS = 64 * 1024 * 1024;

/** As {@link LONGEST_LISTS}, of the entries of 1,000,000 files, which are looked at as they come, and not kept. */
const LONGEST_MANIFEST = 512 * 1024 * 1024;

const MANIFESTS: ReadonlySet<Verb> = new Set<Verb>(['entries', 'previewAdoption', 'unpack']);

/** The lists of an answer by their place in it, such as `live.extra`. */
function partsIn({ made }: Shape<unknown>, place: string): Array<[string, Part]> {
  if (!made) return [];
  if (made.of !== 'fields') return [[place, made]];
  return Object.entries(made.fields).flatMap(([name, shape]) =>
    partsIn(shape, place ? `${place}.${name}` : name),
  );
}

const PARTS = new Map(
  (Object.keys(VERBS) as Verb[]).map((verb) => [verb, new Map(partsIn(VERBS[verb].result, ''))]),
);

/** What of an answer can come in parts, by its place in the answer. */
export function partsOf(verb: Verb): ReadonlyMap<string, Part> {
  return PARTS.get(verb) ?? new Map();
}

/** The most bytes that an answer may have, in all its frames. */
export function longestAnswer(verb: Verb): number {
  if (MANIFESTS.has(verb)) return LONGEST_MANIFEST;
  return partsOf(verb).size > 0 ? LONGEST_LISTS : LONGEST_MESSAGE;
}
