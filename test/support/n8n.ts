/**
 * Runs workflows in n8n's own engine, inside this process: expressions, item pairing, error outputs, hints, cancelling,
 * credentials and binary data behave as in n8n, because it is n8n's code that does them.
 */
import { mkdir, rm } from 'node:fs/promises';

import { setBinaryDataMode, setLogSink } from './n8n/core';
import type { BinaryDataMode, LogSink } from './n8n/core';
import {
  CredentialTestContext,
  ExecutionLifecycleHooks,
  ExternalSecretsProxy,
  LoadOptionsContext,
  PackageDirectoryLoader,
  WorkflowExecute,
} from 'n8n-core';
import { Workflow } from 'n8n-workflow';
import type {
  ICredentialDataDecryptedObject,
  ICredentialType,
  INode,
  INodeCredentialTestResult,
  INodeExecutionData,
  INodeListSearchResult,
  INodeParameters,
  INodePropertyOptions,
  INodeType,
  IRun,
  IWorkflowBase,
  IWorkflowExecuteAdditionalData,
  WorkflowExecuteMode,
} from 'n8n-workflow';

import { FixedCredentials } from './n8n/credentials';
import { userFolder } from './n8n/environment';
import { NodeTypes } from './n8n/nodeTypes';
import type { AnyNodeType } from './n8n/nodeTypes';
import { RunResult } from './n8n/result';
import { WebhookServer } from './n8n/webhooks';
import { loadWorkflow } from './n8n/workflow';
import type { ExportedWorkflow } from './n8n/workflow';

export { chain, line } from './n8n/workflow';
export type { ExportedWorkflow, NodeFixture } from './n8n/workflow';
export type { ItemFixture } from './n8n/nodeTypes';
export type { RunResult } from './n8n/result';
export type { WebhookServer } from './n8n/webhooks';

/** What a node sent to the browser's console while a workflow ran in manual mode. */
export interface ConsoleMessage {
  /** `[Node: "<name>"]` */
  source: string;
  messages: unknown[];
}

export interface N8nOptions {
  /** The nodes under test by full name, such as `n8n-nodes-hot-deploy.hotDeploy`. */
  nodeTypes: Record<string, AnyNodeType>;
  /** Supplies the defaults of credential fields that `credentials` leaves out. */
  credentialTypes?: ICredentialType[];
  /** The content of the one credential of each type, such as `hotDeploySshApi`. */
  credentials?: Record<string, ICredentialDataDecryptedObject>;
  /** How binary data is kept, in the whole process; `filesystem` by default, as in n8n. */
  binaryData?: BinaryDataMode;
  onConsole?(message: ConsoleMessage): void;
  /** Receives what nodes and the engine log, in the whole process. */
  onLog?: LogSink;
  /** Ends what nodes leave open between executions. */
  onClose?(): Promise<void>;
}

export interface RunOptions {
  /** `manual` by default, as when someone presses the button in the editor; `trigger` is a production run. */
  mode?: WorkflowExecuteMode;
  /** The node to start from; by default the workflow's trigger. */
  startNode?: string;
  /** Replaces the pinned data of the workflow itself; obeyed in manual mode only. */
  pinData?: Record<string, INodeExecutionData[]>;
  /** Aborting it is what pressing Stop does. */
  signal?: AbortSignal;
}

/** What a drop-down or a resource locator is asked with. */
export interface LookupOptions {
  /** The node's parameters as the editor holds them at that moment. */
  parameters?: INodeParameters;
  /** The node's credentials as in an export; those of `createN8n` are found under any id and name. */
  credentials?: INode['credentials'];
  filter?: string;
  paginationToken?: string;
}

const PLACEHOLDER_URL = 'http://127.0.0.1/';
let openCount = 0;

/** Starts an engine that knows the given nodes. Close it, so that its temporary folder goes away. */
export async function createN8n(options: N8nOptions): Promise<N8n> {
  openCount += 1;
  await mkdir(userFolder, { recursive: true });
  await setBinaryDataMode(options.binaryData ?? 'filesystem');
  setLogSink(options.onLog ?? (() => undefined));
  return new N8n(options);
}

