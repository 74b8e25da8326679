/**
 * Executors whose executions are over and that have not left yet: nobody waits for them with an answer in hand. Each is
 * bounded by what a conversation waits for its end.
 */
export class Leaving {
  private readonly all = new Map<string, Set<Promise<void>>>();

  /** How many hosts some have not left yet. */
  get size(): number {
    return this.all.size;
  }

  /**
   * Lets `work` go on while others do.
   *
   * @param hosts those that are being left, as connections describe themselves
   * @param failed is told what `work` rejects with
   */
  add(hosts: readonly string[], work: Promise<void>, failed: (reason: unknown) => void): void {
    const left = work.catch(failed).then(() => {
      for (const host of hosts) this.forget(host, left);
    });
    for (const host of hosts) this.all.set(host, (this.all.get(host) ?? new Set()).add(left));
  }

  /** Resolves when those that are leaving this host now have left it; every host, when none is named. */
  async left(host?: string): Promise<void> {
    const hosts = host === undefined ? [...this.all.keys()] : [host];
    await Promise.all(hosts.flatMap((each) => [...(this.all.get(each) ?? [])]));
  }

  private forget(host: string, left: Promise<void>): void {
    const known = this.all.get(host);
    known?.delete(left);
    if (known?.size === 0) this.all.delete(host);
  }
}

/** Those of this process. */
export const leaving = new Leaving();
