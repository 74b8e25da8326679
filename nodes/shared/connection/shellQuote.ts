import { DeployError } from '../errors';

/** Characters that mean nothing special to a shell, wherever they stand in a word. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Words that a shell reads as its own when they come first: reserved words and assignments. */
const SPECIAL_FIRST =
  /^(?:if|then|else|elif|fi|case|esac|for|select|while|until|do|done|in|function|time|coproc)$|=/;

/** zsh expands a leading `=`. */
const SPECIAL_ANYWHERE = /^=/;

function quoteArgument(argument: string, index: number, quoteAll: boolean): string {
  if (/[\0\n]/.test(argument)) {
    throw new DeployError(
      'INPUT',
      `Argument ${index} of the command holds a line break or NUL, which can't be sent over SSH; remove it.`,
      { details: { argument: index } },
    );
  }
  const special = SPECIAL_ANYWHERE.test(argument) || (index === 0 && SPECIAL_FIRST.test(argument));
  if (PLAIN.test(argument) && !special && (index === 0 || !quoteAll)) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

/**
 * Writes an argument vector as one command for a POSIX shell, which takes exactly the same vector out of it again.
 * SSH's `exec` request knows only a string that the user's login shell reads; this is the only place that makes one.
 *
 * @param argv     the program and its arguments; at least the program
 * @param quoteAll quotes arguments that don't need it, too
 * @throws INPUT when an argument holds NUL or a line feed, or when there is no program
 */
export function quoteForShell(argv: readonly string[], quoteAll = false): string {
  if (argv.length === 0 || argv[0] === '') {
    throw new DeployError('INPUT', 'The command names no program; give one as its first word.');
  }
  return argv.map((argument, index) => quoteArgument(argument, index, quoteAll)).join(' ');
}
