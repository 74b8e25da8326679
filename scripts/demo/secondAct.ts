/** The second act: the engine's service is handed from version to version while clients ask it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import type { INode, INodeParameters } from 'n8n-workflow';

import { ENGINE_ENVIRONMENT } from '../../test/support/engine';
import type { ExportedWorkflow, N8n } from '../../test/support/n8n';
import { freePort } from '../../test/support/servedEngine';
import { Clients, firstAnswer } from './clients';
import { type Account, accountOf } from './serviceAccount';
import { type Place, readWorkflow, withFullOutput } from './workflows';

const CLIENTS = 8;
/** Answers that are waited for before the first switch and after the last one. */
const ASIDE = 50;
const PAUSE_SECONDS = 1;

/** What the nodes of the shipped workflow are called here, by their names there. */
const NAMES = {
  'Deploy version 2': 'Deploy 5',
  'Deploy a version that cannot be imported': 'Deploy 6, which dies at its start',
  'Deploy a version that loses a block': 'Deploy 7, which answers 500',
  'Deploy version 4': 'Deploy 8',
  'Let extractions run': 'Let clients ask',
};

/** Goes through it; says what happened, and what should not have. Version 2 is live in `place` by now. */
export async function secondAct(n8n: N8n, place: Place, document: string): Promise<Account> {
  const port = await freePort();
  const service = startService(place.basePath, port, document);
  try {
    await firstAnswer(port);
    return await changeWhileAsked(n8n, place, port);
  } finally {
    await end(service);
  }
}

async function changeWhileAsked(n8n: N8n, place: Place, port: number): Promise<Account> {
  const clients = new Clients(port, CLIENTS);
  try {
    await clients.more(ASIDE);
    const startedAt = Date.now();
    const result = await n8n.run(withFullOutput(await serviceWorkflow(place, port)));
    await clients.more(ASIDE);
    await clients.stop();
    return accountOf(result, clients.done, startedAt);
  } finally {
    await clients.stop();
  }
}

/** As a compose file or a unit starts it. */
function startService(cwd: string, port: number, document: string): ChildProcess {
  const command = ['python3', 'src/service.py', document];
  return spawn('python3', ['.hot-deploy/serve.py', '--listen', `127.0.0.1:${port}`, '--', ...command], {
    cwd,
    env: { ...process.env, ...ENGINE_ENVIRONMENT },
    stdio: 'ignore',
  });
}

async function end(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return;
  const ended = once(service, 'exit');
  service.kill('SIGTERM');
  await ended;
}

/** The same workflow with one check of another kind: an extraction over HTTP. Service is Automatic, as it is untouched. */
async function serviceWorkflow(place: Place, port: number): Promise<ExportedWorkflow> {
  let text = JSON.stringify(await readWorkflow('release-and-roll-back', place));
  for (const [from, to] of Object.entries(NAMES)) text = text.replaceAll(from, to);
  const workflow = JSON.parse(text) as ExportedWorkflow;
  return { ...workflow, nodes: workflow.nodes.map((node) => ({ ...node, parameters: changed(node, port) })) };
}

function changed({ type, parameters }: INode, port: number): INodeParameters {
  if (type.endsWith('.wait')) return { ...parameters, amount: PAUSE_SECONDS };
  if (!/\.(?:hotDeploy|rollbackExtractionEngine)$/.test(type)) return parameters;
  const check = {
    type: 'http',
    name: 'Extracts over HTTP',
    url: `http://127.0.0.1:${port}/`,
    expectedStatus: '200',
    timeoutSeconds: 2,
  };
  return { ...parameters, service: 'auto', checks: { check: [check] } };
}
