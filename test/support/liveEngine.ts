import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ExecutorClient } from '../../nodes/shared/executor/client';
import type { Verb } from '../../nodes/shared/contract/verbs';
import { bring, fileRows, lock } from './conversation';
import { openClient, temporaryDirectories } from './deployment';
import { asEntrypoint, asReleaseId } from './named';

/** Names that are ours, and no release's. */
export const RESERVED = ['current', 'releases', 'environments', 'backups', '.hot-deploy'];

/**
 * One conversation for all tests of a file, with an engine that has a live release and, beside the base path, a file
 * `outside`; asked for single steps, whatever their arguments are.
 */
export class LiveEngine {
  client!: ExecutorClient;
  basePath!: string;
  live!: string;

  static forAllTests(): LiveEngine {
    const engine = new LiveEngine();
    const make = temporaryDirectories();
    beforeAll(async () => engine.open(join(await make(), 'app')));
    afterAll(() => engine.client.close());
    return engine;
  }

  private async open(basePath: string): Promise<void> {
    this.basePath = basePath;
    writeFileSync(join(dirname(basePath), 'outside'), 'secret');
    this.client = await openClient();
    await lock(this.client, basePath);
    this.live = await bring(this.client, basePath, { 'run.py': 'print(1)\n', 'src/a.py': '' });
    const release = asReleaseId(this.live);
    await this.client.call('flip', { release, operation: 'deploy', entrypoint: asEntrypoint('run.py') });
    await this.client.call('confirm', {});
  }

  ask(verb: string, args: unknown): Promise<unknown> {
    return this.client.call(verb as Verb, args as never);
  }

  /** Announces entries as a client does: compared first, then received. */
  async announce(entries: unknown[], changes: { live?: string } = {}): Promise<unknown> {
    const compared = { basePath: this.basePath, release: changes.live ?? null, entries, sameDirectories: [] };
    const { needed } = (await this.ask('compare', compared)) as { needed: number[] };
    const args = { time: '20261123-171501', digest: 'a'.repeat(64), live: null, needed, keep: [] };
    return this.ask('receive', { ...args, ...changes });
  }
}

/** A file's row with another path, or with other values of some columns. */
export function row(path: unknown, changes: Partial<Record<0 | 1 | 2 | 3 | 4 | 5, unknown>> = {}): unknown {
  return Object.assign([...fileRows({ x: '' })[0]], { 0: path }, changes);
}