/** One n8n with its nodes and credentials. Made by {@link createN8n}. */
export class N8n {
  private readonly nodeTypes: NodeTypes;
  private readonly credentials: FixedCredentials;
  private executions = 0;
  private closed = false;

  constructor(private readonly options: N8nOptions) {
    this.nodeTypes = new NodeTypes(options.nodeTypes);
    this.credentials = new FixedCredentials(options.credentials ?? {}, options.credentialTypes ?? []);
  }

  /**
   * Runs a workflow to its end and resolves also when nodes failed or the run was cancelled. A cancelled run resolves
   * when the node that was running has returned, with the status n8n published meanwhile; what that node threw is in
   * `error(nodeName)`. Rejects when n8n would refuse to start the workflow (unknown node type, no trigger).
   */
  async run(exported: ExportedWorkflow, options: RunOptions = {}): Promise<RunResult> {
    const { workflow, data, pinData } = loadWorkflow(exported, this.nodeTypes);
    const mode = options.mode ?? 'manual';
    const startNode = options.startNode === undefined ? undefined : workflow.getNode(options.startNode);
    if (startNode === null) throw new Error(`The workflow has no node named "${options.startNode}"`);
    const additionalData = this.additionalData(mode, data);
    let published: IRun | undefined;
    additionalData.hooks?.addHandler('workflowExecuteAfter', (run) => {
      published = run;
    });
    const pinned = mode === 'manual' ? (options.pinData ?? pinData) : undefined;
    const execution = start(new WorkflowExecute(additionalData, mode), {
      workflow,
      startNode,
      pinData: pinned,
    });
    const cancel = () => execution.cancel();
    if (options.signal?.aborted) cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
    try {
      const finished = await execution;
      return new RunResult(published ?? finished, new Set(data.nodes.map(({ name }) => name)));
    } finally {
      options.signal?.removeEventListener('abort', cancel);
    }
  }

  /** Listens over HTTP for the webhook of one of a workflow's nodes. Close it before the engine. */
  async listen(exported: ExportedWorkflow, nodeName: string): Promise<WebhookServer> {
    const additionalData = this.additionalData.bind(this);
    return await WebhookServer.start({ nodeTypes: this.nodeTypes, additionalData }, exported, nodeName);
  }

  /** Does what the credential's Test button does: calls the method that the node names in `testedBy`. */
  async testCredential(
    nodeTypeName: string,
    credentialType: string,
    data: ICredentialDataDecryptedObject,
  ): Promise<INodeCredentialTestResult> {
    const nodeType = this.nodeTypes.getByNameAndVersion(nodeTypeName);
    const testedBy = nodeType.description.credentials?.find(({ name }) => name === credentialType)?.testedBy;
    const method = typeof testedBy === 'string' ? nodeType.methods?.credentialTest?.[testedBy] : undefined;
    if (!method) throw new Error(`"${nodeTypeName}" has no method that tests "${credentialType}"`);
    const completed = this.credentials.complete(credentialType, data);
    return await method.call(new CredentialTestContext(), {
      id: '1',
      name: 'Credential',
      type: credentialType,
      data: completed,
    });
  }

  /** Fills a resource locator's list, as the editor does when it is opened. */
  async listSearch(
    nodeTypeName: string,
    methodName: string,
    options: LookupOptions = {},
  ): Promise<INodeListSearchResult> {
    const { nodeType, context } = await this.lookup(nodeTypeName, options);
    const method = nodeType.methods?.listSearch?.[methodName];
    if (!method) throw new Error(`"${nodeTypeName}" has no listSearch method "${methodName}"`);
    return await method.call(context, options.filter, options.paginationToken);
  }

  /** Fills a drop-down's options, as the editor does when the node is opened. */
  async loadOptions(
    nodeTypeName: string,
    methodName: string,
    options: LookupOptions = {},
  ): Promise<INodePropertyOptions[]> {
    const { nodeType, context } = await this.lookup(nodeTypeName, options);
    const method = nodeType.methods?.loadOptions?.[methodName];
    if (!method) throw new Error(`"${nodeTypeName}" has no loadOptions method "${methodName}"`);
    return await method.call(context);
  }

