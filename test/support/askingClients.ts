import { ask } from './servedEngine';

const asking = new Set<AskingClients>();

/** Clients that open a connection for each request, until they are stopped. */
export class AskingClients {
  readonly answers: string[] = [];
  private readonly over = new AbortController();
  private readonly clients: Promise<void>[];

  constructor(port: number, count = 4) {
    asking.add(this);
    this.clients = Array.from({ length: count }, () => this.goOn(port));
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

  private async goOn(port: number): Promise<void> {
    while (!this.over.signal.aborted) this.answers.push(await ask(port));
  }
}

/** Stops those that a test which did not pass has left. */
export async function stopAsking(): Promise<void> {
  await Promise.all([...asking].map((clients) => clients.stop()));
}
