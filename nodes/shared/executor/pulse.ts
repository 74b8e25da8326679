const HEARTBEAT_MS = 5_000;

/** Says every few seconds that this side is there, and notices when the other one no longer answers. */
export class Pulse {
  private timer?: NodeJS.Timeout;
  private unanswered = 0;
  private readonly everyMs: number;

  /**
   * @param beat     says that this side is there, and is told how many seconds have passed since the last time
   * @param silent   is told once that nothing was heard for as long as `idleMs`
   * @param silenceMs  how long the other side waits for a sign: it gets several meanwhile
   */
  constructor(
    private readonly beat: (seconds: number) => void,
    private readonly silent: (seconds: number) => void,
    private readonly idleMs: number,
    silenceMs = Infinity,
  ) {
    this.everyMs = Math.min(HEARTBEAT_MS, silenceMs / 4);
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), this.everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Something came from the other side, or it took something. */
  heard(): void {
    this.unanswered = 0;
  }

  /** Beats are counted and no clock is read: a process that stood still for minutes has not listened for so long. */
  private tick(): void {
    if (this.unanswered * this.everyMs >= this.idleMs) {
      this.stop();
      this.silent(this.idleMs / 1000);
      return;
    }
    this.unanswered += 1;
    this.beat(this.everyMs / 1000);
  }
}
