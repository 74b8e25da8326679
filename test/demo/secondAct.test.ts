/** The demo's second act, as it runs there, and that it would notice what must not happen. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { keptConnections } from '../../nodes/n8n/keeping';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { Clients, type Request } from '../../scripts/demo/clients';
import { secondAct } from '../../scripts/demo/secondAct';
import { accountOf, problemsOf, STEPS } from '../../scripts/demo/serviceAccount';
import { writeLaterVersions, writeServiceVersion } from '../../scripts/demo/serviceVersions';
import { wait } from '../../scripts/demo/workflows';
import { deployTo, temporaryDirectories } from '../support/deployment';
import { makePdf } from '../support/engine';
import { createN8n, type RunResult } from '../support/n8n';
import { HOT_DEPLOY, ROLLBACK } from '../support/nodes';
import { freePort } from '../support/servedEngine';
import { writeTree } from '../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
const answered = (version: string, startedAt = 0): Request => ({
  startedAt,
  endedAt: startedAt + 1,
  fate: 'answered',
  versions: version.split('+'),
});

afterEach(() => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
});

test('eight clients lose nothing while versions change, and bad versions never answer', async () => {
  const place = { basePath: await make('app'), versions: await make('versions') };
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = `${place.basePath}:${place.versions}`;
  const second = await make('second');
  await writeServiceVersion('v2', second, '2');
  await deployTo(place.basePath, second);
  await writeLaterVersions(place.versions);
  const documents = await make('documents');
  const document = join(documents, 'contract.pdf');
  await writeTree(documents, { 'contract.pdf': makePdf([['The supplier shall deliver.']]) });
  const n8n = await createN8n({
    nodeTypes: {
      [HOT_DEPLOY]: new HotDeploy(),
      [ROLLBACK]: new RollbackExtractionEngine(),
      'n8n-nodes-base.wait': wait,
    },
    onClose: () => keptConnections.closeAll(),
  });
  try {
    const { problems, summary, table } = await secondAct(n8n, place, document);
    expect(problems).toEqual([]);
    expect(summary).toMatch(
      /^\d{3,} requests over 3 hand-overs and 2 versions that never took over: 0 refused, 0 cut, 0 failed\.$/,
    );
    expect(table).toMatch(/^All .* 2: \d+, 5: \d+, 8: \d+ +0 +0 +0 +\d+ +3$/m);
  } finally {
    await n8n.close();
  }
});

test.each<[string, Request['fate'], RequestListener | undefined]>([
  ['nobody listens', 'refused', undefined],
  ['connection is reset', 'cut', (_, response) => void response.socket?.resetAndDestroy()],
  [
    'answer ends too early',
    'cut',
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{', () => response.socket?.end());
    },
  ],
  ['status is 500', 'failed', (_, response) => void response.writeHead(500).end('five blocks')],
  ['answer is none', 'failed', (_, response) => void response.end('{}')],
])('where the %s a request counts as %s', async (_, fate, answer) => {
  const server = answer && createServer(answer).listen(0, '127.0.0.1');
  if (server) await once(server, 'listening');
  const clients = new Clients(server ? (server.address() as AddressInfo).port : await freePort(), 2);
  await clients.more(3);
  await clients.stop();
  server?.close();
  expect(new Set(clients.done.map((each) => each.fate))).toEqual(new Set([fate]));
  expect(problemsOf(clients.done)).toEqual([
    expect.stringMatching(/^\d+ requests were lost, the first one so: ./),
  ]);
});

test('a mixture that answered, and a version that should not have, are told', () => {
  expect(problemsOf([answered('2'), answered('5+8'), answered('6'), answered('6')])).toEqual([
    'Version 5+8 answered 1 requests.',
    'Version 6 answered 2 requests.',
  ]);
});

/** A run in which each step takes 10 ms, 10 ms after the one before. `bad`: nodes that did not do what they should. */
function runOf(bad: readonly string[]): RunResult {
  const fails = (node: string) => STEPS.some((step) => step.node === node && !step.handedOver);
  const started = (node: string) => STEPS.findIndex((step) => step.node === node) * 20;
  return {
    status: 'success',
    tasks: (node: string) => [{ startTime: started(node), executionTime: 10 }],
    output: (node: string) => [
      { json: fails(node) !== bad.includes(node) ? { error: 'no' } : { service: { method: 'handOver' } } },
    ],
  } as unknown as RunResult;
}

test.each<[string[], string[], string[]]>([
  [[], ['5', '5', '5', '8', '5'], []],
  [[], ['5', '5', '5', '5', '5'], ['Deploy 8: version 5 answered after it.']],
  [['Deploy 8'], ['5', '5', '5', '8', '5'], ['Deploy 8: 0 hand-overs.', 'Deploy 8: no']],
  [
    ['Deploy 7, which answers 500'],
    ['5', '5', '5', '8', '5'],
    ['Deploy 7, which answers 500: 1 hand-overs.', 'Deploy 7, which answers 500: was not refused'],
  ],
  [[], ['5', '5', '5', '8'], ['Roll back: nobody asked after it.']],
])('of what went wrong in %j, with answers by %j, it says %j', (bad, answers, problems) => {
  const done = answers.map((version, step) => answered(version, step * 20 + 12));
  expect(accountOf(runOf(bad), done, 0).problems).toEqual(problems);
});
