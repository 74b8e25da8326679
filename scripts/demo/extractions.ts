import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { ENGINE_ENVIRONMENT, versionsIn } from '../../test/support/engine';
import type { ExportedWorkflow, N8n } from '../../test/support/n8n';

/** How one extraction ended. */
export interface Extraction {
  /** Milliseconds since the epoch. */
  endedAt: number;
  /** The versions that its output shows: one, unless it ran a mixture. */
  versions: string[];
  failed: boolean;
  /** What a failed one said. */
  complaint?: string;
}

/** Carries out one extraction. */
export type Extract = () => Promise<Omit<Extraction, 'endedAt'>>;

/** Extractions that run back to back, each way of starting them beside the others, as a busy installation has them. */
export class Extractions {
  readonly done: Extraction[] = [];
  private stopped = false;
  private readonly loops: Array<Promise<void>>;

  /** Starts right away. */
  constructor(ways: readonly Extract[]) {
    this.loops = ways.map((extract) => this.loop(extract));
  }

  /** Lets the running ones finish and starts no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  private async loop(extract: Extract): Promise<void> {
    while (!this.stopped) {
      const extraction = await extract();
      this.done.push({ ...extraction, endedAt: Date.now() });
    }
  }
}

/** As workflows have it today: `cd <basePath> && python3 run.py extract <file>`. */
export function byCommand(basePath: string, file: string): Extract {
  return () => {
    const argv = ['run.py', 'extract', file, '--config', 'config/default_config.json'];
    const child = spawn('python3', argv, {
      cwd: basePath,
      env: { ...process.env, ...ENGINE_ENVIRONMENT },
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (complaint += chunk));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) =>
        resolve(code === 0 ? { versions: versionsIn(output), failed: false } : failed(complaint.trim())),
      );
    });
  };
}

/** By the node Run Extraction Engine of a workflow, which is given the file as somebody's upload. */
export function byNode(n8n: N8n, workflow: ExportedWorkflow, file: string): Extract {
  const content = readFileSync(file);
  const binary = { data: content.toString('base64'), mimeType: 'application/pdf', fileName: basename(file) };
  const [{ name: startNode = '' } = {}] = workflow.nodes;
  const pinData = { [startNode]: [{ json: {}, binary: { Document: binary } }] };
  return async () => {
    const result = await n8n.run(workflow, { pinData, startNode });
    const [item] = result.output('Extract');
    if (!item) return failed(String(result.output('Extract', 1)[0]?.json.error ?? result.error()?.message));
    return { versions: versionsIn(JSON.stringify(item.json.output)), failed: false };
  };
}

function failed(complaint: string): Omit<Extraction, 'endedAt'> {
  return { versions: [], failed: true, complaint };
}
