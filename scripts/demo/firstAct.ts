/** The first act: a plain installation is adopted and updated, bad versions undo themselves, while extractions run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CheckResult } from '../../nodes/shared/release/checks';
import type { SwitchResult } from '../../nodes/shared/release/result';
import { makePdf } from '../../test/support/engine';
import type { N8n, RunResult } from '../../test/support/n8n';
import { byCommand, byNode, type Extraction, Extractions } from './extractions';
import { table } from './table';
import { type Place, readWorkflow, withFullOutput } from './workflows';

const STEPS = [
  { node: 'Deploy version 2', title: 'Deploy 2 over a plain installation' },
  { node: 'Deploy a version that cannot be imported', title: 'Deploy 3, which can’t be imported' },
  { node: 'Deploy a version that loses a block', title: 'Deploy 3 again, which loses a block' },
  { node: 'Deploy version 4', title: 'Deploy 4' },
  { node: 'Roll back', title: 'Roll back' },
];

/** A document to extract from. */
export async function writeContract(directory: string): Promise<string> {
  const pdf = join(directory, 'contract.pdf');
  await writeFile(
    pdf,
    makePdf([
      ['The supplier shall deliver by the deadline.'],
      ['The total price is payable within 30 days.'],
    ]),
  );
  return pdf;
}

export async function firstAct(n8n: N8n, place: Place, pdf: string): Promise<void> {
  console.log(`The sample engine, version 1, is a plain directory: ${place.basePath}`);
  console.log(
    'Extractions start, back to back: by cd /app && python3 run.py extract …, and by the node Run Extraction Engine in',
  );
  console.log(
    'examples/extract-by-form.json. The workflow examples/release-and-roll-back.json runs in n8n’s engine:\n',
  );
  const extract = await readWorkflow('extract-by-form', place);
  const extractions = new Extractions([byCommand(place.basePath, pdf), byNode(n8n, extract, pdf)]);
  try {
    await firstOf(extractions);
    const startedAt = Date.now();
    const result = await n8n.run(withFullOutput(await readWorkflow('release-and-roll-back', place)));
    await extractions.stop();
    report(result, extractions.done, startedAt);
  } finally {
    await extractions.stop();
  }
}

/** Resolves when the first extraction has ended, so that the plain installation is seen at work. */
async function firstOf(extractions: Extractions): Promise<void> {
  while (extractions.done.length === 0) await sleep(20);
}

interface NodeOutcome {
  live: string;
  durationMs: string;
  endedAt: number;
}

function outcomeOf(result: RunResult, node: string): NodeOutcome {
  const [task] = result.tasks(node);
  const [item] = [...result.output(node), ...result.output(node, 1)];
  if (!task || !item) throw new Error(`The node ${node} put nothing out.`);
  const endedAt = task.startTime + task.executionTime;
  const { json } = item;
  if (json.error) {
    const { check, live } = json.details as { check: CheckResult; live: string };
    return {
      live: `${live}, unchanged: “${check.name}” did not pass ${check.when} the switch`,
      durationMs: `${task.executionTime}`,
      endedAt,
    };
  }
  const { release, durationMs, swap } = json as unknown as SwitchResult;
  const details = swap.adopted ? ', adopted without a gap' : '';
  return { live: `${release}${details}`, durationMs: `${Math.round(durationMs)}`, endedAt };
}

function report(result: RunResult, done: Extraction[], startedAt: number): void {
  if (result.status !== 'success')
    throw result.error() ?? new Error(`the workflow ended as ${result.status}`);
  let since = startedAt;
  const before = done.filter((extraction) => extraction.endedAt < since);
  const rows = [['Plain installation', 'version 1, a directory', '', ...counts(before)]];
  for (const { node, title } of STEPS) {
    const { live, durationMs, endedAt } = outcomeOf(result, node);
    const during = done.filter((extraction) => extraction.endedAt >= since && extraction.endedAt < endedAt);
    rows.push([title, live, durationMs, ...counts(during)]);
    since = endedAt;
  }
  rows.push(['Afterwards', '', '', ...counts(done.filter((extraction) => extraction.endedAt >= since))]);
  console.log(
    `\n${table(['Step', 'What is live after it', 'ms', 'extractions', 'versions', 'failed', 'mixed'], rows)}`,
  );
  const failed = done.filter((extraction) => extraction.failed);
  const mixed = done.filter((extraction) => extraction.versions.length > 1);
  console.log(
    `\n${done.length} extractions ran; ${failed.length} failed, ${mixed.length} saw two versions. n8n was never restarted.`,
  );
  if (failed.length + mixed.length > 0) {
    console.log(failed[0]?.complaint ?? mixed[0]);
    process.exitCode = 1;
  }
}

function counts(extractions: Extraction[]): string[] {
  const versions = [...new Set(extractions.flatMap((extraction) => extraction.versions))].join(', ');
  return [
    `${extractions.length}`,
    versions,
    `${extractions.filter((extraction) => extraction.failed).length}`,
    `${extractions.filter((extraction) => extraction.versions.length > 1).length}`,
  ];
}
