/** P7: whatever a host sends, n8n's event loop turns, and its memory stays bounded. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { partsOf } from '../../../nodes/shared/contract/parts';
import { type ArgumentsOf, type Verb, VERBS } from '../../../nodes/shared/contract/verbs';
import { LONGEST_MESSAGE, MOST_VALUES } from '../../../nodes/shared/contract/wire';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { encodeFrame, encodeMessage, FRAME_JSON, MARKER } from '../../../nodes/shared/executor/frames';
import { onHost } from '../../support/conversation';
import { leastDelay } from '../../support/eventLoop';
import { HELLO, Impostor } from '../../support/impostor';
import { leastHeld } from '../../support/memory';

jest.setTimeout(600_000);

const BEYOND_CONTROL_MS = 100;
const MOST_HELD = 64 * 1024 ** 2;
const ALL_VERBS = Object.keys(VERBS) as Verb[];
const CHUNK = 1024 ** 2;

/** JSON texts of about so many bytes, which become something else in memory. */
const BODIES: Record<string, (bytes: number) => string> = {
  'nested lists': (bytes) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2),
  'nested objects': (bytes) => '{"a":'.repeat(bytes / 6) + '1' + '}'.repeat(bytes / 6),
  'empty lists': (bytes) => `[${'[],'.repeat(bytes / 3)}[]]`,
  'empty objects': (bytes) => `[${'{},'.repeat(bytes / 3)}{}]`,
  'many names': (bytes) => `{${names(bytes / 11)}}`,
  'objects of one name each': (bytes) =>
    `[${names(bytes / 13)
      .replace(/,/g, '},{')
      .replace(/^/, '{')}}]`,
  'the same name again': (bytes) => `{${'"a":1,'.repeat(bytes / 6)}"a":1}`,
  'a long text': (bytes) => `"${'x'.repeat(bytes)}"`,
  'a text of escapes': (bytes) => `"${'\\u0041'.repeat(bytes / 6)}"`,
  'a text of backslashes': (bytes) => `"${'\\\\'.repeat(bytes / 2)}"`,
  'many texts': (bytes) => `[${'"ab",'.repeat(bytes / 5)}""]`,
  'long numbers': (bytes) => `[1e${'9'.repeat(bytes)}]`,
  'many numbers': (bytes) => `[${'1,'.repeat(bytes / 2)}1]`,
};

function texts(count: number): string {
  return Array.from({ length: count }, (_, index) => `"some/file_${index}"`).join(',');
}

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `"n${index.toString(36)}":1`).join(',');
}

/** Every kind of answer to the first step with that text somewhere in it. */
function answersWith(body: string, place: string): string[] {
  return [
    `{"id":1,"ok":true,"ms":1,"result":${body}}`,
    `{"id":1,"ok":true,"ms":1,"result":{"${place.split('.')[0]}":${body}}}`,
    `{"id":1,"event":"part","at":"${place}","rows":${body}}`,
  ];
}

/** Every other kind of message with that text somewhere in it. */
function messagesWith(body: string): string[] {
  return [
    `{"event":"alive","x":${body}}`,
    `{"event":"hello","x":${body}}`,
    `{"event":"ended","reason":null,"reverted":false,"live":null,"x":${body}}`,
    `{"event":"ended","reason":${body},"reverted":false,"complaint":{"kind":"defect","facts":${body}}}`,
    `{"id":1,"event":"output","text":"","x":${body}}`,
    `{"id":1,"event":"part","at":${body},"rows":[]}`,
    `{"id":1,"ok":false,"failure":{"kind":"stepUnknown","facts":{"given":${body}}}}`,
    `{"id":${body},"ok":true}`,
    body,
  ];
}

const frameOf = (text: string): Buffer => encodeFrame(FRAME_JSON, Buffer.from(text));

/** Many frames in few chunks: a chunk is what comes in one turn. */
function chunksOf(frame: Buffer, bytes: number): Buffer[] {
  const chunk = Buffer.concat(Array<Buffer>(Math.max(1, Math.floor(CHUNK / frame.length))).fill(frame));
  return Array<Buffer>(Math.ceil(bytes / chunk.length)).fill(chunk);
}

/** One conversation in which a step is asked for and answered with these bytes, whatever comes of it. */
async function answeredWith(
  verb: Verb,
  answer: readonly Buffer[],
  looked: () => Promise<void> = async () => undefined,
): Promise<string> {
  const impostor = new Impostor(Buffer.concat([MARKER, encodeMessage(HELLO)]));
  const client = await ExecutorClient.open(impostor, { interpreter: onHost('python3') });
  const called = client.call(verb, {} as ArgumentsOf<Verb>, { onOutput: () => undefined }).then(
    () => 'answered',
    (error: Error) => error.message,
  );
  let over = false;
  void called.then(() => (over = true));
  for (const chunk of answer) {
    impostor.stdout.write(chunk);
    await looked();
    if (over) break;
  }
  impostor.stdout.end();
  const said = await called;
  await client.close();
  return said;
}

const HONEST = [encodeMessage({ id: 1, ok: true, ms: 1, result: {} })];
const controlDelay = () =>
  leastDelay(async () => {
    for (const verb of ALL_VERBS) await answeredWith(verb, HONEST);
  });

