import { join } from 'node:path';

import { startN8n, startWorker, type N8n } from './n8n';
import { installPackage } from './package';
import { openPlace, type Place } from './place';
import type { Server } from './process';
import { startPostgres, startRedis, type Service } from './services';

/** n8n as larger installations run it: a main process, and workers that take executions from a queue. */
export class QueueMode {
  private services: Service[] = [];
  workers: Server[] = [];
  private startWorker!: (name: string) => Promise<Server>;
  n8n!: N8n;

  private constructor(readonly place: Place) {}

  static async open(workers: number): Promise<QueueMode> {
    const queue = new QueueMode(await openPlace());
    try {
      await queue.start(workers);
      return queue;
    } catch (reason) {
      await queue.close();
      throw reason;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.n8n?.server.stop();
    await Promise.all(this.services.map((service) => service.stop()));
    await this.place.close();
  }

  /** Starts one more, in place of one that is gone. */
  async replace(gone: Server, name: string): Promise<void> {
    this.workers = [...this.workers.filter((worker) => worker !== gone), await this.startWorker(name)];
  }

  /** Ids of the executions that a worker has started. */
  startedBy(worker: Server): string[] {
    return [...worker.log().matchAll(/started execution (\d+)/g)].map(([, id]) => id);
  }

  private async start(workers: number): Promise<void> {
    const { directory } = this.place;
    const userFolder = join(directory, 'n8n');
    const redis = await startRedis();
    this.services.push(redis);
    const postgres = await startPostgres();
    this.services.push(postgres);
    await installPackage(userFolder);
    const environment = {
      EXECUTIONS_MODE: 'queue',
      N8N_ENCRYPTION_KEY: 'the-same-for-all-processes',
      ...{ QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: `${redis.port}` },
      ...{ DB_TYPE: 'postgresdb', DB_POSTGRESDB_HOST: '127.0.0.1', DB_POSTGRESDB_PORT: `${postgres.port}` },
      ...{ DB_POSTGRESDB_USER: 'n8n', DB_POSTGRESDB_DATABASE: 'postgres' },
      // How soon it is noticed that a worker is gone; a minute, otherwise.
      QUEUE_WORKER_LOCK_DURATION: '15000',
      QUEUE_WORKER_LOCK_RENEW_TIME: '3000',
      QUEUE_WORKER_STALLED_INTERVAL: '5000',
      N8N_RESTRICT_FILE_ACCESS_TO: join(directory, 'versions'),
    };
    // The main process sets the database up.
    this.n8n = await startN8n({ userFolder, environment, name: 'main' });
    this.startWorker = (name) => startWorker({ userFolder, environment, name });
    const names = Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
    this.workers = await Promise.all(names.map(this.startWorker));
    await this.n8n.rest.setUpOwner();
  }
}
