/** Workflows with the package's own nodes, run by n8n's engine. */
import { tmpdir } from 'node:os';

import type {
  ICredentialDataDecryptedObject,
  IDataObject,
  INode,
  INodeExecutionData,
  INodeParameters,
} from 'n8n-workflow';

import { HotDeployEngineSecretsApi } from '../../credentials/HotDeployEngineSecretsApi.credentials';
import { HotDeploySshApi } from '../../credentials/HotDeploySshApi.credentials';
import { HotDeployWebhookApi } from '../../credentials/HotDeployWebhookApi.credentials';
import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { keptConnections } from '../../nodes/n8n/keeping';
import { leaving } from '../../nodes/n8n/leaving';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import { PYTHON } from './deployment';
import {
  createN8n,
  type ItemFixture,
  type N8n,
  type N8nOptions,
  type NodeFixture,
  type RunResult,
} from './n8n';
import { CLONE_URLS } from './pushes';
import type { Sshd } from './sshd';

// n8n reads it when a node first asks; by default it opens only ~/.n8n-files to nodes.
process.env.N8N_RESTRICT_FILE_ACCESS_TO = tmpdir();

export const HOT_DEPLOY = 'n8n-nodes-hot-deploy.hotDeploy';
export const TRIGGER = 'n8n-nodes-hot-deploy.hotDeployTrigger';
export const ROLLBACK = 'n8n-nodes-hot-deploy.rollbackExtractionEngine';
export const RUN = 'n8n-nodes-hot-deploy.runExtractionEngine';
export const CREDENTIAL = 'hotDeploySshApi';
export const WEBHOOK_CREDENTIAL = 'hotDeployWebhookApi';

/** The one credential of {@link openN8n}, as a node names it. */
export const ACCOUNT = { [CREDENTIAL]: { id: '1', name: 'Engine host' } };

/** An n8n that knows all nodes, with `credential` as the content of the one that engines are reached with. */
export async function openN8n(
  credential: ICredentialDataDecryptedObject = {},
  options: Partial<N8nOptions> = {},
): Promise<N8n> {
  return createN8n({
    nodeTypes: {
      [HOT_DEPLOY]: new HotDeploy(),
      [TRIGGER]: new HotDeployTrigger(),
      [ROLLBACK]: new RollbackExtractionEngine(),
      [RUN]: new RunExtractionEngine(),
    },
    credentialTypes: [new HotDeploySshApi(), new HotDeployWebhookApi(), new HotDeployEngineSecretsApi()],
    credentials: { [CREDENTIAL]: credential },
    onClose: async () => {
      await leaving.left();
      await keptConnections.closeAll();
    },
    ...options,
  });
}

/** A credential that logs in at a test's own server with its ed25519 client key, except for `changes`. */
export function credentialFor(
  server: Sshd,
  changes: ICredentialDataDecryptedObject = {},
): ICredentialDataDecryptedObject {
  return {
    host: server.host,
    port: server.port,
    username: server.username,
    authentication: 'privateKey',
    privateKey: server.clientKeys.ed25519,
    hostKeyFingerprint: server.fingerprint,
    ...changes,
  };
}

/**
 * A node named `Hot Deploy`, whose output is the full one. The interpreter is the test's own. The parameters may say
 * otherwise.
 */
export function hotDeploy(parameters: IDataObject, rest: Partial<INode> = {}): NodeFixture {
  return fixture('Hot Deploy', HOT_DEPLOY, parameters, rest);
}

/** A node named `Rollback`, likewise. */
export function rollback(parameters: IDataObject, rest: Partial<INode> = {}): NodeFixture {
  return fixture('Rollback', ROLLBACK, parameters, rest);
}

/** A node named `Run`, likewise. */
export function runEngine(parameters: IDataObject, rest: Partial<INode> = {}): NodeFixture {
  return fixture('Run', RUN, parameters, rest);
}

/** A node named `Push` that is set up for the repositories of the fixtures, and waits for their pushes. */
export function pushTrigger(parameters: IDataObject = {}, rest: Partial<INode> = {}): NodeFixture {
  const all = { repositories: Object.values(CLONE_URLS).join('\n'), ...parameters } as INodeParameters;
  const credentials = { [WEBHOOK_CREDENTIAL]: { id: '2', name: 'Webhooks' } };
  return { name: 'Push', type: TRIGGER, webhookId: '0b5f', credentials, parameters: all, ...rest };
}

/** A node named `Items` that emits these items. */
export function items(...fixtures: ItemFixture[]): NodeFixture {
  return { name: 'Items', type: 'test.items', parameters: { items: fixtures as never } };
}

/** A row of the Checks parameter with one check. */
export function checks(...rows: IDataObject[]): IDataObject {
  return { check: rows };
}

/** A resource locator's value. */
export function locator(value: string, mode: 'list' | 'id' = 'list'): IDataObject {
  return { __rl: true, mode, value };
}

/** The `json` of the only item that a node sent out; anything else is a broken test or a failed run. */
export function onlyJson(result: RunResult, nodeName = 'Hot Deploy'): IDataObject {
  const error = result.error(nodeName);
  if (error) throw new Error(`${nodeName} failed: ${error.message} ${error.description ?? ''}`);
  const output: INodeExecutionData[] = result.output(nodeName);
  expect(output).toHaveLength(1);
  return output[0].json;
}

function fixture(name: string, type: string, parameters: IDataObject, rest: Partial<INode>): NodeFixture {
  const { options, ...others } = parameters;
  const withPython = { simplify: false, ...others, options: { python: PYTHON, ...(options as IDataObject) } };
  return { name, type, parameters: withPython as INodeParameters, credentials: ACCOUNT, ...rest };
}
