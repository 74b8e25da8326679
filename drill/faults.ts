/** What goes wrong. All of it really happens: signals, sockets, a file system that forgets. */
export const FAULTS = [
  'controller SIGKILL',
  'connection cut',
  'silence',
  'cancel',
  'executor SIGKILL',
  'power loss',
] as const;

export type Fault = (typeof FAULTS)[number];

/** When, seen from the step that is under way on the engine's side. */
export const PHASES = ['before', 'during', 'after'] as const;

export type Phase = (typeof PHASES)[number];

/** The engine's side outlives these, and its dead-man's switch puts things right. The others end it, too. */
export function leavesExecutor(fault: Fault): boolean {
  return fault !== 'executor SIGKILL' && fault !== 'power loss';
}

/** These need a network to go wrong. */
export function needsNetwork(fault: Fault): boolean {
  return fault === 'connection cut' || fault === 'silence';
}
