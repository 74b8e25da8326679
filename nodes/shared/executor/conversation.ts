import type { Access } from './access';
import type { InterpreterOptions } from './interpreter';

/** How one conversation is started and held. */
export interface ExecutorOptions {
  interpreter: InterpreterOptions;
  /** Which steps may be asked for; `full` when left out. */
  access?: Access | undefined;
  /** Names of the operations that read-only access allows, for the message when another one is asked for. */
  reading?: readonly string[] | undefined;
  /** For `become: sudoPassword`; sent to sudo's standard input and nowhere else. */
  sudoPassword?: string | undefined;
  /** Seconds without a sign of this side after which the executor puts things right and leaves. */
  silenceSeconds?: number | undefined;
  /** Milliseconds without a sign of the executor after which it counts as lost; 120,000 when left out. */
  idleTimeoutMs?: number | undefined;
  /** How long the interpreter may take to answer, in milliseconds. */
  startTimeoutMs?: number | undefined;
  /** The Command Timeout, of which the limits of all steps are made; see `stepLimit`. 60 when left out. */
  commandTimeoutSeconds?: number | undefined;
  /** Aborted: the conversation ends, the executor puts things right, every call rejects with `CANCELLED`. */
  signal?: AbortSignal | undefined;
}

/** What one conversation cost. */
export interface ConversationStats {
  /** How often this side waited for an answer before it could go on, after the greeting. */
  roundTrips: number;
  bytesSent: number;
  bytesReceived: number;
}
