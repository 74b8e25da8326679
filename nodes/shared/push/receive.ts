import type { CommitId } from '../contract/names';
import { DeployError, toDeployError } from '../errors';
import { shownPaths } from './changedPaths';
import { type Accepted, decide, type Decision, type TriggerSettings } from './decide';
import type { Deliveries } from './deliveries';
import { readRequest } from './forges';
import { deliveryOf, forgeOf, headerOf } from './headers';
import { MAX_BODY_BYTES } from './payload';
import { verify } from './signature';
import type { ChangedPaths, DeployKind, Forge, PushRequest } from './push';

/** A request that is not let in, with what its sender is told. */
export interface Refusal {
  status: 400 | 401 | 403;
  reason: string;
}

/** What the forge is told of a request that is genuine. */
export interface Answer {
  decision: 'accepted' | 'ignored';
  reason: string;
  deploy?: DeployKind;
  /** Each reference that the push moved. */
  pushes?: Array<{ reference: string } & Pick<Decision, 'decision' | 'reason' | 'deploy' | 'pathsKnown'>>;
}

/** What the workflow is started with. Nothing in it is an address or a name that was not verified. */
export interface PushItem {
  event: 'push';
  forge: Forge;
  repository: string;
  /** As the trigger's settings have it. */
  cloneUrl: string;
  reference: string;
  branch: string | null;
  tag: string | null;
  /** Where the reference was after the push; it may have moved on, so deploy `reference`. */
  commit: CommitId;
  before: CommitId | null;
  created: boolean;
  /** Null where the forge doesn't say. */
  forced: boolean | null;
  pusher: string;
  message: string;
  changedPaths: ChangedPaths & { counts: Record<keyof ChangedPaths, number> };
  pathsKnown: boolean;
  deploy: DeployKind;
  delivery: string;
}

/** Either a refusal, or an answer with the items to start the workflow with, if any. */
export type Outcome = { refusal: Refusal } | { answer: Answer; items: PushItem[] };

/**
 * Finds out whose request it is, and whether it is genuine. Reads nothing but headers before the signature fits.
 *
 * @param chosen `automatic` goes by the headers
 */
export function authenticate(
  request: PushRequest,
  chosen: Forge | 'automatic',
  secret: string,
  now: number,
): { refusal: Refusal } | { forge: Forge } {
  const refused = (status: Refusal['status'], reason: string) => ({ refusal: { status, reason } });
  if (secret === '') return refused(403, 'No secret is set for this trigger, so it lets nothing in.');
  if (request.body.length > MAX_BODY_BYTES) {
    return refused(400, `The body is larger than ${MAX_BODY_BYTES / 1024 ** 2} MB, which no push is.`);
  }
  const forge = chosen === 'automatic' ? forgeOf(request.headers) : chosen;
  if (!forge) return refused(401, 'The request names no event of a forge that is known here.');
  const verdict = verify(forge, secret, request, now);
  if (verdict === 'genuine') return { forge };
  return refused(
    401,
    verdict === 'missing'
      ? 'The request is not signed; enter the trigger’s secret in the webhook’s settings.'
      : 'The signature doesn’t fit; in the webhook’s settings, enter the trigger’s secret and choose the content type application/json.',
  );
}

/** Decides about a request that is genuine: each reference that it moves for itself, and all of them or none. */
export function receive(
  request: PushRequest,
  forge: Forge,
  settings: TriggerSettings,
  deliveries: Deliveries,
): Outcome {
  try {
    const delivery = { id: deliveryOf(request.headers, forge), body: request.body };
    const reading = readRequest(forge, request, headerOf(request.headers, 'content-type') ?? '');
    if (!reading.pushes) return { answer: { decision: 'ignored', reason: reading.reason }, items: [] };
    const decisions = reading.pushes.map((push) => decide(push, delivery, settings, deliveries));
    for (const { remember, push } of decisions) if (remember) deliveries.add(delivery, remember, push);
    const accepted = decisions.filter((decision) => decision.decision === 'accepted');
    return {
      answer: answerOf(decisions),
      items: accepted.map((decision) => itemOf(decision, { forge, delivery: delivery.id })),
    };
  } catch (thrown) {
    if (!(thrown instanceof DeployError)) throw toDeployError(thrown);
    return { refusal: { status: 400, reason: thrown.message } };
  }
}

const KINDS: readonly DeployKind[] = ['hot', 'standard', 'none'];

function answerOf(decisions: Decision[]): Answer {
  const accepted = decisions.filter(({ decision }) => decision === 'accepted').length;
  const [only, ...others] = decisions;
  const deploy = KINDS.find((kind) => decisions.some((decision) => decision.deploy === kind));
  return {
    decision: accepted > 0 ? 'accepted' : 'ignored',
    reason:
      only && others.length === 0
        ? only.reason
        : `${accepted} of ${decisions.length} references are acted on.`,
    ...(deploy && { deploy }),
    pushes: decisions.map(({ push, decision, reason, deploy: kind, pathsKnown }) => ({
      reference: push.reference,
      decision,
      reason,
      ...(kind && { deploy: kind, pathsKnown }),
    })),
  };
}

function itemOf(accepted: Accepted, { forge, delivery }: Pick<PushItem, 'forge' | 'delivery'>): PushItem {
  const { push, commit, repository, named, deploy, pathsKnown } = accepted;
  return {
    event: 'push',
    forge,
    repository: repository.name,
    cloneUrl: repository.cloneUrl,
    reference: push.reference,
    branch: named.kind === 'branch' ? named.name : null,
    tag: named.kind === 'tag' ? named.name : null,
    commit,
    before: push.before,
    created: push.before === null,
    forced: push.forced,
    pusher: push.pusher,
    message: push.message,
    changedPaths: shownPaths(push.listed.paths),
    pathsKnown,
    deploy,
    delivery,
  };
}
