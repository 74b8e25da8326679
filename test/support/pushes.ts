/** Deliveries of pushes as the forges send them: their documented payloads, signed with a secret. */
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Forge, PushRequest } from '../../nodes/shared/push/push';

const FIXTURES = join(__dirname, '..', 'fixtures', 'pushes');

export const SECRET = 'a-long-and-random-secret-0815';

/** A signing token as GitLab makes them. */
export const SIGNING_TOKEN = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

/** The repository of each forge's fixtures, as a person would configure it. */
export const CLONE_URLS: Readonly<Record<Forge, string>> = {
  github: 'https://github.com/acme/engine.git',
  gitlab: 'https://gitlab.example.com/acme/tools/engine.git',
  gitea: 'ssh://git@git.example.com:2222/acme/engine.git',
  bitbucket: 'git@bitbucket.org:acme/engine.git',
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a fixture's fields are its forge's
export type Payload = any;

/** A payload from the fixtures, to be changed at will. */
export function payloadOf(name: string): Payload {
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), 'utf8'));
}

/** The commits of the fixtures before and after the push, and the object of the annotated tag. */
export const FIRST: string = payloadOf('github').before;
export const HEAD: string = payloadOf('github').after;
export const TAG_OBJECT: string = payloadOf('github-tag').after;

/** What stands for no commit. */
export const ZEROS = '0'.repeat(40);

export interface DeliveryOptions {
  /** Replaces the event's name. */
  event?: string;
  delivery?: string;
  secret?: string;
  contentType?: string;
  /** Milliseconds since 1970 at which it is signed. */
  now?: number;
}

/** A forge's request that delivers this payload, which is text when it is to be sent as it is. */
export function deliver(forge: Forge, payload: Payload, options: DeliveryOptions = {}): PushRequest {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const { contentType = 'application/json' } = options;
  return { headers: { 'content-type': contentType, ...HEADERS[forge](body, options) }, body };
}

type Headers = Record<string, string>;

const hmac = (secret: string | Buffer, body: Buffer) => createHmac('sha256', secret).update(body);

const HEADERS: Readonly<Record<Forge, (body: Buffer, options: DeliveryOptions) => Headers>> = {
  github: (body, { event = 'push', delivery = randomUUID(), secret = SECRET }) => ({
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-event': event,
    'x-github-delivery': delivery,
    'x-github-hook-id': '501234567',
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${hmac(secret, body).digest('hex')}`,
  }),
  gitea: (body, { event = 'push', delivery = randomUUID(), secret = SECRET }) => ({
    'x-gitea-event': event,
    'x-gitea-delivery': delivery,
    'x-gitea-signature': hmac(secret, body).digest('hex'),
    'x-gogs-event': event,
    'x-gogs-delivery': delivery,
    'x-gogs-signature': hmac(secret, body).digest('hex'),
    'x-github-event': event,
    'x-github-delivery': delivery,
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${hmac(secret, body).digest('hex')}`,
  }),
  gitlab: (body, { event = 'Push Hook', delivery = randomUUID(), secret = SECRET, now = Date.now() }) => ({
    'user-agent': 'GitLab/18.6.0',
    'idempotency-key': delivery,
    'x-gitlab-event': event,
    'x-gitlab-webhook-uuid': randomUUID(),
    'x-gitlab-event-uuid': randomUUID(),
    'x-gitlab-instance': 'https://gitlab.example.com',
    ...(secret.startsWith('whsec_')
      ? standardWebhook(secret, delivery, Math.floor(now / 1000), body)
      : { 'x-gitlab-token': secret }),
  }),
  bitbucket: (body, { event = 'repo:push', delivery = randomUUID(), secret = SECRET }) => ({
    'user-agent': 'Bitbucket-Webhooks/2.0',
    'x-event-key': event,
    'x-hook-uuid': '6f21c0b4-0000-4000-8000-000000000001',
    'x-request-uuid': delivery,
    'x-attempt-number': '1',
    'x-hub-signature': `sha256=${hmac(secret, body).digest('hex')}`,
  }),
};

function standardWebhook(secret: string, id: string, seconds: number, body: Buffer): Headers {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = Buffer.concat([Buffer.from(`${id}.${seconds}.`), body]);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${hmac(key, signed).digest('base64')}`,
  };
}
