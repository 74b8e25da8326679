/** What only a shell would understand, longest first. */
const OPERATORS = ['&&', '||', ';', '|', '<', '>'] as const;
const SPACES = ' \t\r\n';

/**
 * The first thing in a command line that needs a shell to mean anything: an operator outside of quotes, a word that is `&`,
 * or `cd` as its first word. Quotes and backslashes count as in a POSIX shell (2.2 Quoting of the standard); undefined where a
 * program and its arguments are all there is.
 */
export function shellOnly(command: string): string | undefined {
  let quote: string | undefined;
  let word = '';
  const words: string[] = [];
  const ends = (): string | undefined => {
    if (word !== '') words.push(word);
    word = '';
    return words.length === 1 && words[0] === 'cd' ? 'cd' : words.at(-1) === '&' ? '&' : undefined;
  };
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at);
    if (character === '\\' && quote !== "'") {
      at++;
      word += '\\';
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") {
      quote = character;
      word += character;
    } else if (SPACES.includes(character)) {
      const found = ends();
      if (found !== undefined) return found;
    } else {
      const operator = OPERATORS.find((each) => command.startsWith(each, at));
      if (operator !== undefined) return operator;
      word += character;
    }
  }
  return ends();
}
