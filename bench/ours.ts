import { connectSsh } from '../nodes/shared/connection/ssh';
import { NO_DEPENDENCIES } from '../nodes/shared/dependencies/installOptions';
import { deploy } from '../nodes/shared/operations/deploy';
import { ExecutorClient } from '../nodes/shared/executor/client';
import type { ConversationStats } from '../nodes/shared/executor/conversation';
import { connectAhead } from '../nodes/shared/operations/connectAhead';
import type { Pinning } from '../nodes/shared/contract/records';
import type { DeployOptions } from '../nodes/shared/release/options';
import type { SwitchResult } from '../nodes/shared/release/result';
import { rollBack } from '../nodes/shared/operations/rollback';
import { type Bundle, DEFAULT_SELECTION } from '../nodes/shared/source/bundle';
import { openDirectory } from '../nodes/shared/source/directory';
import type { Host } from './host';
import { timed, type Way } from './way';
import { asBasePath, asEntrypoint } from '../test/support/named';

/** Releases kept by every way that keeps any: the nodes' default, so that few rounds remove none. */
export const KEPT_RELEASES = 10;

/** Hot Deploy, without n8n around it: the use cases that the nodes call, connecting as they do. */
export class Ours implements Way {
  /** Of the last operation. */
  stats: ConversationStats = { roundTrips: 0, bytesSent: 0, bytesReceived: 0 };
  result?: SwitchResult;

  constructor(
    readonly name: string,
    private readonly host: Pick<Host, 'options' | 'python'>,
    readonly basePath: string,
    private readonly source: string,
    private readonly createBackup: boolean,
    private readonly pinning: Pinning = 'auto',
  ) {}

  async deploy(): Promise<number> {
    return timed(async () => {
      const opening = openDirectory({ directory: this.source, selection: DEFAULT_SELECTION });
      await this.deployBundle(opening);
    });
  }

  /** Deploys any bundle. */
  async deployBundle(opening: Promise<Bundle>): Promise<void> {
    await this.converse(async (client) => deploy(client, await opening, this.options), opening);
  }

  /** Goes back to the release before. Resolves with milliseconds. */
  async rollBack(): Promise<number> {
    return timed(() => this.converse((client) => rollBack(client, { target: 'previous' }, this.options)));
  }

  /** Switches to and fro between the two newest releases, in one conversation. `next` is awaited before each flip. */
  async flip(times: number, next: () => Promise<void>): Promise<number[]> {
    const { basePath } = this;
    const milliseconds: number[] = [];
    await this.withClient(async (client) => {
      await client.call('lock', {
        basePath: asBasePath(basePath),
        create: false,
        holder: {},
        waitSeconds: 0,
      });
      const { current, previous } = await client.call('list', { basePath: asBasePath(basePath) });
      if (current === null || previous === null)
        throw new Error('There must be two releases to flip between.');
      for (let count = 0; count < times; count++) {
        await next();
        const release = count % 2 === 0 ? previous : current;
        const flipped = await client.call('flip', {
          release,
          operation: 'rollback',
          entrypoint: asEntrypoint('run.py'),
        });
        await client.call('confirm', {});
        milliseconds.push(flipped.milliseconds);
      }
    });
    return milliseconds;
  }

  private async converse(
    work: (client: ExecutorClient) => Promise<SwitchResult>,
    opening: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    await this.withClient(async (client) => {
      this.result = await work(client);
      this.stats = client.stats;
    }, opening);
  }

  private async withClient(
    work: (client: ExecutorClient) => Promise<void>,
    opening: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const connection = await connectSsh(this.host.options);
    try {
      const interpreter = { python: this.host.python, become: 'none', runtime: 'host' } as const;
      const connecting = ExecutorClient.open(connection, { interpreter });
      const client = await connectAhead(connecting, opening, this.options);
      try {
        await work(client);
      } finally {
        await client.close();
      }
    } finally {
      await connection.close();
    }
  }

  private get options(): DeployOptions {
    return {
      basePath: asBasePath(this.basePath),
      entrypoint: asEntrypoint('run.py'),
      lockWaitSeconds: 0,
      holder: { workflow: 'Benchmark' },
      checks: [],
      keepReleases: KEPT_RELEASES,
      keepBackups: KEPT_RELEASES,
      createBackup: this.createBackup,
      deployUnchanged: false,
      dependencies: NO_DEPENDENCIES,
      selection: DEFAULT_SELECTION,
      pinning: this.pinning,
    };
  }
}
