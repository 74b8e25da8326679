import { versionsIn } from '../../support/engine';
import type { ExportedWorkflow } from '../../support/n8n';
import { until } from './rest';
import { chain } from './workflows';

/** How many extractions run at any time, and how long each pauses before each of its stages. */
const AT_ONCE = 2;
const PAUSE_SECONDS = 0.2;

/** The workflow that people call: a webhook, an extraction as a process, its output as the answer. */
export function extractionWorkflow(path: string, app: string): ExportedWorkflow {
  const environment = `ANTHROPIC_API_KEY=test-key ENGINE_PAUSE_SECONDS=${PAUSE_SECONDS}`;
  const extraction = 'python3 run.py extract samples/contract.pdf --config config/default_config.json';
  return {
    ...chain(
      {
        name: 'Extract',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        webhookId: path,
        parameters: { path, responseMode: 'lastNode', options: {} },
      },
      {
        name: 'Engine',
        type: 'n8n-nodes-base.executeCommand',
        parameters: { command: `cd ${app} && ${environment} ${extraction}` },
      },
    ),
    name: 'Extract',
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  };
}

/** The same, with our node in place of Execute Command. */
export function nodeExtractionWorkflow(path: string, app: string): ExportedWorkflow {
  const environment = `ANTHROPIC_API_KEY=test-key\nENGINE_PAUSE_SECONDS=${PAUSE_SECONDS}`;
  return {
    ...chain(
      {
        name: 'Extract',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        webhookId: path,
        parameters: { path, responseMode: 'lastNode', options: {} },
      },
      {
        name: 'Engine',
        type: 'n8n-nodes-hot-deploy.runExtractionEngine',
        parameters: {
          ...{ operation: 'run', connection: 'local', basePath: app, output: 'json' },
          arguments: ['extract', 'samples/contract.pdf', '--config', 'config/default_config.json'],
          options: { environment },
        },
      },
    ),
    name: 'Extract by the node',
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  };
}

/** What came of the requests. */
export interface Tally {
  sent: number;
  /** Whole answers of an extraction that ran one version. */
  good: number;
  /** Why the others are not. */
  bad: string[];
  versions: Set<string>;
  longestMs: number;
}

/** Calls a webhook without pause until it is told to stop. */
export class Traffic {
  private readonly tally: Tally = { sent: 0, good: 0, bad: [], versions: new Set(), longestMs: 0 };
  private readonly finished: Promise<void>;
  private goesOn = true;

  constructor(
    private readonly url: string,
    atOnce = AT_ONCE,
  ) {
    this.finished = Promise.all(Array.from({ length: atOnce }, () => this.call())).then(() => undefined);
  }

  /** Resolves when an extraction has run a version. */
  async sees(version: string): Promise<void> {
    await until(`an extraction with version ${version}`, async () =>
      this.tally.versions.has(version) ? true : undefined,
    );
  }

  /** Sends no more, and gives what came of all requests when the last has been answered. */
  async stop(): Promise<Tally> {
    this.goesOn = false;
    await this.finished;
    return this.tally;
  }

  private async call(): Promise<void> {
    while (this.goesOn) {
      const sentAt = Date.now();
      this.tally.sent += 1;
      try {
        await this.count(await fetch(this.url));
      } catch (reason) {
        this.tally.bad.push(`no answer: ${(reason as Error).message}`);
      }
      this.tally.longestMs = Math.max(this.tally.longestMs, Date.now() - sentAt);
    }
  }

  private async count(response: Response): Promise<void> {
    const text = await response.text();
    if (response.status !== 200) {
      this.tally.bad.push(`${response.status}: ${text}`);
      return;
    }
    const { stdout, output } = JSON.parse(text) as { stdout?: string; output?: unknown };
    const versions = versionsIn(stdout ?? JSON.stringify(output));
    if (versions.length === 1) this.tally.good += 1;
    else this.tally.bad.push(`mixed: ${versions.join(', ')}`);
    versions.forEach((version) => this.tally.versions.add(version));
  }
}
