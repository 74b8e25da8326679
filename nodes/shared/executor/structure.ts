import { DEEPEST, MOST_NAMES, MOST_VALUES } from '../contract/wire';

/** The longest number, in characters. */
const LONGEST_NUMBER = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** What a JSON text is made of. */
export interface Structure {
  /** Names, values, lists and objects, all together. */
  values: number;
  /** Of the values, those that are numbers, `true`, `false` or `null`. */
  plain: number;
}

/**
 * Counts what a JSON text would become, without making anything of it: short texts can be a lot. Nothing is said about
 * whether it is JSON.
 *
 * @throws RangeError for more values, more depth or longer numbers than any message has
 */
export function structureOf(text: Uint8Array): Structure {
  let values = 0;
  let plain = 0;
  let names = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === undefined || byte <= SPACE || byte === COMMA) continue;
    if (byte === COLON) {
      names += 1;
      if (names > MOST_NAMES) throw new RangeError(`a message of more than ${MOST_NAMES} names came`);
      continue;
    }
    if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth -= 1;
      continue;
    }
    values += 1;
    if (values > MOST_VALUES) throw new RangeError(`a message of more than ${MOST_VALUES} values came`);
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > DEEPEST) throw new RangeError(`a message that is nested more than ${DEEPEST} deep came`);
    } else if (byte === QUOTE) {
      at = endOfString(text, at + 1);
    } else {
      plain += 1;
      at = endOfWord(text, at);
    }
  }
  return { values, plain };
}

/** Where the quotation mark is that ends a string; the end of the text where none does. */
function endOfString(text: Uint8Array, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** The last byte of a number or a word. */
function endOfWord(text: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < text.length && isOfWord(text[at])) at += 1;
  if (at - from > LONGEST_NUMBER) throw new RangeError(`a number of more than ${LONGEST_NUMBER} digits came`);
  return at - 1;
}

function isOfWord(byte: number | undefined): boolean {
  if (byte === undefined || byte <= SPACE || byte === COMMA || byte === COLON || byte === QUOTE) return false;
  return byte !== OPEN_LIST && byte !== CLOSE_LIST && byte !== OPEN_OBJECT && byte !== CLOSE_OBJECT;
}
