/** What the engine's side refuses, in words for people: it says the kind and the facts, the sentences are here. */
import { DeployError } from '../../errors';
import { ARCHIVE } from './archive';
import { CONTENT } from './content';
import { ENVIRONMENT } from './environment';
import type { Failure, Worded } from './failure';
import { LAYOUT } from './layout';
import { LOCK } from './lock';
import { RELEASE } from './release';
import { RUN } from './running';
import { SERVICE } from './serviceFailures';
import { SYSTEM } from './system';
import { WIRE } from './wire';

/** Every kind of refusal that the executor knows. */
export const FAILURES: Readonly<Record<string, Failure>> = {
  ...LAYOUT,
  ...LOCK,
  ...SYSTEM,
  ...CONTENT,
  ...ARCHIVE,
  ...RELEASE,
  ...ENVIRONMENT,
  ...RUN,
  ...SERVICE,
  ...WIRE,
};

/** Longest explanations, with output in them, and longest details as JSON, in UTF-16 units. */
const EXPLANATION = 128 * 1024;
/** Longest sentence, in characters: a path can be as long as it likes. */
const SENTENCE = 3000;
const KEPT = { start: 2000, end: 900 };
const LONGEST_KIND = 40;

/** A refusal of the engine's side as what is thrown here. Neither the kind nor the facts are taken for granted. */
export function worded(kind: string, facts: unknown): DeployError {
  const { code, message, description, details } = meaningOf(kind, facts);
  return new DeployError(code, shortened(message), {
    description: description?.slice(0, EXPLANATION),
    details: {
      ...(JSON.stringify(details).length > EXPLANATION ? {} : details),
      skipped: kind === 'skipped',
    },
  });
}

function meaningOf(kind: string, facts: unknown): Worded {
  const failure = Object.hasOwn(FAILURES, kind) ? FAILURES[kind] : undefined;
  if (!failure) {
    return notUnderstood(`for a reason that this version doesn't know: ${nameOf(kind)}.`);
  }
  try {
    return failure.word(facts);
  } catch {
    return notUnderstood(`(${kind}), and what it says of that has another form than it should.`);
  }
}

function notUnderstood(how: string): Worded {
  return {
    code: 'STEP',
    message: `The engine's side refused a step ${how}`,
    description: 'Run again. When it comes again, see that nothing stands in the place of Python there.',
    details: {},
  };
}

/** Of a word that nobody knows, what can't be anything but a word. */
function nameOf(kind: string): string {
  return kind.slice(0, LONGEST_KIND).replace(/[^A-Za-z]/g, '') || 'unnamed';
}

function shortened(message: string): string {
  if (message.length <= SENTENCE) return message;
  const characters = Array.from(message);
  if (characters.length <= SENTENCE) return message;
  return `${characters.slice(0, KEPT.start).join('')}…${characters.slice(-KEPT.end).join('')}`;
}
