import { isFlat, matchesFlat } from './globFlat';
import { type GlobNode, parseName } from './globNodes';
import { NameGlob } from './globStates';
import { exceeds, type Meter } from './meter';

/** Whether a path is what a glob says. Says no where `meter` runs out. */
export type Matches = (path: string, meter?: Meter) => boolean;

/** One name's nodes; `null` for a `**` of its own: any number of names, also none. */
type Name = readonly GlobNode[] | null;

/**
 * Compiles a glob over whole `/`-separated paths; see `createSelection` for what it may say. Throws NotAGlob for what is
 * none.
 */
export function glob(pattern: string): Matches {
  const names = namesOf(pattern);
  const globs = names.map((name) => name && matcherOf(name));
  const leastAtEnd = isBelowOnly(names) ? 1 : 0;
  return (path, meter) => {
    const parts = partsOf(path);
    /** The places among the path's names that what came before can lead to, the first one first. */
    let places = [0];
    for (const [index, name] of globs.entries()) {
      const [first] = places;
      if (first === undefined || exceeds(meter, name ? places.length : parts.length)) return false;
      const least = index === globs.length - 1 ? leastAtEnd : 0;
      places = name
        ? places.filter((place) => matchesAt(name, parts[place], meter)).map((place) => place + 1)
        : anyFrom(first + least, parts.length);
    }
    return places.includes(parts.length);
  };
}

function matcherOf(name: readonly GlobNode[]): Matches {
  if (isFlat(name)) return (part, meter) => matchesFlat(name, part, meter);
  const states = new NameGlob(name);
  return (part, meter) => states.matches(part, meter);
}

/** The last path that was split: it is asked about pattern after pattern. */
let split: { readonly path: string; readonly parts: readonly string[] } = { path: '', parts: [''] };

function partsOf(path: string): readonly string[] {
  if (split.path !== path) split = { path, parts: path.split('/') };
  return split.parts;
}

/** Splits at slashes; one behind a backslash is one, too, since no name has any. Globstars in a row are one. */
function namesOf(pattern: string): Name[] {
  const texts = pattern.replaceAll('\\/', '/').split('/');
  return texts
    .filter((text, index) => text !== '**' || texts[index + 1] !== '**')
    .map((text) => (text === '**' ? null : parseName(text)));
}

/** Behind a name that ends in a star, a globstar at the end stands for what is below, and not for the name itself, too. */
function isBelowOnly(names: readonly Name[]): boolean {
  const before = names.filter((name) => name !== null).at(-1);
  return names.at(-1) === null && before?.at(-1)?.kind === 'star';
}

function matchesAt(matches: Matches, part: string | undefined, meter: Meter | undefined): boolean {
  return part !== undefined && matches(part, meter);
}

function anyFrom(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
