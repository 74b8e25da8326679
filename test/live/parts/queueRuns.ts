import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { deployTo } from '../../support/deployment';
import { obedientEngine } from '../../support/runs';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';
import { few, ItemTraffic } from '../support/itemTraffic';
import type { QueueMode } from '../support/queue';
import type { CredentialReference } from '../support/rest';
import { answeredWebhook, chain, onEachItem } from '../support/workflows';

const [RUNS, FLIPS] = [size(60, 1000), size(5, 50)];
/** Items of an execution, how many of them run at once, and executions at once. */
const [BATCH, CONCURRENCY, LANES] = [6, 3, 2];

/** What comes out of the node for an extraction that went well. */
interface Run {
  status: string;
  release: string;
  output: { version: string; data: string; release: string; words: [execution: string] };
}

/** Extractions of workflows on two workers, while the workflow of another goes back and forth between releases. */
export function describeQueueRuns(queue: () => QueueMode, account: () => CredentialReference): void {
  const published: string[] = [];

  beforeAll(async () => {
    const { place, n8n } = queue();
    const basePath = join(place.directory, 'flipping');
    await mkdir(basePath);
    for (const version of ['one', 'two']) {
      const source = join(place.directory, 'versions', `flipping-${version}`);
      await writeTree(source, slowEngine(version));
      await deployTo(basePath, source);
    }
    const where = { connection: 'ssh', basePath };
    const credentials = { hotDeploySshApi: account() };
    const workflows = [
      onEachItem('runs', {
        name: 'Run',
        type: 'n8n-nodes-hot-deploy.runExtractionEngine',
        credentials,
        parameters: {
          ...{ operation: 'run', ...where, output: 'json', arguments: ['say', '={{ $execution.id }}'] },
          options: { concurrency: CONCURRENCY, pin: 'run' },
        },
      }),
      {
        ...chain(answeredWebhook('flip'), {
          name: 'Roll back',
          type: 'n8n-nodes-hot-deploy.rollbackExtractionEngine',
          credentials,
          parameters: { operation: 'rollback', ...where, target: 'previous', simplify: false, options: {} },
        }),
        name: 'Flip',
      },
    ];
    for (const workflow of workflows) published.push(await n8n.rest.publishNew(workflow));
  });

  afterAll(async () => {
    for (const id of published) await queue().n8n.rest.unpublish(id);
  });

  test('1f.3: runs of the node on two workers over many flips: 0 failed, 0 mixed, each of the release that it names', async () => {
    const { n8n, workers } = queue();
    const runs = new ItemTraffic(`${n8n.url}/webhook/runs`, BATCH, LANES, hasSucceeded);
    const shares = () => workers.map((worker) => runs.good.filter((run) => worked(worker, run)).length);
    try {
      for (let flips = 1; flips <= FLIPS; flips++) await flip(runs, (flips * RUNS) / FLIPS);
      await runs.sees('runs on both workers', () => shares().every((share) => share > 0));
    } finally {
      await runs.stop();
    }
    const { good, bad } = runs;
    const mixed = good.filter(({ output }) => output.version !== output.data);
    const misnamed = good.filter(({ release, output }) => release !== output.release);
    process.stdout.write(
      `runs of the node in queue mode: ${runs.size} over ${FLIPS} flips, by worker ${shares().join(' + ')}, ${bad.length} failed, ${mixed.length} mixed, ${misnamed.length} misnamed\n`,
    );
    expect([few(bad), few(mixed), few(misnamed)]).toEqual([[], [], []]);
    expect([...new Set(good.map(({ output }) => output.version))].sort()).toEqual(['one', 'two']);
    expect(shares().reduce((sum, share) => sum + share)).toBe(runs.size);
  }, 900_000);

  /** Makes the other release the live one; resolves when that has run, and so many runs have come back in all. */
  async function flip(runs: ItemTraffic<Run>, count: number): Promise<void> {
    const flipped = await fetch(`${queue().n8n.url}/webhook/flip`);
    const { status, release } = (await flipped.json()) as { status?: string; release?: string };
    expect(status).toBe('rolledBack');
    const before = runs.good.length;
    await runs.sees(`runs of ${release}, and ${count} in all`, (all) => {
      const has = all.slice(before).some((each) => each.release === release);
      return has && runs.size >= count;
    });
  }

  /** Whether a worker did a run. */
  function worked(worker: QueueMode['workers'][number], { output }: Run): boolean {
    return queue().startedBy(worker).includes(output.words[0]);
  }
}

/** Looks at its data some time after it was started: a flip may come in between. */
function slowEngine(version: string): Record<string, string> {
  const files = obedientEngine(version);
  return { ...files, 'run.py': `import time\ntime.sleep(0.5)\n${files['run.py']}` };
}

function hasSucceeded(item: unknown): item is Run {
  return (item as Run | null)?.status === 'succeeded';
}
