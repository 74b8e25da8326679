import { bounded } from '../bounded';
import { type Shape, text } from '../../contract/shape';

/** The longest that somebody may have given, or an engine's disk may hold, in UTF-16 units: sentences are cut. */
const LONGEST = 1024 * 1024;

/** A path, a command, what a program printed. */
export const words = text(LONGEST);
/** A release's id, a user's name, a kind of something. */
export const word = text(4096);

/** What was given instead of something: a text in general, but that is what nobody knows. */
export const given: Shape<unknown> = {
  form: ['given', LONGEST],
  parse: (value, where) => {
    if (typeof value === 'string') return words.parse(value, where);
    bounded(value, where);
    words.parse(JSON.stringify(value), where);
    return value;
  },
};
