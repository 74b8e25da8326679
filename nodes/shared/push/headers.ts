import type { Forge, PushRequest } from './push';

type Headers = PushRequest['headers'];

/** Which header names a delivery's event. Gitea sends GitHub's headers too, and Forgejo Gitea's: the order counts. */
const EVENT_HEADERS: ReadonlyArray<readonly [string, Forge]> = [
  ['x-forgejo-event', 'gitea'],
  ['x-gitea-event', 'gitea'],
  ['x-gitlab-event', 'gitlab'],
  ['x-github-event', 'github'],
  ['x-event-key', 'bitbucket'],
];

/** Headers that identify a delivery, the best first. Redelivered by hand, GitLab and Gitea give a new one. */
const DELIVERY_HEADERS: Readonly<Record<Forge, readonly string[]>> = {
  github: ['x-github-delivery'],
  gitea: ['x-forgejo-delivery', 'x-gitea-delivery'],
  gitlab: ['webhook-id', 'idempotency-key', 'x-gitlab-webhook-uuid'],
  bitbucket: ['x-request-uuid'],
};

/** The header's value; undefined when it is missing or was sent as a list. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The forge that a request claims to come from. */
export function forgeOf(headers: Headers): Forge | undefined {
  return EVENT_HEADERS.find(([name]) => headerOf(headers, name) !== undefined)?.[1];
}

/** The name of the event, as the forge writes it; empty when it says none. Headers are not signed. */
export function eventOf(headers: Headers, forge: Forge): string {
  const names = EVENT_HEADERS.filter(([, of]) => of === forge).map(([name]) => name);
  return firstOf(headers, names) ?? '';
}

/** The delivery's identifier; empty when there is none that looks like one. */
export function deliveryOf(headers: Headers, forge: Forge): string {
  const id = firstOf(headers, DELIVERY_HEADERS[forge]) ?? '';
  return /^[\w{}.:-]{1,128}$/.test(id) ? id : '';
}

function firstOf(headers: Headers, names: readonly string[]): string | undefined {
  return names.map((name) => headerOf(headers, name)).find((value) => value !== undefined);
}
