import type { IExecuteFunctions } from 'n8n-workflow';

import { hint } from '../n8n/hints';
import type { ItemContext } from '../n8n/item';
import type { ReleaseId } from '../shared/contract/names';
import type { ExecutorClient } from '../shared/executor/client';
import type { Way } from '../shared/operations/attempts';
import { holdRelease } from '../shared/operations/run';
import { survivesN8n } from '../shared/rollout/rolloutResult';
import type { Held } from '../shared/running/duringRun';
import type { RunRequest } from '../shared/run/request';

/** What one conversation holds, by what was asked for. */
const holds = new WeakMap<ExecutorClient, Map<string, Promise<Held>>>();
/** Where the first item of an execution asked what is live in an engine, and the answer. */
const firsts = new WeakMap<IExecuteFunctions, Map<string, { client: ExecutorClient; held: Promise<Held> }>>();

/**
 * Keeps the release that an item runs. As one of a batch it is what was live for the first of them, also after a
 * deployment, and over another conversation; else it is the release that was chosen, or what is live when the run starts.
 */
export function holding({ node }: ItemContext, request: RunRequest, asBatch: boolean): Way['hold'] {
  return async (client) => {
    if (request.release !== undefined || !asBatch) {
      return { held: held(node, client, request, request.release), pinnedTo: request.release };
    }
    const place = JSON.stringify([client.connection.host, client.container, request.basePath]);
    const known = firsts.get(node) ?? new Map<string, { client: ExecutorClient; held: Promise<Held> }>();
    firsts.set(node, known);
    const first = known.get(place) ?? { client, held: held(node, client, request) };
    known.set(place, first);
    first.held.catch(() => known.delete(place));
    if (first.client === client) return { held: held(node, client, request), pinnedTo: 'held' };
    const release = (await first.held).release ?? undefined;
    return { held: held(node, client, request, release), pinnedTo: release };
  };
}

const keyOf = ({ basePath, runAs, runKey }: RunRequest, release?: ReleaseId) =>
  JSON.stringify([basePath, runAs, runKey !== '', release]);

function held(
  node: IExecuteFunctions,
  client: ExecutorClient,
  request: RunRequest,
  release?: ReleaseId,
): Promise<Held> {
  const { basePath, runAs } = request;
  return once(holds, client, keyOf(request, release), async () => {
    const found = await holdRelease(client, { basePath, release, runAs });
    // Whoever asks for it by its name needs no answer of its own.
    if (found.release !== null) void once(holds, client, keyOf(request, found.release), async () => found);
    // Said once for all items, by the question that names no release.
    if (release === request.release) node.addExecutionHints(...hintsOf(client, found, request));
    return found;
  });
}

function hintsOf(
  client: ExecutorClient,
  { release, asRoot, survives: goesOn }: Held,
  { basePath, runKey }: RunRequest,
) {
  const survives = survivesN8n(client, { survives: goesOn });
  return [
    ...(release === null
      ? [
          hint(
            `Nothing was deployed to ${basePath} yet: runs read its plain files, whatever changes there.`,
            'info',
          ),
        ]
      : []),
    ...(asRoot
      ? [hint(`Runs are started as root, whom ${basePath} belongs to. Run As names another user.`, 'warning')]
      : []),
    ...(runKey && !survives
      ? [
          hint(
            'Runs with a Run Key would end with n8n’s container or service here: they are part of it. Reach the engine over SSH, or in a container of its own.',
            'warning',
          ),
        ]
      : []),
  ];
}

/** The same promise for the same key; one that is rejected is asked for again. */
function once<Owner extends object, T>(
  known: WeakMap<Owner, Map<string, Promise<T>>>,
  owner: Owner,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const own = known.get(owner) ?? new Map<string, Promise<T>>();
  known.set(owner, own);
  const found = own.get(key) ?? make();
  own.set(key, found);
  found.catch(() => own.delete(key));
  return found;
}
