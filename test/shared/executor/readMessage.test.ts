/** What a host says is a message of ours, or is refused in words: nothing about it is taken for granted. */
import '../../support/withoutProcesses';

import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { FRAME_DATA, FRAME_JSON } from '../../../nodes/shared/executor/frames';
import { readMessage } from '../../../nodes/shared/executor/readMessage';
import { holds } from '../../support/property';

const json = (message: unknown) =>
  readMessage({ kind: FRAME_JSON, payload: Buffer.from(JSON.stringify(message)) });

describe('what is said of a step', () => {
  test('its output', () => {
    expect(json({ event: 'output', id: 3, text: 'pip' })).toMatchObject({
      type: 'output',
      id: 3,
      text: 'pip',
    });
  });

  test('a part of its result, with what keeping it may take', () => {
    const sent = { event: 'part', id: 3, at: 'entries', rows: [[1, 'a']] };
    const part = json(sent) as { bytes: number; kept: number };
    expect(part).toMatchObject({ type: 'part', place: 'entries', rows: [[1, 'a']] });
    expect(part.bytes).toBe(JSON.stringify(sent).length);
    expect(part.kept).toBeGreaterThan(2 * part.bytes);
  });

  test('its result, and how long it took', () => {
    expect(json({ id: 3, ok: true, result: { a: 1 }, ms: 7 })).toMatchObject({ result: { a: 1 }, ms: 7 });
    expect(json({ id: 3, ok: true, result: {}, ms: 'long' })).toMatchObject({ type: 'result', ms: 0 });
  });

  test('its refusal, in words', () => {
    const refusal = json({ id: 3, ok: false, failure: { kind: 'noSpace', facts: {} } });
    expect(refusal).toMatchObject({ type: 'refusal', id: 3 });
    expect((refusal as { reason: unknown }).reason).toBeInstanceOf(DeployError);
  });
});

describe('what is said of the conversation', () => {
  test('that it is alive', () => expect(json({ event: 'alive' })).toEqual({ type: 'alive' }));

  test('its end, of which what has another form is left out', () => {
    const nothing = { reason: null, reverted: false, live: null };
    expect(json({ event: 'ended' })).toEqual({ type: 'ended', ended: nothing });
    const forged = { event: 'ended', reason: 7, reverted: 'yes', live: '../etc', left: [7], complaint: 'x' };
    expect(json(forged)).toEqual({ type: 'ended', ended: nothing });
    const told = { event: 'ended', reason: 'x'.repeat(5000), reverted: true, complaint: { kind: 'noSpace' } };
    const { ended } = json(told) as { ended: { reason: string; complaint: string } };
    expect(ended.reason).toHaveLength(4096);
    expect(ended.complaint).not.toBe('');
  });
});

test.each<[string, unknown]>([
  ['no object', 7],
  ['a list', []],
  ['nothing', null],
  ['no number', { event: 'output', text: 'pip' }],
  ['an output that is no text', { event: 'output', id: 3, text: 7 }],
  ['an output of more than 512 KiB', { event: 'output', id: 3, text: 'x'.repeat(600 * 1024) }],
  ['a part without a place', { event: 'part', id: 3, rows: [] }],
  ['a part without rows', { event: 'part', id: 3, at: 'entries' }],
  ['a result that is none', { id: 3, ok: true, result: 'yes' }],
  ['a refusal without a kind', { id: 3, failure: {} }],
  ['a refusal of an empty kind', { id: 3, failure: { kind: ' ' } }],
  ['a sign of life that carries something', { event: 'alive', more: 'x'.repeat(100) }],
  ['a greeting that is none', { event: 'hello' }],
])('%s is refused', (_what, message) => {
  expect(() => json(message)).toThrow(RangeError);
});

test('a frame of data, and text that is no JSON, are refused', () => {
  expect(() => readMessage({ kind: FRAME_DATA, payload: Buffer.from('{}') })).toThrow(RangeError);
  expect(() => readMessage({ kind: FRAME_JSON, payload: Buffer.from('{') })).toThrow(RangeError);
});

test('whatever is sent, it is a message or refused', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom('output', 'part', 'ended', 'alive', 'hello'));
  const message = fc.dictionary(
    fc.constantFrom('event', 'id', 'text', 'at', 'rows', 'ok', 'result', 'failure', 'live', 'reason'),
    field,
  );
  holds(message, (sent) => {
    try {
      expect(json(sent)).toHaveProperty('type');
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  });
});