  /** Removes what n8n wrote, once every engine of this process is closed. Safe to call twice. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.options.onClose?.();
    openCount -= 1;
    if (openCount === 0) await rm(userFolder, { recursive: true, force: true });
  }

  private async lookup(
    nodeTypeName: string,
    { parameters = {}, credentials }: LookupOptions,
  ): Promise<{ nodeType: INodeType; context: LoadOptionsContext }> {
    const nodeType = this.nodeTypes.getByNameAndVersion(nodeTypeName);
    const { version } = nodeType.description;
    const node: INode = {
      id: '1',
      name: 'Node',
      type: nodeTypeName,
      typeVersion: Array.isArray(version) ? Math.max(...version) : version,
      position: [0, 0],
      parameters,
      credentials,
    };
    const workflow = new Workflow({
      nodes: [node],
      connections: {},
      active: false,
      nodeTypes: this.nodeTypes,
    });
    await workflow.expression.acquireIsolate();
    const additionalData = { ...this.additionalData('internal'), currentNodeParameters: parameters };
    return { nodeType, context: new LoadOptionsContext(workflow, node, additionalData, '') };
  }

  private additionalData(mode: WorkflowExecuteMode, data?: IWorkflowBase): IWorkflowExecuteAdditionalData {
    this.executions += 1;
    const executionId = String(this.executions);
    const unavailable = async () => {
      throw new Error('Sub-workflows and task runners are not available here');
    };
    return {
      credentialsHelper: this.credentials,
      externalSecretsProxy: new ExternalSecretsProxy(),
      hooks: data && new ExecutionLifecycleHooks(mode, executionId, data),
      executionId,
      currentNodeExecutionIndex: 0,
      variables: {},
      restApiUrl: PLACEHOLDER_URL,
      instanceBaseUrl: PLACEHOLDER_URL,
      formBaseUrl: PLACEHOLDER_URL,
      formWaitingBaseUrl: PLACEHOLDER_URL,
      formTestBaseUrl: PLACEHOLDER_URL,
      webhookBaseUrl: PLACEHOLDER_URL,
      webhookWaitingBaseUrl: PLACEHOLDER_URL,
      webhookTestBaseUrl: PLACEHOLDER_URL,
      mcpBaseUrl: PLACEHOLDER_URL,
      mcpTestBaseUrl: PLACEHOLDER_URL,
      executeWorkflow: unavailable,
      startRunnerTask: unavailable,
      getRunExecutionData: async () => undefined,
      getRuntimeCredential: async () => undefined,
      logAiEvent: () => undefined,
      sendDataToUI: (type, message) => {
        if (type === 'sendConsoleMessage') this.options.onConsole?.(message as unknown as ConsoleMessage);
      },
    };
  }
}

type Start = Pick<Parameters<WorkflowExecute['run']>[0], 'workflow' | 'startNode' | 'pinData'>;
type Execution = ReturnType<WorkflowExecute['run']>;

/** Begins a run; older engines take one argument after the other, with the node to end with as the third. */
function start(engine: WorkflowExecute, options: Start): Execution {
  if (engine.run.length === 1) return engine.run(options);
  const run = engine.run as unknown as (...args: unknown[]) => Execution;
  return run.call(engine, options.workflow, options.startNode, undefined, options.pinData);
}

/**
 * Loads a package the way n8n loads community nodes, from the files its package.json lists.
 * The result can be spread into the options of {@link createN8n}.
 */
export async function loadPackage(
  directory: string,
): Promise<{ nodeTypes: Record<string, AnyNodeType>; credentialTypes: ICredentialType[] }> {
  const loader = new PackageDirectoryLoader(directory);
  await loader.loadAll();
  const nodeTypes: Record<string, AnyNodeType> = {};
  for (const [name, { type }] of Object.entries(loader.nodeTypes)) {
    nodeTypes[`${loader.packageName}.${name}`] = type;
  }
  return { nodeTypes, credentialTypes: Object.values(loader.credentialTypes).map(({ type }) => type) };
}
