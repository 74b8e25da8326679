/**
 * Runs a shipped workflow in n8n's own engine against the sample engine on this machine, while extractions run back to
 * back: adopts a plain installation, deploys, lets bad versions undo themselves, rolls back, and says what happened.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeTypeDescription,
  NodeConnectionTypes,
} from 'n8n-workflow';

import { folder } from './demo/folder';

import {
  type ConsoleMessage,
  createN8n,
  type ExportedWorkflow,
  loadPackage,
  type N8n,
  type RunResult,
} from '../test/support/n8n';
import { exampleNodes, FormPages } from '../test/support/n8n/exampleNodes';
import { ENGINE_ENVIRONMENT, makePdf, materialiseEngine } from '../test/support/engine';
import type { CheckResult } from '../nodes/shared/release/checks';
import type { SwitchResult } from '../nodes/shared/release/result';
import { byCommand, byNode, type Extraction, Extractions } from './demo/extractions';
import { table } from './demo/table';

const PACKAGE = join(__dirname, '..');
const SECRETS = 'hotDeployEngineSecretsApi';
const STEPS = [
  { node: 'Deploy version 2', title: 'Deploy 2 over a plain installation' },
  { node: 'Deploy a version that cannot be imported', title: 'Deploy 3, which can’t be imported' },
  { node: 'Deploy a version that loses a block', title: 'Deploy 3 again, which loses a block' },
  { node: 'Deploy version 4', title: 'Deploy 4' },
  { node: 'Roll back', title: 'Roll back' },
];

async function main(): Promise<void> {
  try {
    await demonstrate();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function demonstrate(): Promise<void> {
  const basePath = join(folder, 'app');
  await materialiseEngine('base', basePath);
  for (const version of ['v2', 'broken-import', 'fails-check', 'v4']) {
    await materialiseEngine(version, join(folder, 'versions', version));
  }
  const pdf = join(folder, 'contract.pdf');
  await writeFile(
    pdf,
    makePdf([
      ['The supplier shall deliver by the deadline.'],
      ['The total price is payable within 30 days.'],
    ]),
  );

  console.log(`The sample engine, version 1, is a plain directory: ${basePath}`);
  console.log(
    'Extractions start, back to back: by cd /app && python3 run.py extract …, and by the node Run Extraction Engine in',
  );
  console.log(
    'examples/extract-by-form.json. The workflow examples/release-and-roll-back.json runs in n8n’s engine:\n',
  );
  const n8n = await openN8n();
  const extract = await readWorkflow('extract-by-form', basePath);
  const extractions = new Extractions([byCommand(basePath, pdf), byNode(n8n, extract, pdf)]);
  try {
    await firstOf(extractions);
    const startedAt = Date.now();
    const result = await n8n.run(withFullOutput(await readWorkflow('release-and-roll-back', basePath)));
    await extractions.stop();
    report(result, extractions.done, startedAt);
  } finally {
    await extractions.stop();
    await n8n.close();
  }
}

/** Resolves when the first extraction has ended, so that the plain installation is seen at work. */
async function firstOf(extractions: Extractions): Promise<void> {
  while (extractions.done.length === 0) await sleep(20);
}

/** Stands in for n8n's Wait node, which is part of another package. */
const wait = {
  description: {
    displayName: 'Wait',
    name: 'wait',
    group: [],
    version: 1.1,
    description: '',
    defaults: {},
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    properties: [{ displayName: 'Seconds', name: 'amount', type: 'number', default: 1 }],
  } satisfies INodeTypeDescription,
  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    await sleep((this.getNodeParameter('amount', 0) as number) * 1000);
    return [this.getInputData()];
  },
};

async function openN8n(): Promise<N8n> {
  const variables = Object.entries(ENGINE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const loaded = await loadPackage(PACKAGE);
  return createN8n({
    ...loaded,
    credentials: { [SECRETS]: { secretVariables: variables.join('\n'), pass: 'environment' } },
    nodeTypes: { ...loaded.nodeTypes, ...exampleNodes(new FormPages({})), 'n8n-nodes-base.wait': wait },
    onConsole: show,
  });
}

/** As a person would after importing it: the paths are set to those of this machine, and what is reached by SSH is here. */
async function readWorkflow(name: string, basePath: string): Promise<ExportedWorkflow> {
  const workflow = (await readFile(join(PACKAGE, 'examples', `${name}.json`), 'utf8'))
    .replaceAll('"/app"', JSON.stringify(basePath))
    .replaceAll('"connection": "ssh"', '"connection": "local"')
    .replaceAll('"/files/engine/', JSON.stringify(join(folder, 'versions', '/')).slice(0, -1));
  const parsed = JSON.parse(workflow) as ExportedWorkflow;
  for (const node of parsed.nodes) {
    if (node.type.endsWith('.runExtractionEngine'))
      node.credentials = { [SECRETS]: { id: '1', name: 'API keys' } };
  }
  return parsed;
}

/** The table below tells how each switch was done, which the simplified output leaves out. */
function withFullOutput(workflow: ExportedWorkflow): ExportedWorkflow {
  const nodes = workflow.nodes.map((node) => ({
    ...node,
    parameters: { ...node.parameters, simplify: false },
  }));
  return { ...workflow, nodes };
}

/** Prints what a node tells the editor's console; that a step begins is left out, the line after says that it ended. */
function show({ source, messages }: ConsoleMessage): void {
  const text = messages.join(' ');
  if (text.endsWith('…')) return;
  const node = source.replace(/^\[Node: "(.*)"\]$/, '$1');
  // Extractions print their results, back to back.
  if (node === 'Extract') return;
  console.log(`  ${node} | ${text.replace(/^\S+: /, '').replace(/\n/g, '\n      ')}`);
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

main().catch((error) => {
  console.log(error);
  process.exitCode = 1;
});
