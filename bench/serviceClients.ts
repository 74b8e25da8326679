import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const LONGEST_MS = 20_000;
/** After a lost request a client waits so long before it asks again. */
const AGAIN_MS = 50;

/** One request, in milliseconds of `performance.now`. */
export interface Asked {
  startedAt: number;
  endedAt: number;
  /** The version that has answered; nothing where nobody has. */
  version?: string;
}

/** Clients that open a connection for each request, back to back, until they are stopped. */
export class ServiceClients {
  readonly done: Asked[] = [];
  private isOver = false;
  private readonly clients: Array<Promise<void>>;
  private waiting: Array<{ holds: (last: Asked) => boolean; resolve: (last: Asked) => void }> = [];

  constructor(port: number, count: number) {
    this.clients = Array.from({ length: count }, () => this.goOn(port));
  }

  /** Resolves with the first request from now on of which something holds. */
  first(holds: (last: Asked) => boolean): Promise<Asked> {
    return new Promise((resolve) => this.waiting.push({ holds, resolve }));
  }

  /** Resolves when so many more have ended. */
  async more(count: number): Promise<void> {
    const target = this.done.length + count;
    await this.first(() => this.done.length >= target);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  private async goOn(port: number): Promise<void> {
    while (!this.isOver) {
      const startedAt = performance.now();
      const version = await versionAt(port);
      const last = { startedAt, endedAt: performance.now(), version };
      this.done.push(last);
      const met = this.waiting.filter(({ holds }) => holds(last));
      this.waiting = this.waiting.filter((each) => !met.includes(each));
      for (const { resolve } of met) resolve(last);
      if (version === undefined) await pause(AGAIN_MS);
    }
  }
}

/** The version that answers a request of its own connection; nothing where none answers as it should. */
export function versionAt(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lost = () => resolve(undefined);
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: LONGEST_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined));
      response.on('error', lost);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', lost);
  });
}
