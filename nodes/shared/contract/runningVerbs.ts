/**
 * The verbs that start or end runs of the engine. They change nothing that is deployed, so that they need no lock: runs
 * start and end while a deployment is at work.
 */
export const RUNNING = {} as const;
