/** Where an engine is. */
export interface Place {
  /** The host's name, or `localhost`. */
  host: string;
  /** The container on it that the engine runs in. Absent where it runs on the host itself. */
  container?: string | undefined;
  /** As seen from where the engine runs. */
  basePath: string;
}

/** Who an executor is reached through: as much of its client as says where that is. */
interface Reached {
  readonly connection: { readonly host: string };
  readonly container?: string | undefined;
}

/** The fields that say where it happened. */
export function placeOf({ connection, container }: Reached, basePath: string): Place {
  return { host: connection.host, ...(container !== undefined && { container }), basePath };
}

/** For sentences: `/app`, or `/app in the container engine`. */
export function shownPlace({ basePath, container }: Omit<Place, 'host'>): string {
  return container === undefined ? basePath : `${basePath} in the container ${container}`;
}
