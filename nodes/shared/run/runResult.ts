/** What comes out of a run, as an item has it. */
import type { Place } from '../release/place';
import type { RunStatus } from './ending';

/** A file that a run put into its output directory. */
export interface OutputFile {
  /** From the output directory on. */
  path: string;
  bytes: number;
}

/** Takes a file of a run's output directory, the first one being number 0; it can be read until that is done. */
export type TakeFile = (file: OutputFile, content: AsyncIterable<Buffer>, index: number) => Promise<void>;

/** A run that has ended. */
export interface RunResult extends Place {
  status: RunStatus;
  /** The release that answered; null for an engine that was never deployed, or where nothing was started. */
  release: string | null;
  exitCode: number | null;
  /** Name of the signal that ended it, such as `SIGKILL`. */
  signal: string | null;
  durationMs: number;
  /** Processor time of the run and all that it started. */
  cpuMs: number;
  /** 1 MB is 1,000,000 bytes. */
  peakMemoryMb: number;
  attempts: number;
  /** What was asked for: JSON, a list of it, text, or the files' paths. Null where it did not come to that. */
  output: unknown;
  /** The end of what it printed, where `output` isn't that itself. */
  stdout?: string | undefined;
  stderr: string;
  runKey: string | null;
  /** How the run was pinned to its release; null for an engine that was never deployed. */
  pinning: 'place' | 'code' | 'release' | null;
  /** Whom it was started as. */
  user: string;
  /** With a key: whether the outcome is that of an earlier start, and whether a run would survive n8n. */
  repeated?: boolean | undefined;
  survivesN8n?: boolean | undefined;
  /** Whether its input was kept for replays, where that was asked for. */
  recorded?: boolean | undefined;
  /** How long it waited for one of the engine's slots, where their number is limited. */
  waitedMs?: number | undefined;
}
