import type { Readable, Writable } from 'node:stream';

/** How a process on the engine's side ended. Both are null when the connection went away first. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
}

/** One running process on the engine's side: its three streams and its end. */
export interface Channel {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Resolves, never rejects, when the process has ended and its output was read, or the connection is gone. */
  exit: Promise<ProcessExit>;
  /** Drops the process without ceremony: closes the channel, and kills the process where it is ours to kill. */
  destroy(): void;
}

/** What to do about a program that can't be started. */
export interface Remedy {
  /** The end of the sentence that says so, such as `install it`. */
  remedy: string;
  description?: string;
}

/** What a command may be given besides its arguments. Each is of effect on one side only: over SSH, or on this machine. */
export interface StartOptions {
  /** For this machine, which knows at once that a program isn't there; over SSH its shell says so. */
  whenMissing?: Remedy;
  /** Variables asked for beside the command; most servers accept few. */
  environment?: Readonly<Record<string, string>>;
  /** Quotes every argument but the program, as `git` does: some Git servers read nothing else. */
  quoteAll?: boolean;
}

/**
 * A way to start processes where the engine lives.
 * Made by `connectLocal` or `connectSsh`; whoever made it closes it.
 */
export interface Connection {
  /** For messages and outputs, such as `deploy@engine.example:22` or `this machine`. */
  readonly description: string;
  /** The `host` field of results: the host's name, or `localhost`. */
  readonly host: string;
  /** What the host's SSH server calls itself, such as `OpenSSH_9.2p1`, where there is one. */
  readonly software?: string | undefined;
  /** Whether bytes cross a network, so that compressing them pays. */
  readonly remote: boolean;
  /**
   * Starts `argv` without a shell of our making: locally as an argument vector; over SSH, where the protocol knows
   * only one command string, with every argument quoted for POSIX shells.
   */
  start(argv: readonly string[], options?: StartOptions): Promise<Channel>;
  /** Resolves when the connection is closed. Safe to call twice. */
  close(): Promise<void>;
}
