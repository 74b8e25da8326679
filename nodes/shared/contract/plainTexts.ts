/** Texts that almost every shape has. */
import { LONGEST_WORD, LONGEST_WORDS } from './limits';
import { matching, text } from './shape';

/**
 * What people read, and paths. It may hold anything: nothing but showing it to people, or giving it back to who said it,
 * may be done with it. What is a key, an argument, a reference or a file's name on this side has a shape of its own.
 */
export const words = text(LONGEST_WORDS);

/** A path, or a name of one, on the engine's side. */
export const path = words;

/** One line, with nothing in it that a terminal acts on: a version, a user, a program. */
export const label = matching<string>(
  '(?:[^\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])*',
  LONGEST_WORDS,
);

/** When something was: ISO 8601, as far as it is what we wrote. */
export const moment = matching<string>('[0-9A-Za-z:.+-]*', LONGEST_WORD);

/** What programs say to programs: a signal, a kind of file system. */
export const word = matching<string>('[ -~]*', LONGEST_WORD);

/** What something is, in a word of ours. */
export const kindName = matching<string>('[A-Za-z][A-Za-z0-9]*', LONGEST_WORD);
