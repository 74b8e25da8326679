import type { BasePath, Entrypoint } from '../contract/names';
import type { ExecutorClient } from '../executor/client';

/**
 * Connects while a source is being read, and while that still goes on, has the engine's side look at what is live: the
 * operation that follows finds it looked at. With many files, either takes as long as everything else.
 *
 * Settles as `connecting` does. What looking ahead is refused, the operation is refused again.
 */
export async function connectAhead(
  connecting: Promise<ExecutorClient>,
  opening: Promise<unknown>,
  { basePath, entrypoint }: { basePath: BasePath; entrypoint: Entrypoint },
): Promise<ExecutorClient> {
  let reading = true;
  const read = (): void => void (reading = false);
  opening.then(read, read);
  const client = await connecting;
  if (reading)
    void client.pipeline().call('probe', { basePath, entrypoint, ahead: true }, { unawaited: true });
  return client;
}
