import { setTimeout as pause } from 'node:timers/promises';

import { ask } from './servedEngine';

const asking = new Set<AskingClients>();

/** Clients that open a connection for each request, until they are stopped. */
export class AskingClients {
  readonly answers: string[] = [];
  /** When each of them was asked for, and when it came. */
  readonly asked: number[] = [];
  readonly came: number[] = [];
  private readonly over = new AbortController();
  private readonly clients: Promise<void>[];

  constructor(port: number, count = 4, pauseMs = 0) {
    asking.add(this);
    this.clients = Array.from({ length: count }, () => this.goOn(port, pauseMs));
  }

  /** How often each answer came; they ask no more. */
  async stop(): Promise<Record<string, number>> {
    asking.delete(this);
    this.over.abort();
    await Promise.all(this.clients);
    const counts: Record<string, number> = {};
    for (const answer of this.answers) counts[answer] = (counts[answer] ?? 0) + 1;
    return counts;
  }

  private async goOn(port: number, pauseMs: number): Promise<void> {
    while (!this.over.signal.aborted) {
      const began = performance.now();
      const answer = await ask(port);
      this.answers.push(answer);
      this.asked.push(began);
      this.came.push(performance.now());
      if (pauseMs > 0) await pause(pauseMs);
    }
  }
}

/** Stops those that a test which did not pass has left. */
export async function stopAsking(): Promise<void> {
  await Promise.all([...asking].map((clients) => clients.stop()));
}
