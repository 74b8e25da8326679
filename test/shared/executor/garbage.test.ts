import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { FAILURES } from '../../../nodes/shared/executor/failures';
import {
  encodeFrame,
  encodeMessage,
  FRAME_DATA,
  FRAME_JSON,
  MARKER,
} from '../../../nodes/shared/executor/frames';
import { onHost } from '../../support/conversation';
import { HELLO, Impostor } from '../../support/impostor';
import { thrownBy } from '../../support/thrown';

function open(impostor: Impostor): Promise<ExecutorClient> {
  return ExecutorClient.open(impostor, { interpreter: onHost('python3'), startTimeoutMs: 5_000 });
}

/** What becomes of a call when this is all that is ever answered. */
async function callWith(answer: Uint8Array): Promise<unknown> {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const client = await open(impostor);
  const call = client.call('confirm', {}).catch((error: unknown) => error);
  impostor.say(answer);
  impostor.stdout.end();
  const outcome = await call;
  await client.close();
  return outcome;
}

const bytesOf = (message: unknown): Buffer => encodeFrame(FRAME_JSON, Buffer.from(JSON.stringify(message)));

/** Frames as an executor sends them, with anything in the place of what it says. */
const anyMessage = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      id: fc.oneof(fc.constant(1), fc.jsonValue()),
      ok: fc.oneof(fc.boolean(), fc.jsonValue()),
      ms: fc.jsonValue(),
      event: fc.oneof(fc.constantFrom('hello', 'ended', 'output'), fc.jsonValue()),
      text: fc.jsonValue(),
      python: fc.jsonValue(),
      reason: fc.jsonValue(),
      result: fc.jsonValue(),
      failure: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            kind: fc.oneof(fc.constantFrom(...Object.keys(FAILURES)), fc.jsonValue()),
            facts: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  ),
);

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  anyMessage.map(bytesOf),
  fc.tuple(anyMessage, anyMessage).map((messages) => Buffer.concat(messages.map(bytesOf))),
  fc
    .tuple(fc.nat(255), fc.uint8Array({ maxLength: 20 }))
    .map(([kind, payload]) => encodeFrame(kind, payload)),
  fc.nat(0xff_ff_ff_ff).map((length) => {
    const header = Buffer.from([FRAME_JSON, 0, 0, 0, 0]);
    header.writeUInt32BE(length, 1);
    return header;
  }),
);

it('P5: whatever is answered, a call ends: with an object, or with a DeployError', async () => {
  await fc.assert(
    fc.asyncProperty(anyBytes, async (bytes) => {
      const outcome = await callWith(bytes);
      if (outcome instanceof DeployError) expect(outcome.message).toMatch(/\S/);
      else expect(typeof outcome === 'object' && outcome !== null && !(outcome instanceof Error)).toBe(true);
    }),
    { numRuns: 2000 },
  );
}, 30_000);

it('P5: whatever greets, opening ends: with a client, or with a DeployError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), anyBytes, async (marked, bytes) => {
      const impostor = new Impostor(Buffer.concat([marked ? MARKER : Buffer.alloc(0), bytes]), true);
      const outcome = await open(impostor).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(DeployError);
      expect((outcome as DeployError).code).toBe('CONNECTION');
    }),
    { numRuns: 1000 },
  );
}, 30_000);

it('a good answer is a good answer', async () => {
  expect(
    await callWith(encodeMessage({ id: 1, ok: true, ms: 1, result: { live: '20261123-171501-3f2a9c1' } })),
  ).toEqual({
    live: '20261123-171501-3f2a9c1',
  });
});

