/** What the engine's side says by itself: who it is, and how it left. */
import { releaseId } from './names';
import { MANY } from './limits';
import { count, flag, list, number, optional, orDropped, orNull, record, type TypeOf } from './shape';
import { label, words } from './plainTexts';

/** What the executor says first: where it runs, as whom, and with which Python. */
export const hello = record({
  protocol: number,
  python: record({
    version: label,
    implementation: label,
    executable: words,
    supported: flag,
    /** The executable behind all links: what virtual environments are built from. */
    base: words,
    /** Suffix of extension modules, such as `.cpython-311-x86_64-linux-gnu.so`: the interpreter's ABI and platform. */
    abi: label,
  }),
  user: label,
  hostname: label,
  processId: count,
  /** `sys.platform`, such as `linux`. */
  system: label,
  /** Of the root file system. */
  freeBytes: number,
});
export type Hello = TypeOf<typeof hello>;

/** How the executor left: what it put right after the client's end of the conversation. */
export const ended = record({
  reason: orNull(words),
  /** Whether an unconfirmed switch was taken back. */
  reverted: flag,
  /** The release that is live now; null when there is none, or when nothing was locked. */
  live: orNull(releaseId),
  /** Releases of what was undone that are still in use. The next operation removes them. */
  left: orDropped(optional(list(releaseId, MANY))),
  /** What could not be put right. The next operation will. */
  complaint: orDropped(optional(words)),
});
export type Ended = TypeOf<typeof ended>;
