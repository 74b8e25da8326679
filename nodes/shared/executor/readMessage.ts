import { type Ended, ended, type Hello, hello } from '../contract/messages';
import type { DeployError } from '../errors';
import { worded } from './failures';
import type { Frame } from './frames';
import { FRAME_JSON } from './frames';

/** What an executor can say. */
export type Message =
  | { type: 'hello'; hello: Hello }
  | { type: 'ended'; ended: Ended }
  | { type: 'alive' }
  | { type: 'output'; id: number; text: string }
  | { type: 'result'; id: number; result: object; ms: number }
  | { type: 'refusal'; id: number; reason: DeployError };

type Fields = Record<string, unknown>;

/** Longest texts, in UTF-16 units: words, pieces of output. */
const SENTENCE = 4096;
const PIECE = 512 * 1024;

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
  const facts = { reason: said(reason) ?? null, reverted: reverted === true, ...readComplaint(complaint) };
  try {
    return ended.parse({ ...facts, live: live ?? null }, 'the end');
  } catch {
    return { ...facts, live: null };
  }
}

/** It has the form of a refusal; what has another is passed over, since nobody waits for it. */
function readComplaint(complaint: unknown): Pick<Ended, 'complaint'> {
  const { kind, facts } = (complaint ?? {}) as Fields;
  return typeof kind === 'string' ? { complaint: worded(kind, facts).message } : {};
}

function readFailure({ kind, facts }: Fields): DeployError {
  const word = text(kind, 'a refusal');
  if (!word.trim()) throw malformed('a refusal');
  return worded(word, facts);
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
