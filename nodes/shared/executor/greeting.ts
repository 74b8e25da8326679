import type { Hello } from '../contract/messages';
import type { DeployError } from '../errors';

/** The executor's greeting, which is waited for once by whoever needs it. */
export class Greeting {
  /** Resolves when it has come and was accepted; rejects when it does not come. */
  readonly accepted: Promise<void>;
  private hello?: Hello;
  private settle!: { resolve: () => void; reject: (reason: DeployError) => void };

  constructor() {
    this.accepted = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Whoever waits for it hears of it; without anybody, a rejection would end n8n.
    this.accepted.catch(() => undefined);
  }

  /** Who greeted, once somebody has. */
  get from(): Hello | undefined {
    return this.hello;
  }

  /** Throws a RangeError for a second one. */
  take(hello: Hello): void {
    if (this.hello) throw new RangeError('it greeted twice');
    this.hello = hello;
  }

  accept(): void {
    this.settle.resolve();
  }

  refuse(reason: DeployError): void {
    this.settle.reject(reason);
  }
}
