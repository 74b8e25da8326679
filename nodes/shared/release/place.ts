import type { ExecutorClient } from '../executor/client';

/** Where an engine is. */
export interface Place {
  /** The host's name, or `localhost`. */
  host: string;
  /** The container on it that the engine runs in. Absent where it runs on the host itself. */
  container?: string;
  /** As seen from where the engine runs. */
  basePath: string;
}

/** The fields that say where it happened. */
export function placeOf({ connection, container }: ExecutorClient, basePath: string): Place {
  return { host: connection.host, ...(container !== undefined && { container }), basePath };
}

/** For sentences: `/app`, or `/app in the container engine`. */
export function shownPlace({ basePath, container }: Omit<Place, 'host'>): string {
  return container === undefined ? basePath : `${basePath} in the container ${container}`;
}
