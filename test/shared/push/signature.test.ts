import fc from 'fast-check';

import type { Forge, PushRequest } from '../../../nodes/shared/push/push';
import { FORGES } from '../../../nodes/shared/push/push';
import { deliver, type DeliveryOptions, payloadOf, SECRET, SIGNING_TOKEN } from '../../support/pushes';
import { receivedOf, type TriggerOptions } from '../../support/triggers';

/** Every way to sign: whose, with which secret, and the headers that hold the signature. */
const WAYS: Array<[string, Forge, string, string[]]> = [
  ['GitHub', 'github', SECRET, ['x-hub-signature-256']],
  ['Gitea', 'gitea', SECRET, ['x-gitea-signature', 'x-hub-signature-256']],
  ['GitLab with a token', 'gitlab', SECRET, ['x-gitlab-token']],
  [
    'GitLab with a signing token',
    'gitlab',
    SIGNING_TOKEN,
    ['webhook-signature', 'webhook-id', 'webhook-timestamp'],
  ],
  ['Bitbucket', 'bitbucket', SECRET, ['x-hub-signature']],
];

const statusOf = (request: PushRequest, options?: TriggerOptions) =>
  receivedOf(request, options).refusal?.status ?? 200;

const withHeaders = ({ headers, body }: PushRequest, changes: PushRequest['headers']): PushRequest => ({
  headers: { ...headers, ...changes },
  body,
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[(bit >> 3) % changed.length] ^= 1 << (bit & 7);
  return changed;
}

describe.each(WAYS)('%s', (_name, forge, secret, names) => {
  const genuine = (options: DeliveryOptions = {}) => deliver(forge, payloadOf(forge), { secret, ...options });

  test.each(['automatic', forge] as const)('lets in what is signed with the secret, as %s', (chosen) => {
    expect(statusOf(genuine(), { secret, forge: chosen })).toBe(200);
  });

  test('P7: refuses every signature of which one bit is another', () => {
    const request = genuine();
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(4095), (name, bit) => {
        const text = request.headers[name] as string;
        const changes = { [name]: flipped(Buffer.from(text, 'latin1'), bit).toString('latin1') };
        expect(statusOf(withHeaders(request, changes), { secret })).toBe(401);
      }),
      { numRuns: 400 },
    );
  });

  // A plain token says nothing about the body: that is what GitLab's signing tokens are for.
  if (!names.includes('x-gitlab-token')) {
    test('P7: refuses every body of which one bit is another', () => {
      const { headers, body } = genuine();
      fc.assert(
        fc.property(fc.nat(body.length * 8 - 1), (bit) => {
          expect(statusOf({ headers, body: flipped(body, bit) }, { secret })).toBe(401);
        }),
        { numRuns: 400 },
      );
    });
  }

  test.each(['another-secret-altogether', `${SECRET} `, 'whsec_', SIGNING_TOKEN.slice(0, -4)])(
    'P7: refuses what is signed with %j',
    (other) => {
      const plain = other.replace('whsec_', 'other_');
      expect(statusOf(deliver(forge, payloadOf(forge), { secret: plain }), { secret })).toBe(401);
      expect(statusOf(genuine(), { secret: other })).toBe(401);
    },
  );

  test('P7: refuses what has no signature, an empty one, or two', () => {
    for (const value of [undefined, '', ['a', 'b']]) {
      const changes = Object.fromEntries(names.map((name) => [name, value]));
      expect(statusOf(withHeaders(genuine(), changes), { secret })).toBe(401);
    }
  });

  test('P7: refuses everything when no secret is set, also what is signed with none', () => {
    expect(receivedOf(genuine(), { secret: '' }).refusal).toEqual({
      status: 403,
      reason: 'No secret is set for this trigger, so it lets nothing in.',
    });
    if (secret === SECRET) {
      expect(statusOf(deliver(forge, payloadOf(forge), { secret: '' }), { secret: '' })).toBe(403);
    }
  });

  test('P7: no refusal holds a secret or what would have been right', () => {
    const wrong = withHeaders(genuine(), { [names[0]]: 'wrong' });
    const { reason } = receivedOf(wrong, { secret }).refusal ?? { reason: secret };
    for (const kept of [secret, ...names.map((name) => genuine().headers[name] as string)]) {
      expect(reason).not.toContain(kept);
    }
    expect(reason).toMatch(/^[A-Z][^.]*\.$/);
  });
});

test('P7: a signature of one forge is none of another that signs differently', () => {
  const signed = deliver('github', payloadOf('github'));
  for (const forge of FORGES.filter((other) => other !== 'github' && other !== 'gitea')) {
    expect(statusOf(signed, { forge })).toBe(401);
  }
});

test('P7: SHA-1, which GitHub and Gitea still send beside, doesn’t count', () => {
  for (const forge of ['github', 'gitea', 'bitbucket'] as const) {
    const { headers, body } = deliver('github', payloadOf('github'));
    const weak = { headers: { ...headers, 'x-hub-signature-256': undefined }, body };
    expect(statusOf(weak, { forge })).toBe(401);
  }
});

test('P7: with a signing token, the token alone lets nothing in', () => {
  const { headers, body } = deliver('gitlab', payloadOf('gitlab'), { secret: SECRET });
  expect(
    statusOf({ headers: { ...headers, 'x-gitlab-token': SIGNING_TOKEN }, body }, { secret: SIGNING_TOKEN }),
  ).toBe(401);
});

test.each([
  [-301, 401],
  [-299, 200],
  [299, 200],
  [301, 401],
])('P7: a time that is signed may be %i s away: %i', (seconds, status) => {
  const now = 1_764_000_000_000;
  const request = deliver('gitlab', payloadOf('gitlab'), {
    secret: SIGNING_TOKEN,
    now: now + seconds * 1000,
  });
  expect(statusOf(request, { secret: SIGNING_TOKEN, now })).toBe(status);
});

test('while a signing token is replaced, one of several signatures is enough', () => {
  const request = deliver('gitlab', payloadOf('gitlab'), { secret: SIGNING_TOKEN });
  const both = `v1,${Buffer.alloc(32).toString('base64')} ${request.headers['webhook-signature']}`;
  const options = { secret: SIGNING_TOKEN };
  expect(statusOf(withHeaders(request, { 'webhook-signature': both }), options)).toBe(200);
  const others = Array<string>(10).fill('v1,AAAA').join(' ');
  const buried = `${others} ${request.headers['webhook-signature']}`;
  expect(statusOf(withHeaders(request, { 'webhook-signature': buried }), options)).toBe(401);
});

test('Forgejo’s own header counts like Gitea’s', () => {
  const request = deliver('gitea', payloadOf('gitea'));
  const { 'x-gitea-signature': signature, 'x-gitea-event': event, ...headers } = request.headers;
  const forgejo = { ...headers, 'x-forgejo-event': event, 'x-forgejo-signature': signature };
  expect(statusOf({ headers: forgejo, body: request.body })).toBe(200);
  const tampered = { ...forgejo, 'x-forgejo-signature': 'a'.repeat(64) };
  expect(statusOf({ headers: tampered, body: request.body })).toBe(401);
});

test('a request of no forge is refused', () => {
  expect(receivedOf({ headers: {}, body: Buffer.from('{}') }).refusal?.status).toBe(401);
});

test('a body larger than any forge’s is refused before anything is computed from it', () => {
  const { headers } = deliver('github', payloadOf('github'));
  const body = Buffer.alloc(25 * 1024 ** 2 + 1);
  expect(receivedOf({ headers, body }).refusal).toMatchObject({
    status: 400,
    reason: expect.stringContaining('larger'),
  });
});
