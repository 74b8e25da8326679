import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { ENGINE_ENVIRONMENT, versionsIn } from '../test/support/engine';
import type { Tally } from '../test/support/extractions';

/** Pauses between the stages of an extraction, in seconds: the longest span several switches. */
const PAUSES = [0, 0, 0.01, 0.01, 0.1, 1];

/** Extractions of one user, one after another, until there are enough of them. */
export interface ExtractionsOptions {
  base: string;
  pdf: string;
  /** What starts a program as that user. */
  prefix: readonly string[];
  /** Between 0 and 1. */
  random: () => number;
  /** Whether another one shall begin. */
  goesOn: () => boolean;
}

/** Half of them close what they have inherited, lease included, as soon as the release's program runs. */
export async function extractions(options: ExtractionsOptions, tally: Tally): Promise<void> {
  const { base, pdf, prefix, random, goesOn } = options;
  while (goesOn()) {
    const [command, ...args] = [...prefix, '/usr/bin/python3', 'run.py', 'extract', pdf];
    const env = {
      PATH: process.env.PATH,
      ...ENGINE_ENVIRONMENT,
      ENGINE_PAUSE_SECONDS: String(PAUSES[Math.floor(random() * PAUSES.length)]),
      ...(random() < 0.5 && { DRILL_CLOSES_ALL: '1' }),
    };
    const child = spawn(command, [...args, '--config', 'config/default_config.json'], {
      cwd: base,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    tally.done += 1;
    if (code !== 0) {
      tally.failed.push(`${prefix.join(' ')} ${code ?? signal}: ${complaint}`);
      continue;
    }
    const versions = versionsIn(output);
    if (versions.length === 1) tally.versions.add(versions[0]);
    else tally.mixed.push(versions);
  }
}
