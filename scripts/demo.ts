/**
 * Runs a shipped workflow in n8n's own engine against the sample engine on this machine, while it is used: first by
 * extractions that start back to back, then as a service that clients ask. Adopts a plain installation, deploys, lets bad
 * versions undo themselves, rolls back, and says what happened; at last a replay finds what no check sees.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { folder } from './demo/folder';
import { fourthAct } from './demo/fourthAct';

import { firstAct, writeContract } from './demo/firstAct';
import { secondAct } from './demo/secondAct';
import { thirdAct } from './demo/thirdAct';
import { writeLaterVersions, writeServiceVersion } from './demo/serviceVersions';
import { openN8n, type Place } from './demo/workflows';

/** The versions of the first act, by what they are made of. */
const FIRST_ACT = { v2: '2', 'broken-import': 'broken-import', 'fails-check': 'fails-check', v4: '4' };
const INTRODUCTION = [
  '',
  'The engine becomes a service: python3 /app/.hot-deploy/serve.py --listen 127.0.0.1:… -- python3 src/service.py',
  'Eight clients ask it for extractions, a connection for each request. The same workflow, with one HTTP Request check:',
  '',
].join('\n');

const REPLAY = [
  '',
  'A version that starts, and passes checks, may still lose something. The workflow examples/nightly-replay.json runs five documents',
  'through the live release, through it once more, and through the new one, and compares what comes out:',
  '',
].join('\n');

const WATCH = [
  '',
  'Without a replay it goes live. With the Rollout “Watch” of examples/watch-with-a-button.json, a process beside the engine counts how',
  'its documents go, by the Success Rule of examples/extract-by-form.json, and compares them with those of the version before:',
  '',
].join('\n');

async function main(): Promise<void> {
  try {
    await demonstrate();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function demonstrate(): Promise<void> {
  const place: Place = { basePath: join(folder, 'app'), versions: join(folder, 'versions') };
  const later = join(folder, 'later');
  await writeServiceVersion('base', place.basePath, '1');
  for (const [version, label] of Object.entries(FIRST_ACT)) {
    await writeServiceVersion(version, join(place.versions, version), label);
  }
  await writeLaterVersions(later);
  const pdf = await writeContract(folder);
  const n8n = await openN8n();
  try {
    await firstAct(n8n, place, pdf);
    console.log(INTRODUCTION);
    const { table, summary, problems } = await secondAct(n8n, { ...place, versions: later }, pdf);
    console.log(`\n${table}\n\n${[summary, ...problems].join('\n')}`);
    console.log(REPLAY);
    const third = await thirdAct(n8n, { ...place, versions: later });
    console.log(`\n${third.table}\n\n${[...third.said, ...third.problems].join('\n')}`);
    console.log(WATCH);
    const fourth = await fourthAct(n8n, { ...place, versions: later });
    console.log(`\n${fourth.table}\n\n${[...fourth.said, ...fourth.problems].join('\n')}`);
    if (problems.length + third.problems.length + fourth.problems.length > 0) process.exitCode = 1;
  } finally {
    await n8n.close();
  }
}

main().catch((error) => {
  console.log(error);
  process.exitCode = 1;
});