/** As long as a frame may be, longer, and with as many values as there may be. */
const SIZES = [LONGEST_MESSAGE - 1024, 8 * LONGEST_MESSAGE, MOST_VALUES * 2 - 1024];

/** What one verb is answered with. */
type Attack = readonly [Verb, readonly Buffer[]];

function attacksWith(body: (bytes: number) => string): Attack[] {
  const attack = (verb: Verb, text: string): Attack => [verb, [frameOf(text)]];
  const few = ALL_VERBS.flatMap((verb) => {
    const [place = 'live'] = partsOf(verb).keys();
    return answersWith(body(SIZES[2]), place).map((text) => attack(verb, text));
  });
  const large = SIZES.flatMap((size) => {
    const text = body(size);
    return [...answersWith(text, 'live.extra'), ...messagesWith(text)].map((each) => attack('probe', each));
  });
  return [...few, ...large];
}

describe.each(Object.entries(BODIES))('P7: %s', (what, body) => {
  test('in every kind of message, to every verb, keep n8n from nothing', async () => {
    const control = await controlDelay();
    const attacks = attacksWith(body);
    const attacked = await leastDelay(async () => {
      for (const [verb, answer] of attacks) {
        await answeredWith(verb, answer);
        // Each is an attack of its own: without, many of them are one turn.
        await nextTurn();
      }
    });
    process.stderr.write(`${what}: ${Math.round(attacked)} ms, control ${Math.round(control)} ms\n`);
    expect(attacked - control).toBeLessThan(BEYOND_CONTROL_MS);
  });
});

/** Legal messages that come in their thousands, each with what it is for. */
const FLOODS: Record<string, { verb: Verb; text: string; bytes?: number; expected: RegExp }> = {
  'signs of life': { verb: 'probe', text: '{"event":"alive"}', expected: /more often that it is there/ },
  'empty output': {
    verb: 'run',
    text: '{"id":1,"event":"output","text":""}',
    expected: /more output of run came/,
  },
  'long output': {
    verb: 'environment',
    text: `{"id":1,"event":"output","text":"${'é'.repeat(200_000)}"}`,
    expected: /more output of environment came/,
  },
  'empty parts': {
    verb: 'probe',
    text: '{"id":1,"event":"part","at":"live.extra","rows":[]}',
    expected: /takes more than|more than \d+ bytes came/,
  },
  'parts of many short texts': {
    verb: 'probe',
    text: `{"id":1,"event":"part","at":"live.extra","rows":[${texts(20_000)}]}`,
    expected: /takes more than|\(live.extra\) has another form/,
  },
  'parts of many empty records': {
    verb: 'history',
    text: `{"id":1,"event":"part","at":"changes","rows":[${'{},'.repeat(20_000)}{}]}`,
    expected: /changes/,
  },
  'parts of small findings': {
    verb: 'inspect',
    text: `{"id":1,"event":"part","at":"findings","rows":[${'{"kind":"owner","path":"","uid":1,"gid":1},'.repeat(3000)}{"kind":"staging","path":""}]}`,
    expected: /takes more than/,
  },
  'pieces of one text': {
    verb: 'texts',
    text: `{"id":1,"event":"part","at":"texts","rows":[["a","${'x'.repeat(100_000)}"]]}`,
    expected: /\(texts\) has another form|takes more/,
  },
  'numbers of what is needed': {
    verb: 'compare',
    text: `{"id":1,"event":"part","at":"needed","rows":[${'1,'.repeat(40_000)}1]}`,
    expected: /takes more than|\(needed\) has another form/,
  },
  'answers that nobody asked for': {
    verb: 'probe',
    text: '{"id":77,"ok":true,"result":{}}',
    expected: /nobody asked for/,
  },
  greetings: { verb: 'probe', text: JSON.stringify(HELLO), expected: /greeted twice/ },
  'rows of a manifest': {
    verb: 'entries',
    text: `{"id":1,"event":"part","at":"entries","rows":[${'["","file",0,0,"",null,0],'.repeat(4000)}["","file",0,0,"",null,0]]}`,
    expected: /takes more than/,
  },
};

describe.each(Object.entries(FLOODS))('P7: a flood of %s', (what, { verb, text, expected }) => {
  test('keeps n8n from nothing, and takes no memory', async () => {
    const chunks = chunksOf(frameOf(text), 64 * 1024 ** 2);
    const control = await controlDelay();
    const said: string[] = [];
    const attack = async (looked?: () => Promise<void>): Promise<void> =>
      void said.push(await answeredWith(verb, chunks, looked));
    const attacked = await leastDelay(() => attack());
    const held = await leastHeld(attack);
    process.stderr.write(
      `${what}: ${Math.round(attacked)} ms, control ${Math.round(control)} ms, ${Math.round(held / 1e6)} MB\n`,
    );
    for (const each of said) expect(each).toMatch(expected);
    expect(attacked - control).toBeLessThan(BEYOND_CONTROL_MS);
    expect(held).toBeLessThan(MOST_HELD);
  });
});

test('P7: a frame of 64 MiB is refused as soon as it is announced', async () => {
  const header = Buffer.from([FRAME_JSON, 0x04, 0, 0, 0]);
  expect(await answeredWith('probe', [header, Buffer.alloc(1024 ** 2, '[')])).toMatch(
    /a frame of 67108864 bytes was announced/,
  );
});
