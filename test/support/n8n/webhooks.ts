/**
 * A webhook's way through n8n: a real HTTP server, n8n's own reading of headers, n8n's contexts for webhooks and for
 * publishing, and its engine for what follows. What lies between them is in the package `n8n` itself, which is too
 * large for a test's dependency; it is followed here step by step.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import './core';
import { HookContext, WebhookContext, WorkflowExecute } from 'n8n-core';
import { createRunExecutionData } from 'n8n-workflow';
import type {
  IDataObject,
  INode,
  INodeExecutionData,
  INodeType,
  INodeTypes,
  IRun,
  IWebhookData,
  IWorkflowBase,
  IWorkflowExecuteAdditionalData,
  Workflow,
  WorkflowExecuteMode,
} from 'n8n-workflow';

import { parseIncomingMessage } from './core';
import { RunResult } from './result';
import { type ExportedWorkflow, loadWorkflow } from './workflow';

/** What a server needs of the n8n that it belongs to. */
export interface WebhookHost {
  nodeTypes: INodeTypes;
  additionalData(mode: WorkflowExecuteMode, data?: IWorkflowBase): IWorkflowExecuteAdditionalData;
}

/** What a request was answered with. */
export interface WebhookAnswer {
  status: number;
  json: IDataObject;
}

/** Listens for one webhook node of a workflow. Made by `N8n.listen`. */
export class WebhookServer {
  /** What the workflow did for each request that started it, in their order. */
  readonly runs: RunResult[] = [];
  /** What the node threw: n8n keeps an execution for each of them. */
  readonly thrown: unknown[] = [];
  /** The workflow's static data, as it is stored between two requests. */
  staticData: IDataObject = {};

  private constructor(
    private readonly host: WebhookHost,
    private readonly exported: ExportedWorkflow,
    private readonly nodeName: string,
    private readonly server: Server,
  ) {}

  static async start(
    host: WebhookHost,
    exported: ExportedWorkflow,
    nodeName: string,
  ): Promise<WebhookServer> {
    const server = createServer();
    const webhooks = new WebhookServer(host, exported, nodeName, server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      webhooks.answer(request, response).catch((error: unknown) => {
        webhooks.thrown.push(error);
        send(response, 500, { message: 'Error in workflow' });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return webhooks;
  }

  /** Sends a request, and returns its answer when what it started has ended too. */
  async post(request: { headers: object; body: Buffer }): Promise<WebhookAnswer> {
    const { port } = this.server.address() as AddressInfo;
    const headers = Object.entries(request.headers).filter(([, value]) => value !== undefined);
    const response = await fetch(`http://127.0.0.1:${port}/webhook/0b5f/webhook`, {
      method: 'POST',
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: new Uint8Array(request.body),
    });
    const json = (await response.json()) as IDataObject;
    await this.running;
    return { status: response.status, json };
  }

  /** Does with the node what publishing the workflow does; rejects when the node does. */
  async publish(): Promise<void> {
    const { workflow, node, nodeType, additionalData, webhookData } = await this.load();
    const methods = nodeType.webhookMethods?.[webhookData.webhookDescription.name];
    const context = () => new HookContext(workflow, node, additionalData, 'trigger', 'activate', webhookData);
    if (await methods?.checkExists.call(context())) return;
    await methods?.create.call(context());
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private running: Promise<unknown> = Promise.resolve();

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) return send(response, 422, { message: 'Failed to parse request body' });
    const { workflow, data, node, nodeType, additionalData, webhookData } = await this.load();
    Object.assign(request, { body, params: {}, query: {} });
    Object.assign(additionalData, { httpRequest: request, httpResponse: response });
    const context = new WebhookContext(workflow, node, additionalData, 'webhook', webhookData, [], null);
    const result = (await nodeType.webhook?.call(context)) ?? {};
    if (result.workflowData) this.run(workflow, data, node, result.workflowData);
    if (workflow.staticData.__dataChanged) {
      this.staticData = JSON.parse(JSON.stringify(workflow.staticData)) as IDataObject;
    }
    if (result.noWebhookResponse) return;
    // What the description says comes before what the node answered, once a workflow is started.
    const { responseData = 'firstEntryJson' } = webhookData.webhookDescription;
    send(response, 200, (result.workflowData && responseData) || result.webhookResponse);
  }

  /** Starts the workflow with the node's items in place of what the node would do. */
  private run(workflow: Workflow, data: IWorkflowBase, node: INode, main: INodeExecutionData[][]): void {
    const additionalData = this.host.additionalData('webhook', data);
    const executionData = { nodeExecutionStack: [{ node, data: { main }, source: null }] };
    const execute = new WorkflowExecute(additionalData, 'webhook', createRunExecutionData({ executionData }));
    this.running = execute.processRunExecutionData(workflow).then((run: IRun) => {
      this.runs.push(new RunResult(run, new Set(data.nodes.map(({ name }) => name))));
    });
  }

  private async load() {
    const { workflow, data } = loadWorkflow(this.exported, this.host.nodeTypes, this.staticData);
    const node = workflow.getNode(this.nodeName);
    if (!node) throw new Error(`The workflow has no node named "${this.nodeName}"`);
    await workflow.expression.acquireIsolate();
    const nodeType: INodeType = this.host.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
    const [webhookDescription] = nodeType.description.webhooks ?? [];
    if (!webhookDescription) throw new Error(`"${node.type}" has no webhook`);
    const additionalData = this.host.additionalData('webhook', data);
    const webhookData: IWebhookData = {
      httpMethod: 'POST',
      node: node.name,
      path: '0b5f/webhook',
      webhookDescription,
      workflowId: workflow.id,
      workflowExecuteAdditionalData: additionalData,
    };
    return { workflow, data, node, nodeType, additionalData, webhookData };
  }
}

/** Reads a body once, keeps its bytes, and parses it by its type; undefined when that can't be done. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  parseIncomingMessage(request);
  request.readRawBody = async () => {
    request.rawBody ??= await buffer(request);
  };
  if (request.contentType?.startsWith('multipart/')) {
    request.resume();
    return {};
  }
  await request.readRawBody();
  if (request.contentType !== 'application/json' || request.rawBody.length === 0) return {};
  try {
    return JSON.parse(request.rawBody.toString(request.encoding)) as unknown;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(json));
}
