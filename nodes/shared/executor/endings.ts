import type { Ended, Hello } from '../contract/messages';
import { DeployError } from '../errors';
import type { ProcessExit } from '../connection/connection';

/** What is known of how a conversation ended: how its process did, and what the executor said last. */
interface Ending {
  exit?: ProcessExit | undefined;
  ended?: Ended | undefined;
}

/** The caller aborted; `ended` tells what the executor put right, where that is known. */
export function cancelled(ended?: Ended): DeployError {
  return new DeployError('CANCELLED', 'The execution was cancelled.', { details: { ended } });
}

/** The conversation is over although steps were wanted from it; `how` completes the sentence. */
export function lost(
  where: string,
  how: string,
  facts: Ending & { said?: string; remedy?: string | undefined } = {},
): DeployError {
  const { said, exit, ended, remedy } = facts;
  const decides = isAbandoned(facts)
    ? 'On a switch that nobody confirmed, the next operation decides by its checks'
    : 'An unconfirmed switch is taken back on the engine’s side as soon as it notices';
  const description = [remedy, `${decides}; Get Status shows what is live.`].filter(Boolean).join(' ');
  return new ConversationLost(`The conversation with ${where} broke off: ${how}.`, {
    description: said ? `${description}\n${said}` : description,
    exit,
    ended,
  });
}

/** Whether the conversation was cut off, by the caller or by what it runs over. */
export function isCutOff({ code }: DeployError): boolean {
  return code === 'LOST' || code === 'CANCELLED';
}

/** Whether nobody is there any more who could be asked for anything. */
export function isUnreachable(error: DeployError): boolean {
  return isCutOff(error) || error.code === 'CONNECTION';
}

/** `LOST`: what became of the executor, as far as that is known. */
export class ConversationLost extends DeployError {
  /** Whether it was ended before it could put things right: its container, for one, was stopped. */
  readonly abandoned: boolean;

  constructor(message: string, facts: Ending & { description: string }) {
    const { description, exit, ended } = facts;
    super('LOST', message, { description, details: { exit, ended } });
    this.abandoned = isAbandoned(facts);
  }
}

function isAbandoned({ exit, ended }: Ending): boolean {
  return !ended && exit !== undefined && !isGone(exit);
}

/** Whether the connection went away before the process, whose end nobody knows. */
export function isGone({ code, signal }: ProcessExit): boolean {
  return code === null && signal === null;
}

/** How a conversation ended, in words that complete a sentence: by what the executor said last, or as its process did. */
export function howItEnded({ code, signal }: ProcessExit, ended?: Ended): string {
  if (ended?.reason) return `the engine’s side left, since ${ended.reason}`;
  if (signal) return `ended by ${signal}`;
  return code === null ? 'the connection went away' : `ended with exit code ${code}`;
}

/** Nothing came in time. */
export function notStarted(where: string, seconds: number, said: string): DeployError {
  return new DeployError('CONNECTION', `${where} did not start Python within ${seconds} s.`, {
    description: said || 'Nothing was answered. Try the same command in a terminal.',
  });
}

/** Something answered that doesn't speak as an executor does. */
export function notUnderstood(where: string, python: string, reason: string, said: string): DeployError {
  return new DeployError('CONNECTION', `What ${python} on ${where} answers can't be understood: ${reason}.`, {
    description:
      'Make sure that it is a Python interpreter and that nothing else writes to its output.' +
      (said ? `\n${said}` : ''),
  });
}

/**
 * Refuses an interpreter that the executor isn't made for.
 *
 * @throws DeployError `CONNECTION`
 */
export function refuseUnsupported({ python, system }: Hello, name: string, where: string): void {
  if (!python.supported) {
    throw new DeployError(
      'CONNECTION',
      `${name} on ${where} is Python ${python.version}; 3.8 or newer is needed.`,
      { description: 'Name a newer interpreter in the option Python, such as /usr/bin/python3.11.' },
    );
  }
  if (system !== 'linux') {
    throw new DeployError('CONNECTION', `${where} runs ${system}; the engine's side has to be Linux.`);
  }
}
