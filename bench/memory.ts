import { fork } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Host, runHere } from './host';
import type { MemoryReport, MemoryRequest } from './memoryProcess';

const FILE_MIB = 16;

/** What deploying a large source adds to the memory of the process that does it, in MiB of resident memory. */
export interface Memory {
  sourceMiB: number;
  directoryMiB: number;
  archiveMiB: number;
}

/** Deploys a directory and an archive of `sourceMiB` of data that can't be compressed, each in a process of its own. */
export async function measureMemory(host: Host, directory: string, sourceMiB: number): Promise<Memory> {
  const root = await mkdtemp(join(directory, 'memory-'));
  const source = join(root, 'source');
  await mkdir(join(source, 'src'), { recursive: true });
  await writeFile(join(source, 'run.py'), '');
  for (let index = 0; index < sourceMiB / FILE_MIB; index++) {
    await writeFile(
      join(source, 'src', `model_${index}.bin`),
      randomFillSync(Buffer.allocUnsafe(FILE_MIB << 20)),
    );
  }
  const archive = join(root, 'source.tar');
  await runHere('tar', ['-cf', archive, '-C', source, '.']);
  const measure = async (request: Pick<MemoryRequest, 'directory' | 'archive'>, name: string) => {
    const basePath = join(root, name);
    const report = await inProcess({ ...request, basePath, python: host.python, ssh: host.options });
    await runHere('chmod', ['-R', 'u+w', basePath]);
    await runHere('rm', ['-rf', basePath]);
    return report.addedMiB;
  };
  return {
    sourceMiB,
    directoryMiB: await measure({ directory: source }, 'from-directory'),
    archiveMiB: await measure({ archive }, 'from-archive'),
  };
}

async function inProcess(request: MemoryRequest): Promise<MemoryReport> {
  const child = fork(join(__dirname, 'memoryProcess.ts'));
  child.send(request);
  const [report] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof report !== 'object')
    throw new Error(`The process that deploys a large source ended with ${report}.`);
  return report as MemoryReport;
}
