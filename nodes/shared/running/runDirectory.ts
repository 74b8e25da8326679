import type { ResultOf } from '../contract/verbs';
import type { ExecutorClient } from '../executor/client';
import { toDeployError } from '../errors';
import type { RunInput, RunRequest } from '../run/request';

/** A run on its way. */
export interface OpenRun {
  readonly client: ExecutorClient;
  readonly request: RunRequest;
  readonly id: string;
  /** Tells what is run, for its key. */
  readonly digest: string;
}

/** A run's directory on the engine's side, where it has one. */
export interface Opened {
  readonly state: ResultOf<'openRun'>['state'] | 'none';
  /** Whether its input is there, for standard input. */
  readonly onStdin: boolean;
}

type Content = Extract<RunInput, { kind: 'content' }>;

/** Content goes through a conversation one after the other. */
const sending = new WeakMap<ExecutorClient, Promise<unknown>>();

/** Makes the run's directory if it needs one, and sends its input there. */
export function openDirectory(run: OpenRun): Promise<Opened> {
  const { client, request } = run;
  if (!needsDirectory(request)) return Promise.resolve({ state: 'none', onStdin: false });
  const before = sending.get(client) ?? Promise.resolve();
  const opened = before.then(() => open(run));
  sending.set(
    client,
    opened.catch(() => undefined),
  );
  return opened;
}

/** Its key, its input, its files: all that is on the engine's disk. */
function needsDirectory({ input, wanted, runKey, arguments: words, replay }: RunRequest): boolean {
  const fromFile = wanted.kind === 'files' || (wanted.kind === 'json' && wanted.place.from === 'file');
  return (
    input.kind === 'content' ||
    fromFile ||
    runKey !== '' ||
    replay !== undefined ||
    words.some((word) => word.includes('{outputDirectory}'))
  );
}

async function open({ client, request, id, digest }: OpenRun): Promise<Opened> {
  const { basePath, runKey, repeatable, runAs, input } = request;
  const { state } = await client.call('openRun', {
    ...{ basePath, run: id, repeatable, request: digest },
    ...(runKey && { key: runKey }),
    ...(runAs && { runAs }),
  });
  // Of a run that is there already, nobody reads it again.
  if (state !== 'new' || input.kind === 'none') return { state, onStdin: false };
  try {
    await send({ client, id }, input);
  } catch (error) {
    await closing({ client, id }, { state });
    throw toDeployError(error);
  }
  return { state, onStdin: input.pass === 'stdin' };
}

async function send({ client, id }: Pick<OpenRun, 'client' | 'id'>, { name, open }: Content): Promise<void> {
  const content = await open();
  let refused = false;
  const received = client.call('receiveInput', { run: id, name });
  received.catch(() => (refused = true));
  const sent = client.sendContent(endedByNothing(content, () => refused));
  try {
    // Together: the other side may refuse it, or be gone, while a slow source is still waited for.
    await Promise.all([sent, received]);
  } catch (error) {
    // Otherwise the next run's input would begin with what is left of this one.
    if (!client.isOver) await sent.catch(() => undefined);
    throw toDeployError(error);
  }
}

/** Content, and an empty piece that says that it was all, also where it broke off: the other side waits for it. */
async function* endedByNothing(
  content: AsyncIterable<Uint8Array>,
  refused: () => boolean,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of content) {
      if (refused()) return;
      if (piece.length > 0) yield piece;
    }
  } finally {
    yield new Uint8Array(0);
  }
}

/** Gives the directory back; one without a key is removed. What keeps it from being asked has ended the run, too. */
export async function closing(
  { client, id }: Pick<OpenRun, 'client' | 'id'>,
  { state }: Pick<Opened, 'state'>,
): Promise<void> {
  const closed = client.call('closeRun', { run: id }, { unawaited: true });
  // It is part of the run's end only where there is something to remove.
  await (state === 'none' ? undefined : closed.catch(() => undefined));
  closed.catch(() => undefined);
}
