import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { headerOf } from './headers';
import { signingKey } from './secret';
import type { Forge, PushRequest } from './push';

/** How far the time of a signed request may be from ours, in seconds: what Standard Webhooks proposes. */
const MAX_AGE_SECONDS = 300;

/** A signing header may hold several signatures while a secret is being replaced. */
const MAX_SIGNATURES = 10;

/** Makes texts of any length comparable in a time that depends on neither. */
const COMPARISON_KEY = randomBytes(32);

/** Whether a request was made by who knows the secret; `missing` when it has nothing to tell by. */
export type Verdict = 'genuine' | 'missing' | 'wrong';

/**
 * Verifies a request's signature over its raw body, or its token, in constant time.
 *
 * The secret decides between GitLab's two ways, never the request: with a signing token (`whsec_…`) nothing but a
 * signature counts. Where a forge sends the same signature in several headers, all that are there have to be right.
 *
 * @param now milliseconds since 1970, for requests whose time is signed
 */
export function verify(forge: Forge, secret: string, request: PushRequest, now: number): Verdict {
  const { headers, body } = request;
  if (forge === 'gitlab') {
    const key = signingKey(secret);
    return key
      ? verifyStandardWebhook(key, request, now)
      : verifyHeaders(headers, { 'x-gitlab-token': secret });
  }
  const hex = createHmac('sha256', secret).update(body).digest('hex');
  switch (forge) {
    case 'github':
      return verifyHeaders(headers, { 'x-hub-signature-256': `sha256=${hex}` });
    case 'bitbucket':
      return verifyHeaders(headers, { 'x-hub-signature': `sha256=${hex}` });
    case 'gitea':
      return verifyHeaders(headers, {
        'x-forgejo-signature': hex,
        'x-gitea-signature': hex,
        'x-hub-signature-256': `sha256=${hex}`,
      });
  }
}

/** Compares all of the headers that are there, whatever the first comparison says. */
function verifyHeaders(headers: PushRequest['headers'], expected: Record<string, string>): Verdict {
  const present = Object.entries(expected).flatMap(([name, text]) => {
    const given = headerOf(headers, name);
    return given === undefined ? [] : [isSame(given, text)];
  });
  if (present.length === 0) return 'missing';
  return present.every(Boolean) ? 'genuine' : 'wrong';
}

/** As https://www.standardwebhooks.com describes it: identifier, time and body are signed together. */
function verifyStandardWebhook(key: Buffer, { headers, body }: PushRequest, now: number): Verdict {
  const id = headerOf(headers, 'webhook-id');
  const time = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (id === undefined || time === undefined || signatures === undefined) return 'missing';
  const signed = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64');
  const isSigned = signatures
    .split(' ', MAX_SIGNATURES)
    .map((signature) => isSame(signature, `v1,${signed}`))
    .some(Boolean);
  const isTimely = /^\d{1,12}$/.test(time) && Math.abs(now / 1000 - Number(time)) <= MAX_AGE_SECONDS;
  return isSigned && isTimely ? 'genuine' : 'wrong';
}

/** Compares texts, not what they decode to: a signature written in another way is another signature. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', COMPARISON_KEY).update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
