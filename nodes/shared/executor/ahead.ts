/**
 * What is sent right behind the program, before the executor has greeted: it saves a round trip, which is most of what a
 * first run over a far network costs beyond `ssh`.
 *
 * Until the greeting nobody knows what reads it. The host has proved its key and has let us in, but a forced command, a
 * shell's start-up file, a wrapper in the interpreter's place or a sudo that logs its input may have it. So
 *
 * - only calls go ahead that hold nothing which the host's command lines don't show anyway: where the engine is, which
 *   release, as whom, and the arguments, as `ssh host python3 run.py …` would have them. Secrets, an environment (people keep
 *   secrets there), an input, a key's or a file's content wait for the greeting. What a verb is not listed with here waits,
 *   too: what is added to the contract goes ahead when somebody has thought about it.
 * - whatever carries it out has to be one of ours, and be able to end it: a call that leaves something behind (a directory, a
 *   run with a key) waits.
 * - what reads it may be a shell, to which arguments must not mean anything: see {@link encodeAhead}.
 * - nothing that comes back is believed before the greeting was checked: see `client.ts`. An executor on a Python or a system
 *   that it isn't made for carries out nothing.
 * - sudo with a password is asked for nothing ahead: until Python says that it runs, sudo may take lines for passwords.
 */
import type { ArgumentsOf, Verb } from '../contract/verbs';
import { encodeText } from './frames';

type Listed = { readonly [V in Verb]?: ReadonlyArray<keyof ArgumentsOf<V> & string> };

/** The calls that may go ahead, and what they may have. */
const LISTED: Listed = {
  holdRelease: ['basePath', 'release', 'runAs'],
  runEngine: [
    ...([
      'basePath',
      'run',
      'start',
      'arguments',
      'release',
      'asHeld',
      'runAs',
      'holder',
      'request',
    ] as const),
    ...([
      'workingDirectory',
      'timeoutSeconds',
      'graceSeconds',
      'memoryBytes',
      'engineLimit',
      'shown',
    ] as const),
  ],
};

/** Bytes of a message that goes ahead. It waits in the pipe until Python has started, beside the program. */
const LONGEST = 64 * 1024;

/** Letters, digits, what JSON is made of, and what is part of a number: of that, no shell takes anything for a command. */
const INERT = /\\(?:u[0-9a-f]{4}|.)|[^A-Za-z0-9{}[\],:".+-]/g;

/**
 * The bytes of a call that may be sent before the greeting; undefined where it has to wait.
 *
 * In them, everything but letters and digits is escaped as JSON can: `$(…)`, quotes, line breaks or spaces in an argument
 * are none to a shell that reads commands from its input, in whatever state the program before it has left that. The
 * executor reads it as any other message.
 */
export function encodeAhead<V extends Verb>(
  verb: V,
  message: { args: ArgumentsOf<V> } & Readonly<Record<string, unknown>>,
): Buffer | undefined {
  const listed = LISTED[verb] as readonly string[] | undefined;
  if (!listed) return undefined;
  const given = Object.entries(message.args).filter(([, value]) => !isNothing(value));
  if (!given.every(([name]) => listed.includes(name))) return undefined;
  const text = JSON.stringify(message).replace(INERT, escaped);
  return text.length > LONGEST ? undefined : encodeText(text);
}

/** Whether what becomes of such a call can be unknown. Holding a release ends with the conversation. */
export function startsSomething(verb: Verb): boolean {
  return verb !== 'holdRelease';
}

function isNothing(value: unknown): boolean {
  return (
    value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

/** A character of a JSON text, or an escape in it, as `\uXXXX`. */
function escaped(found: string): string {
  const character = found.startsWith('\\') ? (JSON.parse(`"${found}"`) as string) : found;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
