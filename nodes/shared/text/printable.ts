/**
 * Text from elsewhere on its way to people: what a host, a repository, a forge or a program says may hold escape codes
 * that a terminal acts on, line breaks that forge a line of a log, and marks that turn text around. Such characters are
 * shown by their number. What is printable already stays as it is, so that it can go through here twice.
 */
import { withoutPasswords } from './passwords';

/** Control and format characters, halves of characters, and the line ends that only some programs know. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text as one line that shows everything which is in it; passwords in addresses are masked. */
export function printable(text: string): string {
  return withoutPasswords(text).replace(UNSEEN, (character) => SHORT[character] ?? numbered(character));
}

/** A text whose lines stay lines: for what a program printed, and for descriptions. */
export function printableLines(text: string): string {
  return withoutPasswords(text)
    .replace(/\r\n/g, '\n')
    .replace(UNSEEN, (character) =>
      character === '\n' || character === '\t' ? character : numbered(character),
    );
}

function numbered(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}
