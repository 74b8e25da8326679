import { until } from './rest';

/** Has a webhook work on items, in batches one after the other, in each of some lanes until it is told to stop. */
export class ItemTraffic<Good> {
  /** What came back for items as it should. */
  readonly good: Good[] = [];
  /** What came back for the others. */
  readonly bad: string[] = [];
  private goesOn = true;
  private readonly lanes: Array<Promise<void>>;

  constructor(
    private readonly url: string,
    private readonly batch: number,
    lanes: number,
    private readonly isGood: (item: unknown) => item is Good,
  ) {
    this.lanes = Array.from({ length: lanes }, () => this.lane());
  }

  /** How many items came back, or should have. */
  get size(): number {
    return this.good.length + this.bad.length;
  }

  /** Resolves when something holds of what came back. */
  async sees(what: string, holds: (good: readonly Good[]) => boolean): Promise<void> {
    await until(what, async () => (holds(this.good) ? true : undefined));
  }

  async stop(): Promise<this> {
    this.goesOn = false;
    await Promise.all(this.lanes);
    return this;
  }

  private async lane(): Promise<void> {
    while (this.goesOn) {
      for (const item of await this.ask()) {
        if (this.isGood(item)) this.good.push(item);
        else this.bad.push(JSON.stringify(item));
      }
    }
  }

  /** What came back for each item; where that isn't one for each, the same for all. */
  private async ask(): Promise<unknown[]> {
    const items = Array.from({ length: this.batch }, (_, item) => ({ item }));
    const each = (why: string): string[] => items.map(() => why);
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ items }),
      });
      const text = await response.text();
      const came = response.ok ? (JSON.parse(text) as unknown) : undefined;
      return Array.isArray(came) && came.length === items.length ? came : each(`${response.status}: ${text}`);
    } catch (reason) {
      return each((reason as Error).message);
    }
  }
}

/** As many of what should not be there as a message has room for. */
export function few<T>(found: readonly T[]): T[] {
  return found.slice(0, 5);
}
