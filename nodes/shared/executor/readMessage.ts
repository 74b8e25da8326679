import { type Ended, ended, type Hello, hello } from '../contract/messages';
import type { DeployError } from '../errors';
import { worded } from './failures';
import type { Frame } from './frames';
import { FRAME_JSON } from './frames';
import { structureOf } from './structure';

/** What an executor can say. */
export type Message =
  { type: 'hello'; hello: Hello } | { type: 'ended'; ended: Ended } | { type: 'alive' } | AboutCall;

/** What is said of a step that was asked for. */
export type AboutCall = Weighed &
  (
    | { type: 'output'; id: number; text: string }
    | { type: 'part'; id: number; place: string; rows: readonly unknown[] }
    | { type: 'result'; id: number; result: object; ms: number }
    | { type: 'refusal'; id: number; reason: DeployError }
  );

/** What a message took to send and, at most, takes to keep: both in bytes. */
interface Weighed {
  bytes: number;
  kept: number;
}

type Fields = Record<string, unknown>;

/** Longest texts, in UTF-16 units: words, pieces of output. */
const SENTENCE = 4096;
const PIECE = 512 * 1024;

/** The longest messages of each kind, in bytes. Answers and their parts are as long as any frame may be. */
const LONGEST = { alive: 64, hello: 64 * 1024, ended: 64 * 1024, output: 512 * 1024 } as const;

/** What keeping a value takes beside its characters, of which each takes up to 2: more than V8's own numbers. */
const KEPT_VALUE = 24;

/**
 * Reads one frame from the engine's side. Nothing about it is taken for granted: what sends it may be no executor.
 *
 * @throws RangeError when it is nothing that an executor says
 */
export function readMessage({ kind, payload }: Frame): Message {
  if (kind !== FRAME_JSON) throw new RangeError(`a frame of kind ${kind} came`);
  const bytes = payload.length;
  const { values, plain } = structureOf(payload);
  const message = fields(parse(payload), 'a message');
  const { event } = message;
  if (isLimited(event) && bytes > LONGEST[event]) {
    throw new RangeError(`a message “${event}” of ${bytes} bytes came`);
  }
  if (event === 'hello') return { type: 'hello', hello: hello.parse(message, 'the greeting') };
  if (event === 'ended') return { type: 'ended', ended: readEnded(message) };
  if (event === 'alive') return { type: 'alive' };
  const weighed = { bytes, kept: 2 * bytes + KEPT_VALUE * (values - plain) };
  return { ...weighed, ...readAboutCall(message) };
}

type Unweighed<M> = M extends Weighed ? Omit<M, keyof Weighed> : never;

function readAboutCall(message: Fields): Unweighed<AboutCall> {
  const { id, event } = message;
  if (typeof id !== 'number') throw new RangeError('a message without a number came');
  if (event === 'output') return { type: 'output', id, text: text(message.text, 'output', PIECE) };
  if (event === 'part') {
    if (!Array.isArray(message.rows)) throw malformed('a part');
    return { type: 'part', id, place: text(message.at, 'a part'), rows: message.rows };
  }
  if (message.ok === true) {
    const ms = typeof message.ms === 'number' ? message.ms : 0;
    return { type: 'result', id, result: fields(message.result, 'a result'), ms };
  }
  return { type: 'refusal', id, reason: readFailure(fields(message.failure, 'a refusal')) };
}

function isLimited(event: unknown): event is keyof typeof LONGEST {
  return typeof event === 'string' && Object.hasOwn(LONGEST, event);
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    throw malformed('a message');
  }
}

/** Whatever it says of its end, it has ended: what has another form is left out. */
function readEnded({ reason, reverted, live, left, complaint }: Fields): Ended {
  const said = (value: unknown) => (typeof value === 'string' ? value.slice(0, SENTENCE) : undefined);
  const facts = { reason: said(reason) ?? null, reverted: reverted === true, ...readComplaint(complaint) };
  try {
    return ended.parse({ ...facts, live: live ?? null, ...(left !== undefined && { left }) }, 'the end');
  } catch {
    return { ...facts, live: null };
  }
}

/** It has the form of a refusal; what has another is skipped, since nobody waits for it. */
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
