import { spawn } from 'node:child_process';

import { ENGINE_ENVIRONMENT, versionsIn } from '../../test/support/engine';

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

/** Extractions that run back to back, several at a time, as a busy installation has them. */
export class Extractions {
  readonly done: Extraction[] = [];
  private stopped = false;
  private readonly loops: Array<Promise<void>>;

  /** Starts right away: `cd <basePath> && python3 run.py extract <file>`, `atOnce` at a time. */
  constructor(
    private readonly basePath: string,
    private readonly file: string,
    atOnce: number,
  ) {
    this.loops = Array.from({ length: atOnce }, () => this.loop());
  }

  /** Lets the running ones finish and starts no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }

  private async loop(): Promise<void> {
    while (!this.stopped) this.done.push(await this.extract());
  }

  private extract(): Promise<Extraction> {
    const argv = ['run.py', 'extract', this.file, '--config', 'config/default_config.json'];
    const child = spawn('python3', argv, {
      cwd: this.basePath,
      env: { ...process.env, ...ENGINE_ENVIRONMENT },
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (complaint += chunk));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        const failed = code !== 0;
        const versions = failed ? [] : versionsIn(output);
        resolve({ endedAt: Date.now(), versions, failed, ...(failed && { complaint: complaint.trim() }) });
      });
    });
  }
}
