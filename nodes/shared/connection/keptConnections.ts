import { DeployError } from '../errors';
import type { Connection } from './connection';

/** A connection that can wait, unused, for whoever needs it next. */
export interface KeepableConnection extends Connection {
  /** Resolves when it has ended, for whatever reason. */
  readonly gone: Promise<void>;
  /** Whether something can be started over it. */
  readonly usable: boolean;
  /** Whether nothing runs over it, or is being started. */
  readonly quiet: boolean;
  /** Nobody uses it: it does not keep the process from exiting. */
  rest(): void;
  /** It is used again. */
  wake(): void;
}

/** Connects; gives up when the signal is aborted. */
export type Connect = (signal: AbortSignal) => Promise<KeepableConnection>;

/** How one connection is waited for, and kept. */
export interface Keeping {
  /** Gives up waiting. Whoever else waits for the same connection gets it. */
  signal?: AbortSignal | undefined;
  /** How long it may wait unused, in milliseconds; 0: it is closed as soon as nobody uses it. */
  keepMs: number;
}

/** A connection, and whether it was there before, or others wait for it, too. */
export interface Taken {
  connection: KeepableConnection;
  shared: boolean;
}

const MOST_UNUSED = 20;
/** A login that the host no longer allows, and a name that leads elsewhere by now, are not used for longer. */
const LONGEST_MS = 600_000;

/** One connection, from the attempt to make it to its end. */
class Kept {
  readonly holders = new Set<object>();
  readonly made: Promise<KeepableConnection>;
  /** Known once it stands. */
  connection: KeepableConnection | undefined;
  /** The host opens no further channel over it for now. */
  full = false;
  /** It is given to nobody any more. */
  retired = false;
  keepMs = 0;
  timer: NodeJS.Timeout | undefined;
  private waiting = 0;
  /** Those of them who have not given up. */
  private patient = 0;
  private readonly since = performance.now();
  private readonly attempt = new AbortController();

  constructor(
    readonly key: string,
    connect: Connect,
  ) {
    this.made = connect(this.attempt.signal).then((connection) => (this.connection = connection));
  }

  get used(): boolean {
    return this.holders.size > 0 || this.waiting > 0;
  }

  /** Whether somebody who needs a connection may have this one. */
  get offered(): boolean {
    if (this.retired || this.full || performance.now() - this.since > LONGEST_MS) return false;
    return this.connection?.usable ?? true;
  }

  /** Whether it may wait for somebody else: nothing of those who had it is left on it. */
  get clean(): boolean {
    return this.offered && this.connection?.quiet === true;
  }

  /** Waits until it stands. The last one who gives up waiting ends the attempt. */
  async wait(signal?: AbortSignal): Promise<KeepableConnection> {
    this.waiting += 1;
    this.patient += 1;
    let cancel = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        cancel = () => {
          this.patient -= 1;
          if (this.patient > 0) return reject(cancelled());
          this.retired = true;
          this.attempt.abort();
        };
        if (signal?.aborted && !this.connection) cancel();
        else if (!this.connection) signal?.addEventListener('abort', cancel, { once: true });
        this.made.then(resolve, reject);
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.waiting -= 1;
    }
  }

  async close(): Promise<void> {
    this.retired = true;
    clearTimeout(this.timer);
    await this.connection?.close();
  }
}

/**
 * Connections that are made once for all who need the same one at a time, and kept for a while after the last has
 * released it. Who needs the same one is decided by a key that the caller makes, of everything that a connection depends
 * on. At most 20 wait unused, each for as long as its last holder said and in all no longer than ten minutes.
 */
export class KeptConnections {
  /** Unused ones in the order in which they were released. */
  private readonly all = new Set<Kept>();

  /** How many there are, in use or not. */
  get size(): number {
    return this.all.size;
  }

  /**
   * The connection under `key`, made with `connect` unless there is one; `holder` has it until it says {@link release}.
   *
   * @throws DeployError `CANCELLED` when the signal is aborted before the connection stands; what `connect` throws
   */
  async take(holder: object, key: string, connect: Connect, keeping: Keeping): Promise<Taken> {
    const found = [...this.all].find((kept) => kept.key === key && kept.offered);
    const kept = found ?? this.begin(key, connect);
    clearTimeout(kept.timer);
    kept.connection?.wake();
    const connection = await kept.wait(keeping.signal);
    kept.holders.add(holder);
    kept.keepMs = keeping.keepMs;
    return { connection, shared: found !== undefined };
  }

  /** The host opens no further channel over this one: the next who needs one gets another, until somebody is done. */
  full(connection: KeepableConnection): void {
    for (const kept of this.all) if (kept.connection === connection) kept.full = true;
  }

  /** `holder` needs none of its connections any more. Those that nobody uses are kept, or closed when this resolves. */
  async release(holder: object): Promise<void> {
    const left = [...this.all].filter((kept) => kept.holders.delete(holder));
    for (const kept of left) kept.full = false;
    await Promise.all(left.filter(({ used }) => !used).map((kept) => this.keep(kept)));
  }

  /** Closes those that nobody uses, and keeps none of the others. */
  async closeAll(): Promise<void> {
    const all = [...this.all];
    for (const kept of all) kept.retired = true;
    await Promise.all(all.filter(({ used }) => !used).map((kept) => this.close(kept)));
  }

  private begin(key: string, connect: Connect): Kept {
    const kept = new Kept(key, connect);
    const forget = (): void => {
      clearTimeout(kept.timer);
      this.all.delete(kept);
    };
    this.all.add(kept);
    kept.made.then(({ gone }) => {
      void gone.then(forget);
      // Everybody had given up, and it came about all the same.
      if (!kept.used) void this.close(kept);
    }, forget);
    return kept;
  }

  private async keep(kept: Kept): Promise<void> {
    if (kept.keepMs === 0 || !kept.clean) return this.close(kept);
    this.all.delete(kept);
    this.all.add(kept);
    kept.connection?.rest();
    kept.timer = setTimeout(() => void this.close(kept), kept.keepMs);
    kept.timer.unref();
    const unused = [...this.all].filter(({ used }) => !used);
    await Promise.all(unused.slice(0, -MOST_UNUSED).map((oldest) => this.close(oldest)));
  }

  private async close(kept: Kept): Promise<void> {
    this.all.delete(kept);
    await kept.close();
  }
}

/** The caller gave up before the connection stood, which somebody else still waits for. */
function cancelled(): DeployError {
  return new DeployError('CANCELLED', 'The execution was cancelled while connecting; nothing was started.');
}
