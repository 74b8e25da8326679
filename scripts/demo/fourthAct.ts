/** The fourth act: the same careless version, let through by its checks, is taken back by how documents go through it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { INodeParameters } from 'n8n-workflow';

import type { RolloutStatus } from '../../nodes/shared/operations/getRollout';
import { makePdf } from '../../test/support/engine';
import type { ExportedWorkflow, N8n } from '../../test/support/n8n';
import { byNode } from './extractions';
import { table } from './table';
import { careful, careless } from './thirdAct';
import { type Place, readWorkflow } from './workflows';

const DEPLOY = 'Deploy main and watch it';
/** So many documents tell what the careful version fails by itself. */
const BEFORE = 40;
const MOST = 60;
/** One document of so many is written in capitals. */
const CAPITALS = 4;

/** Goes through it; says what happened, and what should not have. */
export async function fourthAct(
  n8n: N8n,
  place: Place,
): Promise<{ table: string; said: string[]; problems: string[] }> {
  const documents = join(place.basePath, 'documents');
  await mkdir(documents);
  const rows: string[][] = [];
  await deploy(n8n, place, await careful(place, '11'));
  await extractAll(n8n, place, documents, 0, BEFORE);
  const good = await decide(n8n, place, 'promote');
  rows.push(['Deploy 11, which is careful', ...told(good)]);
  await deploy(n8n, place, await careless(place, '12'));
  const extracted = await extractAll(n8n, place, documents, BEFORE, BEFORE + MOST);
  const bad = await decide(n8n, place, 'getRollout');
  rows.push(['Deploy 12, which loses capitals', ...told(bad)]);
  const isAsItShould = good.status === 'promoted' && bad.status === 'aborted';
  return {
    table: table(['Step', 'ended', 'documents', 'without evidence'], rows),
    said: [good.summary, bad.summary, `It was live for ${extracted} documents.`],
    problems: isAsItShould ? [] : ['The watch did not tell the careless version from the careful one.'],
  };
}

function told({ status, rollout }: RolloutStatus): string[] {
  const { runs = 0, failed = 0 } = rollout?.runs.release ?? {};
  return [status, `${runs}`, `${failed}`];
}

/** Extracts from documents, each another one, until the release is not watched any more. */
async function extractAll(
  n8n: N8n,
  place: Place,
  directory: string,
  from: number,
  to: number,
): Promise<number> {
  const workflow = await readWorkflow('extract-by-form', place);
  for (let number = from; number < to; number++) {
    const pdf = join(directory, `${number}.pdf`);
    const text = `Document ${number}: the supplier shall deliver by the deadline.`;
    await writeFile(pdf, makePdf([[number % CAPITALS === 0 ? text.toUpperCase() : text]]));
    await byNode(n8n, workflow, pdf)();
    if ((await decide(n8n, place, 'getRollout')).status !== 'watching') return number - from + 1;
  }
  return to - from;
}

async function deploy(n8n: N8n, place: Place, sourceDirectory: string): Promise<void> {
  const result = await n8n.run(await only(place, DEPLOY, { source: 'directory', sourceDirectory }));
  const error = result.error(DEPLOY);
  if (error) throw error;
}

/** Asks how the watch does, or decides on it. */
async function decide(n8n: N8n, place: Place, operation: string): Promise<RolloutStatus> {
  const step = 'Ask how it went';
  const result = await n8n.run(await only(place, step, { operation }));
  const [item] = result.output(step);
  if (!item) throw result.error(step) ?? new Error(`${step} said nothing`);
  return item.json as unknown as RolloutStatus;
}

/** One step of the shipped workflow, by itself. */
async function only(place: Place, name: string, parameters: INodeParameters): Promise<ExportedWorkflow> {
  const workflow = await readWorkflow('watch-with-a-button', place);
  const [trigger] = workflow.nodes;
  const step = workflow.nodes.find((node) => node.name === name);
  if (!trigger || !step) throw new Error(`the workflow has no step ${name}`);
  const start = { ...trigger, type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} };
  const { repository: _, reference: __, ...others } = step.parameters;
  return {
    ...workflow,
    nodes: [start, { ...step, parameters: { ...others, ...parameters } }],
    connections: { [trigger.name]: { main: [[{ node: name, type: 'main', index: 0 }]] } },
  };
}
