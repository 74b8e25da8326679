/**
 * Reading text from outside in linear time. What an expression would have to try at every place that it might begin,
 * and again at every place that it might end, is found here by looking for its fixed parts, each once.
 */

/** What a {@link Finder} found: the text first, then its parts, as `RegExp.exec` gives them. */
export type Found = readonly (string | undefined)[];

/** Looks for something in a text; an expression is one. */
export interface Finder {
  exec(text: string): Found | null;
}

/** Something that has to come next in a line: a text, or an expression of linear time without the flags g and y. */
export type Part = string | RegExp;

/**
 * Finds the first line in which all these parts come one after the other; what lies between them is found, too.
 *
 * `inLine('Wheel ', ' is invalid').exec('Wheel a is invalid')` gives `['Wheel a is invalid', 'a']`.
 */
export function inLine(...parts: readonly Part[]): Finder {
  return {
    exec: (text) => {
      for (const line of text.split(/[\r\n]/)) {
        const between = betweenParts(line, parts);
        if (between) return [line, ...between];
      }
      return null;
    },
  };
}

/** Finds what the first of these finds. */
export function firstOf(...finders: readonly Finder[]): Finder {
  return {
    exec: (text) => {
      for (const finder of finders) {
        const found = finder.exec(text);
        if (found) return found;
      }
      return null;
    },
  };
}

function betweenParts(line: string, parts: readonly Part[]): string[] | undefined {
  const between: string[] = [];
  let rest = line;
  for (const [index, part] of parts.entries()) {
    const found = placeOf(part, rest);
    if (!found) return undefined;
    if (index > 0) between.push(rest.slice(0, found.start));
    rest = rest.slice(found.end);
  }
  return between;
}

function placeOf(part: Part, text: string): { start: number; end: number } | undefined {
  if (typeof part === 'string') {
    const start = text.indexOf(part);
    return start < 0 ? undefined : { start, end: start + part.length };
  }
  const found = part.exec(text);
  return found ? { start: found.index, end: found.index + found[0].length } : undefined;
}

/** The text before the first `mark`; the whole of it where there is none. */
export function upTo(text: string, mark: string): string {
  const end = text.indexOf(mark);
  return end < 0 ? text : text.slice(0, end);
}

/** The text without what of `characters` it ends with. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** The word, up to white space, that comes right before the first `mark`. */
export function wordBefore(text: string, mark: string): string | undefined {
  const end = text.indexOf(mark);
  if (end < 0) return undefined;
  let start = end;
  while (start > 0 && !/\s/.test(text.charAt(start - 1))) start -= 1;
  return start < end ? text.slice(start, end) : undefined;
}
