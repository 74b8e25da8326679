const HEARTBEAT_MS = 5_000;

/** Says every few seconds that this side is there, and notices when the other one no longer answers. */
export class Pulse {
  private timer?: NodeJS.Timeout;
  private unanswered = 0;

  /**
   * @param beat     says that this side is there
   * @param silent   is told once that nothing was heard for as long as `idleMs`
   */
  constructor(
    private readonly beat: () => void,
    private readonly silent: (seconds: number) => void,
    private readonly idleMs: number,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.tick(), HEARTBEAT_MS);
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
    if (this.unanswered * HEARTBEAT_MS >= this.idleMs) {
      this.stop();
      this.silent(this.idleMs / 1000);
      return;
    }
    this.unanswered += 1;
    this.beat();
  }
}
