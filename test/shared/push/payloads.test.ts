import fc from 'fast-check';

import { plain } from '../../../nodes/shared/push/payload';
import { FORGES } from '../../../nodes/shared/push/push';
import { HEAD, payloadOf } from '../../support/pushes';
import { emitted, received } from '../../support/triggers';

test.each(['', '{', 'null', '[]', '7', '"text"', '{"ref":', '\u0000'])(
  'a body that is %j is refused',
  (body) => {
    for (const forge of FORGES) {
      expect(received(forge, body).refusal).toEqual({
        status: 400,
        reason:
          'The body is no JSON object; choose the content type application/json in the webhook’s settings.',
      });
    }
  },
);

test('a byte order mark is no reason to refuse', () => {
  expect(emitted('github', `\uFEFF${JSON.stringify(payloadOf('github'))}`).commit).toBe(HEAD);
});

test('P8: a body that is nested a million times is refused, and nothing ends', () => {
  const body = `{"ref":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
  expect(received('github', body).refusal?.status).toBe(400);
});

test('P7: fields that would change every object are fields like any other', () => {
  const text = JSON.stringify(payloadOf('github'))
    .replace('{', '{"__proto__":{"polluted":1,"forced":false},"constructor":{"prototype":{"polluted":1}},')
    .replace('"repository":{', '"repository":{"__proto__":{"html_url":"https://github.com/acme/other"},');
  const item = emitted('github', text);
  expect(item.commit).toBe(HEAD);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('P7: inherited fields are none, also when something else in n8n changed every object', () => {
  const payload = payloadOf('github');
  delete payload.after;
  const everyObject = Object.prototype as { after?: string };
  everyObject.after = HEAD;
  const { refusal } = received('github', payload);
  delete everyObject.after;
  expect(refusal?.reason).toMatch(/^The payload’s after is "", which is no full commit ID;/);
});

test.each([
  ['after', 'HEAD'],
  ['after', HEAD.slice(1)],
  ['after', `${HEAD}\n`],
  ['after', HEAD.toUpperCase()],
  ['after', '--upload-pack=x'],
  ['after', { toString: HEAD }],
  ['before', 'main'],
])('P7: %s %j is refused', (field, value) => {
  const { refusal } = received('github', { ...payloadOf('github'), [field]: value });
  expect(refusal).toMatchObject({
    status: 400,
    reason: expect.stringContaining(`The payload’s ${field} is`),
  });
});

test.each([
  '--upload-pack=x',
  'a b',
  'a..b',
  'a/../b',
  'a//b',
  '.a',
  'a/.b',
  'a.lock',
  'a.lock/b',
  'a.',
  'a/',
  '/a',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[b',
  'a\\b',
  'a@{1}',
  '@',
  'a\nb',
  'a\u007fb',
  '',
  'é'.repeat(600),
])('P7: a branch named %j is refused', (name) => {
  const { refusal } = received('github', { ...payloadOf('github'), ref: `refs/heads/${name}` });
  expect(refusal).toMatchObject({
    status: 400,
    reason: expect.stringContaining('which Git would not accept'),
  });
});

test('whatever JSON a genuine body holds, it is answered or refused with a sentence', () => {
  const fields = [
    'ref',
    'before',
    'after',
    'commits',
    'repository',
    'head_commit',
    'push',
    'project',
    'actor',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...FORGES),
      fc.dictionary(fc.constantFrom(...fields), fc.jsonValue(), { noNullPrototype: true }),
      (forge, changes) => {
        const { answer, refusal } = received(forge, { ...payloadOf(forge), ...changes });
        expect(answer?.reason ?? refusal?.reason).toMatch(/\.$/);
      },
    ),
    { numRuns: 500 },
  );
});

test('what people wrote loses control characters and what is beyond 4,096 characters', () => {
  expect(plain('a\u0007b\u001b[31mc\n\td  ')).toBe('a b [31mc\n\td');
  expect(plain('x'.repeat(10_000))).toHaveLength(4096);
  const payload = payloadOf('github');
  payload.head_commit.message = `${'é'.repeat(4095)}😀 and more`;
  const { message } = emitted('github', payload);
  expect(Buffer.from(message).toString()).toBe(message);
});
