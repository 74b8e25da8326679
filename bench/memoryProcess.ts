/** Deploys one large source in a process of its own and sends back how much memory that added. */
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';

import type { SshOptions } from '../nodes/shared/connection/ssh';
import { openArchive } from '../nodes/shared/source/archive';
import { DEFAULT_SELECTION } from '../nodes/shared/source/bundle';
import { openDirectory } from '../nodes/shared/source/directory';
import { Ours } from './ours';

/** What to deploy, and where to. */
export interface MemoryRequest {
  directory?: string;
  archive?: string;
  basePath: string;
  python: string;
  ssh: SshOptions;
}

export interface MemoryReport {
  addedMiB: number;
}

const SAMPLE_MS = 20;

async function main(request: MemoryRequest): Promise<MemoryReport> {
  const { basePath, python, ssh } = request;
  await mkdir(basePath, { recursive: true });
  const ours = new Ours('large', { python, options: ssh }, basePath, '', false);
  const before = process.memoryUsage.rss();
  let highest = before;
  const sampling = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), SAMPLE_MS);
  await ours.deployBundle(open(request));
  clearInterval(sampling);
  return { addedMiB: (Math.max(highest, process.memoryUsage.rss()) - before) / (1 << 20) };
}

async function open({ directory, archive }: MemoryRequest) {
  const selection = DEFAULT_SELECTION;
  if (directory !== undefined) return openDirectory({ directory, selection });
  return openArchive({ open: async () => createReadStream(archive ?? ''), selection });
}

process.once('message', (request: MemoryRequest) => {
  main(request).then(
    (report) => process.send?.(report, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
