/**
 * Measures Hot Deploy side by side with the procedures it replaces, over a real sshd on loopback, and prints the
 * numbers the design is built for beside what this machine gives. See `arguments.ts` for the options.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

import { readArguments } from './arguments';
import { measureConnections } from './connections';
import { measureGit } from './git';
import { Host, runHere } from './host';
import { measureLauncher } from './launcher';
import { measureMemory } from './memory';
import { report } from './report';
import type { Results } from './results';
import { measureServices } from './services';
import { measureExtractions, measureReaders } from './switches';
import { measureTimes } from './times';

const RESULTS = join(__dirname, 'results');

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-bench-'));
  const host = await Host.start(directory);
  try {
    const results = await measure(host, directory, options);
    console.log(`\n${report(results)}`);
    await mkdir(RESULTS, { recursive: true });
    const file = join(RESULTS, `${results.startedAt.replace(/[:.]/g, '-')}.json`);
    await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
    console.log(`\nWritten to ${file}`);
  } finally {
    await host.stop();
    await runHere('chmod', ['-R', 'u+w', directory]);
    await runHere('rm', ['-rf', directory]);
  }
}

async function measure(
  host: Host,
  directory: string,
  { files, rounds, switches, largeMiB, only }: ReturnType<typeof readArguments>,
): Promise<Results> {
  const { model } = cpus()[0];
  const machine = { processors: cpus().length, model, node: process.version, loadBefore: loadavg()[0] };
  const results: Results = { startedAt: new Date().toISOString(), machine };
  if (only.includes('times')) {
    results.times = [];
    for (const size of files) {
      console.log(`Deploying trees of ${size} files, ${rounds} rounds of every way …`);
      results.times.push(await measureTimes(host, directory, size, rounds));
    }
  }
  if (only.includes('readers')) {
    console.log('Deploying under a reader …');
    results.readers = await measureReaders(host, directory);
  }
  if (only.includes('extractions')) {
    console.log('Switching under extractions …');
    results.extractions = await measureExtractions(host, directory);
  }
  if (only.includes('launcher')) {
    console.log('Starting through the launcher …');
    results.launcher = await measureLauncher(host, directory);
  }
  if (only.includes('memory')) {
    console.log(`Deploying ${largeMiB} MiB …`);
    results.memory = await measureMemory(host, directory, largeMiB);
  }
  if (only.includes('git')) {
    console.log('Fetching commits …');
    results.git = await measureGit(directory, rounds);
  }
  if (only.includes('connections')) {
    console.log('Asking over new and kept connections …');
    results.connections = await measureConnections(host, directory, 3 * rounds);
  }
  if (only.includes('services')) {
    console.log(`Switching services, ${switches} times in every way …`);
    results.services = await measureServices(host, directory, switches);
  }
  results.machine.loadAfter = loadavg()[0];
  return results;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
