import type { RunningService } from '../../contract/serviceVerbs';
import type { ExecutorClient } from '../../executor/client';
import type { SwitchOptions } from '../options';

/** The services that `serve.py` runs, where anything is to be done for them. */
export async function runningServices(
  client: ExecutorClient,
  { basePath, entrypoint, service }: Pick<SwitchOptions, 'basePath' | 'entrypoint' | 'service'>,
): Promise<readonly RunningService[] | undefined> {
  if (service?.method !== 'auto' && service?.method !== 'handOver') return undefined;
  return (await client.call('probe', { basePath, entrypoint })).services;
}
