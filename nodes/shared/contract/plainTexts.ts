/** Texts that almost every shape has. */
import { LONGEST_WORD, LONGEST_WORDS } from './limits';
import { text } from './shape';

/** What people read, and paths. */
export const words = text(LONGEST_WORDS);

/** What programs say to programs: a time, a signal, a kind of file system. */
export const word = text(LONGEST_WORD);

/** A path, or a name of one. */
export const path = words;
