/** One way to get a new version onto the engine's side; each has a base path of its own. */
export interface Way {
  readonly name: string;
  readonly basePath: string;
  /** Deploys what the source holds now, from connecting to having left. Resolves with milliseconds, checks left out. */
  deploy(): Promise<number>;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
