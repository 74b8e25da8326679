/** The third act: a version that passes every check and loses evidence in one document of five. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { INode, INodeParameters } from 'n8n-workflow';

import type { CheckResult } from '../../nodes/shared/release/checks';
import type { ReplayResult } from '../../nodes/shared/replay/replaySettings';
import { makePdf } from '../../test/support/engine';
import type { ExportedWorkflow, N8n } from '../../test/support/n8n';
import { writeServiceVersion } from './serviceVersions';
import { table } from './table';
import { type Place, readWorkflow } from './workflows';

const DEPLOY = 'Deploy main if it does the same';
/** What the engine reads of each: the last one is written in capitals. */
const TEXTS = [
  'The supplier shall deliver by the deadline.',
  'The total price is payable within 30 days.',
  'The contractor must give notice of each milestone.',
  'Either party may terminate after the notice period.',
  'THE SUPPLIER SHALL ISSUE ONE INVOICE FOR EACH DELIVERABLE.',
];

/** Goes through it; says what happened, and what should not have. A version made of `v2` is live in `place` by now. */
export async function thirdAct(
  n8n: N8n,
  place: Place,
): Promise<{ table: string; said: string[]; problems: string[] }> {
  await writeSamples(join(place.basePath, 'samples'));
  const bad = await replayed(n8n, place, await careless(place, '9'));
  const good = await replayed(n8n, place, await careful(place, '10'));
  const rows = [
    ['Deploy 9, which no longer reads capitals', ...told(bad)],
    ['Deploy 10, which does', ...told(good)],
  ];
  const differing = new Set(bad.differences.map(({ input }) => input));
  const isAsItShould = bad.verdict === 'different' && differing.size === 1 && good.verdict === 'same';
  return {
    table: table(['Step', 'verdict', 'inputs', 'runs'], rows),
    said: [bad.summary, good.summary],
    problems: isAsItShould ? [] : ['The replay did not tell the careless version from the careful one.'],
  };
}

/** Writes a version that loses evidence in documents that are written in capitals. */
export async function careless(place: Place, label: string): Promise<string> {
  const directory = await careful(place, label);
  await loseCapitals(join(directory, 'src/matcher.py'));
  return directory;
}

/** Writes a version that reads them. */
export async function careful({ versions }: Place, label: string): Promise<string> {
  const directory = join(versions, label);
  await writeServiceVersion('v2', directory, label);
  return directory;
}

function told({ verdict, inputs, runs }: ReplayResult): string[] {
  return [verdict, `${inputs}`, `${runs}`];
}

async function writeSamples(directory: string): Promise<void> {
  await mkdir(directory);
  for (const [index, text] of TEXTS.entries()) {
    await writeFile(join(directory, `document-${index + 1}.pdf`), makePdf([[text]]));
  }
}

async function loseCapitals(matcher: string): Promise<void> {
  const text = await readFile(matcher, 'utf8');
  const careless = text.replace('0 if case_sensitive else re.IGNORECASE', '0');
  if (careless === text) throw new Error(`${matcher} is not what the demo knows`);
  await writeFile(matcher, careless);
}

/** What the replay of a deployment found, passed or not. */
async function replayed(n8n: N8n, place: Place, sourceDirectory: string): Promise<ReplayResult> {
  const result = await n8n.run(await workflowFor(place, sourceDirectory));
  const [item] = [0, 1, 2].flatMap((output) => result.output(DEPLOY, output));
  const { details, checks } = (item?.json ?? {}) as {
    details?: { checks: CheckResult[] };
    checks?: CheckResult[];
  };
  const found = (details?.checks ?? checks ?? []).find(({ replay }) => replay !== undefined)?.replay;
  if (!found) throw result.error() ?? new Error(`${DEPLOY} replayed nothing: ${JSON.stringify(item?.json)}`);
  return found;
}

/** The shipped workflow, with a directory in place of the repository. Each version says its own number. */
async function workflowFor(place: Place, sourceDirectory: string): Promise<ExportedWorkflow> {
  const workflow = await readWorkflow('nightly-replay', place);
  const changed = ({ name, parameters }: INode): INodeParameters => {
    if (name !== DEPLOY) return parameters;
    const { repository: _, reference: __, checks, ...others } = parameters;
    const [check] = (checks as unknown as { check: INodeParameters[] }).check;
    const ignoreFields = '*.json/engine';
    return {
      ...others,
      ...{ source: 'directory', sourceDirectory, simplify: false },
      checks: { check: [{ ...check, ignoreFields }] },
    };
  };
  return { ...workflow, nodes: workflow.nodes.map((node) => ({ ...node, parameters: changed(node) })) };
}
