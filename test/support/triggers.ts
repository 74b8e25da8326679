/** Decides about deliveries as the trigger does, without n8n. */
import type { TriggerSettings } from '../../nodes/shared/push/decide';
import { Deliveries, type DeliveryStore } from '../../nodes/shared/push/deliveries';
import {
  type Answer,
  authenticate,
  type PushItem,
  receive,
  type Refusal,
} from '../../nodes/shared/push/receive';
import { createReferenceFilter } from '../../nodes/shared/push/references';
import { parseRepositories } from '../../nodes/shared/push/repositories';
import type { Forge, PushRequest } from '../../nodes/shared/push/push';
import { DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { createSelection } from '../../nodes/shared/source/patterns';
import { CLONE_URLS, deliver, type DeliveryOptions, type Payload, SECRET } from './pushes';

const REPOSITORIES = parseRepositories(Object.values(CLONE_URLS).join('\n'));
const SELECTION = createSelection(DEFAULT_SELECTION);

/** Set up for all repositories of the fixtures and for `main`, with what Hot Deploy deploys by default. */
export function settings(changes: Partial<TriggerSettings> = {}): TriggerSettings {
  return {
    repositories: REPOSITORIES,
    selects: createReferenceFilter('main', ['branch']),
    selection: SELECTION,
    subdirectory: '',
    emitAll: false,
    neverForced: false,
    ...changes,
  };
}

export interface Received {
  refusal?: Refusal;
  answer?: Answer;
  items: PushItem[];
}

export interface TriggerOptions extends Partial<TriggerSettings> {
  secret?: string;
  forge?: Forge | 'automatic';
  store?: DeliveryStore;
  now?: number;
}

/** What comes of a request, by a trigger with {@link SECRET} that remembers in `store`. */
export function receivedOf(request: PushRequest, options: TriggerOptions = {}): Received {
  const { secret = SECRET, forge = 'automatic', store = {}, now = Date.now(), ...changes } = options;
  const authenticated = authenticate(request, forge, secret, now);
  if ('refusal' in authenticated) return { ...authenticated, items: [] };
  const outcome = receive(request, authenticated.forge, settings(changes), new Deliveries(store));
  return 'refusal' in outcome ? { ...outcome, items: [] } : outcome;
}

/** What comes of a delivery of this payload. */
export function received(
  forge: Forge,
  payload: Payload,
  options: TriggerOptions = {},
  delivery: DeliveryOptions = {},
): Received {
  return receivedOf(deliver(forge, payload, delivery), options);
}

/** The only item that a delivery lets out; anything else is a broken test. */
export function emitted(...args: Parameters<typeof received>): PushItem {
  const { items, answer, refusal } = received(...args);
  if (items.length !== 1) throw new Error(`expected one item: ${JSON.stringify(refusal ?? answer)}`);
  return items[0];
}
