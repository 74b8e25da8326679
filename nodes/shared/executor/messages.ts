import { type Ended, ended, type Hello, hello } from '../contract/messages';
import { DeployError, type DeployErrorCode } from '../errors';
import type { Frame } from './frames';
import { FRAME_JSON } from './frames';
import { bounded } from './bounded';

/** What an executor can say. */
export type Message =
  | { type: 'hello'; hello: Hello }
  | { type: 'ended'; ended: Ended }
  | { type: 'alive' }
  | { type: 'output'; id: number; text: string }
  | { type: 'result'; id: number; result: object; ms: number }
  | { type: 'refusal'; id: number; reason: DeployError };

type Fields = Record<string, unknown>;

/** Longest texts, in UTF-16 units: sentences, explanations with output in them, pieces of output. */
const SENTENCE = 4096;
const EXPLANATION = 128 * 1024;
const PIECE = 512 * 1024;

const CODES: readonly string[] = [
  'INPUT',
  'CONNECTION',
  'LOST',
  'LOCKED',
  'CHECK',
  'STEP',
  'SOURCE_CHANGED',
  'CANCELLED',
  'NOT_FOUND',
  'DEPENDENCIES',
] satisfies DeployErrorCode[];

/**
 * Reads one frame from the engine's side. Nothing about it is taken for granted: what sends it may be no executor.
 *
 * @throws RangeError when it is nothing that an executor says
 */
export function readMessage({ kind, payload }: Frame): Message {
  if (kind !== FRAME_JSON) throw new RangeError(`a frame of kind ${kind} came`);
  const message = fields(parse(payload), 'a message');
  if (message.event === 'hello') return { type: 'hello', hello: hello.parse(message, 'the greeting') };
  if (message.event === 'ended') return { type: 'ended', ended: readEnded(message) };
  if (message.event === 'alive') return { type: 'alive' };
  const { id } = message;
  if (typeof id !== 'number') throw new RangeError('a message without a number came');
  if (message.event === 'output') return { type: 'output', id, text: text(message.text, 'output', PIECE) };
  if (message.ok === true) {
    const ms = typeof message.ms === 'number' ? message.ms : 0;
    return { type: 'result', id, result: fields(message.result, 'a result'), ms };
  }
  return { type: 'refusal', id, reason: readFailure(fields(message.failure, 'a refusal')) };
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    throw malformed('a message');
  }
}

/** Whatever it says of its end, it has ended: what has another form is left out. */
function readEnded({ reason, reverted, live, complaint }: Fields): Ended {
  const said = (value: unknown) => (typeof value === 'string' ? value.slice(0, SENTENCE) : undefined);
  const facts = { reason: said(reason) ?? null, reverted: reverted === true, complaint: said(complaint) };
  try {
    return ended.parse({ ...facts, live: live ?? null }, 'the end');
  } catch {
    return { ...facts, live: null };
  }
}

function readFailure({ code, message, description, details }: Fields): DeployError {
  const known = typeof code === 'string' && CODES.includes(code) ? (code as DeployErrorCode) : 'STEP';
  const sentence = text(message, 'a refusal');
  if (!sentence.trim()) throw malformed('a refusal');
  return new DeployError(known, sentence, {
    description: typeof description === 'string' ? description.slice(0, EXPLANATION) : undefined,
    details: { ...readDetails(details), skipped: code === 'SKIPPED' },
  });
}

/** Facts that go along with a refusal, as long as they are few. */
function readDetails(details: unknown): Fields {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return {};
  bounded(details, 'a refusal');
  return JSON.stringify(details).length > EXPLANATION ? {} : (details as Fields);
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Fields;
}

function text(value: unknown, what: string, longest = SENTENCE): string {
  if (typeof value !== 'string' || value.length > longest) throw malformed(what);
  return value;
}

function malformed(what: string): RangeError {
  return new RangeError(`${what} has another form than it should`);
}
