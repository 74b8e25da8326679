import { PassThrough } from 'node:stream';

import type { Verb } from '../../../nodes/shared/contract/verbs';
import { Calls } from '../../../nodes/shared/executor/calls';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { ExecutorOptions } from '../../../nodes/shared/executor/conversation';
import { encodeMessage, MARKER } from '../../../nodes/shared/executor/frames';
import { Inbox } from '../../../nodes/shared/executor/inbox';
import { stepLimit, transferSeconds } from '../../../nodes/shared/executor/stepLimits';
import { Supervision } from '../../../nodes/shared/executor/supervision';
import { asBasePath, asEntrypoint, asReleaseId } from '../../support/named';
import { onHost } from '../../support/conversation';
import { HELLO, Impostor } from '../../support/impostor';
import { thrownBy } from '../../support/thrown';

const ALIVE = encodeMessage({ event: 'alive' });
const basePath = asBasePath('/app');
const release = asReleaseId('20261123-171501-3f2a9c1');

/** A host that says it is there whenever it is asked, and nothing else. */
function onlyAlive(options: Partial<ExecutorOptions>): Promise<ExecutorClient> {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const beat = encodeMessage({});
  impostor.onHeard = (bytes) => {
    if (bytes.equals(beat)) impostor.say(ALIVE);
  };
  return ExecutorClient.open(impostor, { interpreter: onHost('python3'), silenceSeconds: 1, ...options });
}

test('P5: a host that only says that it is there is given up, and the step and its limit are named', async () => {
  const client = await onlyAlive({ commandTimeoutSeconds: 0.5 });
  const thrown = await thrownBy(client.call('history', { basePath, limit: 1 }));
  expect(thrown).toMatchObject({
    code: 'LOST',
    message: 'The conversation with engine broke off: the step “history” was not done within 1 s.',
    description: expect.stringMatching(
      /^Its limit is 2 times the Command Timeout, .* raise Command Timeout in the options\. .*Get Status shows what is live\.$/,
    ),
  });
  await client.close();
});

test('P5: the step that keeps the others waiting is named, and what waits has its own time', async () => {
  const client = await onlyAlive({ commandTimeoutSeconds: 0.5 });
  const [first, second] = [{ limit: 1 }, { limit: 2 }].map(({ limit }) =>
    client.call('history', { basePath, limit }),
  );
  const archived = client.call('archive', { release }, { background: true });
  const thrown = await Promise.all([first, second, archived].map((call) => thrownBy(call)));
  for (const { message } of thrown) expect(message).toMatch(/the step “history” was not done within 1 s/);
  await client.close();
});

test('P5: a host that takes no content is given up, however often it says that it is there', async () => {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const client = await ExecutorClient.open(impostor, {
    interpreter: onHost('python3'),
    silenceSeconds: 1,
    commandTimeoutSeconds: 0.05,
  });
  impostor.stdin.cork();
  const timer = setInterval(() => impostor.say(encodeMessage({ id: 1, event: 'output', text: '' })), 50);
  const assembled = client.call('assemble', { encoding: 'identity', record: {} });
  const sent = client.sendContent(
    (async function* () {
      for (;;) yield Buffer.alloc(1024);
    })(),
  );
  sent.catch(() => undefined);
  expect((await thrownBy(assembled)).message).toMatch(/the step “assemble” was not done within 2 s/);
  clearInterval(timer);
  await client.close();
});

test.each<[Verb, object, number]>([
  ['run', { release, kind: 'python', timeoutSeconds: 600 }, 600 + 1800],
  ['run', { release, kind: 'compile' }, 60 + 1800],
  ['lock', { basePath, create: true, holder: {}, waitSeconds: 900 }, 900 + 1800],
  ['environment', { release, timeoutSeconds: 1200 }, 1200 + 1800],
  ['waitForQuiet', { pauseSeconds: 900, waitSeconds: 300 }, 1200 + 120],
  ['drain', { entrypoint: asEntrypoint('run.py'), waitSeconds: 300 }, 300 + 120],
  ['confirm', {}, 120],
  ['probe', { basePath, entrypoint: asEntrypoint('run.py') }, 1800],
])('P5: the limit of %s %j is made of its own and the Command Timeout', (verb, args, seconds) => {
  expect(stepLimit(verb, args as never, 60).seconds).toBe(seconds);
});

test('P5: content that gets on gives its step more time, and only that one', () => {
  const calls = new Calls();
  const limit = { seconds: 10, times: 1 };
  for (const [id, verb] of (['receive', 'assemble', 'describe'] as const).entries()) {
    calls.add(id, verb, limit, {}).catch(() => undefined);
  }
  expect(calls.spend(9)).toBeUndefined();
  calls.allow(transferSeconds(100_000));
  expect(calls.spend(9)).toBeUndefined();
  expect(calls.spend(9)).toMatchObject({ verb: 'receive' });
});

test('P5: a message that comes byte by byte has to end within a minute; while none is coming, nothing is counted', () => {
  const stream = new PassThrough();
  const taken: number[] = [];
  const inbox = new Inbox(stream, {
    heard: () => undefined,
    take: () => void taken.push(1),
    refused: (reason) => {
      throw reason;
    },
  });
  const supervision = new Supervision(new Calls(), inbox);
  const message = encodeMessage({ event: 'alive' });
  stream.emit('data', MARKER);
  const every = (times: number) => Array.from({ length: times }, () => supervision.passed(5)?.how);
  expect(every(100).filter(Boolean)).toEqual([]);
  const said = Array.from(message.subarray(0, -1), (byte) => {
    stream.emit('data', Buffer.from([byte]));
    return supervision.passed(5)?.how;
  });
  expect(said[11]).toBeUndefined();
  expect(said[12]).toBe('a message began and did not end within 60 s');
  stream.emit('data', message.subarray(-1));
  expect([taken.length, supervision.passed(5)]).toEqual([1, undefined]);
});