it.each<[string, Uint8Array, string]>([
  ['a refusal that does not say why', encodeMessage({ id: 1, ok: false }), 'a refusal has another form'],
  [
    'a refusal without a kind',
    encodeMessage({ id: 1, ok: false, failure: {} }),
    'a refusal has another form',
  ],
  [
    'a refusal whose kind is no word',
    encodeMessage({ id: 1, ok: false, failure: { kind: 7, facts: {} } }),
    'a refusal has another form',
  ],
  [
    'a refusal in words of its own',
    encodeMessage({ id: 1, ok: false, failure: { code: 'STEP', message: 'No.' } }),
    'a refusal has another form',
  ],
  ['a result that is none', encodeMessage({ id: 1, ok: true, result: null }), 'a result has another form'],
  ['a list', encodeMessage([]), 'a message has another form'],
  ['no JSON', encodeFrame(FRAME_JSON, Buffer.from('{')), 'a message has another form'],
  ['no id', encodeMessage({ ok: true, result: {} }), 'a message without a number came'],
  ['raw content', encodeFrame(FRAME_DATA, Buffer.from('x')), 'a frame of kind 2 came'],
  [
    'a frame without end',
    Buffer.from([1, 0xff, 0xff, 0xff, 0xff]),
    'a frame of 4294967295 bytes was announced',
  ],
])('P5: %s ends the conversation, and says so', async (_name, bytes, reason) => {
  const outcome = await callWith(bytes);
  expect(outcome).toBeInstanceOf(DeployError);
  expect(outcome).toMatchObject({ code: 'LOST' });
  expect((outcome as DeployError).message).toContain(`its answers can't be understood (${reason}`);
});

it('an unknown kind is a step that could not be carried out', async () => {
  const failure = {
    kind: 'other',
    facts: null,
    code: 'LOCKED',
    message: 'No.',
    description: 7,
    details: null,
  };
  expect(await callWith(encodeMessage({ id: 1, ok: false, failure }))).toMatchObject({
    code: 'STEP',
    message: "The engine's side refused a step for a reason that this version doesn't know: other.",
    details: { skipped: false },
  });
});

it('a refusal of a known kind is worded here', async () => {
  const failure = { kind: 'releaseMissing', facts: { release: '20261123-171501-3f2a9c1' } };
  expect(await callWith(encodeMessage({ id: 1, ok: false, failure }))).toMatchObject({
    code: 'NOT_FOUND',
    message: 'Release 20261123-171501-3f2a9c1 is not kept here. List the releases to see which are.',
    description: undefined,
    details: { skipped: false },
  });
});

it.each<[unknown, string | undefined]>([
  [{ kind: 'leftUndone', facts: { said: '[Errno 28] No space left' } }, '[Errno 28] No space left'],
  [{ kind: 'basePathIsRoot', facts: {} }, expect.stringContaining('Base Path is the root directory')],
  [{ kind: 'other' }, expect.stringContaining("doesn't know: other.")],
  ['in words of its own', undefined],
  [{ kind: 7 }, undefined],
  [null, undefined],
])('what was left undone is worded here: %j', async (complaint, sentence) => {
  const ended = { event: 'ended', reason: 'the connection ended', reverted: false, live: null, complaint };
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const client = await open(impostor);
  const waiting = thrownBy(client.call('confirm', {}));
  impostor.say(encodeMessage(ended));
  impostor.stdout.end();
  const { details } = await waiting;
  expect(details.ended).toEqual({
    reason: 'the connection ended',
    reverted: false,
    live: null,
    ...(sentence !== undefined && { complaint: sentence }),
  });
});

it('P5: an executor that leaves by itself: later steps are refused at once', async () => {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const client = await open(impostor);
  const waiting = thrownBy(client.call('confirm', {}));
  impostor.say(
    encodeMessage({
      event: 'ended',
      reason: 'nothing was heard for 60 s',
      reverted: true,
      live: '20261123-171501-3f2a9c1',
    }),
  );
  impostor.stdout.end();
  expect(await waiting).toMatchObject({
    code: 'LOST',
    details: {
      ended: { reason: 'nothing was heard for 60 s', reverted: true, live: '20261123-171501-3f2a9c1' },
    },
  });
  expect(await thrownBy(client.call('confirm', {}))).toMatchObject({ code: 'LOST' });
});

it('a greeting from another system is refused', async () => {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage({ ...HELLO, system: 'darwin' })]));
  expect(await thrownBy(open(impostor))).toMatchObject({
    code: 'CONNECTION',
    message: "engine runs darwin; the engine's side has to be Linux.",
  });
});
