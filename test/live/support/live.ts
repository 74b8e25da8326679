import { join } from 'node:path';

import type { INodeCredentials } from 'n8n-workflow';

import { SECRET } from '../../support/pushes';
import { Editor } from './browser';
import { readExample, setUpNodes, type SetUp } from './examples';
import { startN8n, type N8n, type N8nOptions } from './n8n';
import { installPackage } from './package';
import { openPlace, type Place } from './place';
import type { CredentialReference, StoredWorkflow } from './rest';
import { extractionWorkflow, nodeExtractionWorkflow, Traffic } from './traffic';

const WEBHOOK = 'extract';
const NODE_WEBHOOK = 'extract-by-node';

/** Nobody's host key. */
export const STRANGE_KEY = `SHA256:${'A'.repeat(43)}`;

/** Everything that the tests of one n8n share. */
export class Live {
  private constructor(
    readonly place: Place,
    /** The engine's base path, and that of the engine beside it. */
    readonly app: string,
    readonly options: N8nOptions,
    public n8n: N8n,
  ) {}

  /** By type of node, the credentials of a person who set up everything. */
  credentials: Record<string, INodeCredentials> = {};
  editor!: Editor;
  traffic!: Traffic;
  nodeTraffic!: Traffic;
  /** Names n8n's process: its id, and when it began. */
  started = '';

  /** Starts n8n with the packed package; `name` is that of its log. */
  static async open(name = 'n8n'): Promise<Live> {
    const place = await openPlace();
    try {
      const app = await place.makeEngine('app', 'base');
      await place.makeEngine('app-staging', 'base');
      const userFolder = join(place.directory, 'n8n');
      await installPackage(userFolder);
      const environment = {
        N8N_HOT_DEPLOY_LOCAL_PATHS: app,
        N8N_HOT_DEPLOY_GIT_CACHE: join(place.directory, 'git-cache'),
        N8N_RESTRICT_FILE_ACCESS_TO: join(place.directory, 'versions'),
      };
      const options = { userFolder, environment, name };
      return new Live(place, app, options, await startN8n(options));
    } catch (reason) {
      await place.close();
      throw reason;
    }
  }

  /** Signs the owner up, makes the credentials and opens the editor. */
  async setUp(): Promise<void> {
    const { rest, url } = this.n8n;
    await rest.setUpOwner();
    await this.createCredentials();
    this.editor = await Editor.open(url);
  }

  /** Publishes the workflows that extract, by a command and by our node, and lets the extractions begin. */
  async extract(): Promise<void> {
    const { rest } = this.n8n;
    const { id } = await rest.createWorkflow(extractionWorkflow(WEBHOOK, this.app));
    await rest.publish(id);
    const byNode = await rest.createWorkflow(nodeExtractionWorkflow(NODE_WEBHOOK, this.app));
    await rest.publish(byNode.id);
    this.started = this.processNow();
    this.startTraffic();
  }

  /** Asks for extractions without pause, from now until this stops or is closed. */
  startTraffic(): void {
    this.traffic = new Traffic(`${this.n8n.url}/webhook/${WEBHOOK}`);
    this.nodeTraffic = new Traffic(`${this.n8n.url}/webhook/${NODE_WEBHOOK}`, 1);
  }

  /** Imports a shipped workflow and sets it up as a person does. */
  async import(name: string, replace: SetUp['replace'] = {}): Promise<StoredWorkflow> {
    const { id, nodes } = await this.n8n.rest.createWorkflow(readExample(name));
    return this.n8n.rest.saveNodes(
      id,
      setUpNodes(nodes, {
        credentials: this.credentials,
        replace: {
          'https://github.com/acme/engine.git': this.place.repositoryUrl,
          '/app': this.app,
          ...replace,
        },
      }),
    );
  }

  processNow(): string {
    const { pid } = this.n8n.server;
    return `${pid} since ${this.n8n.server.startTicks()}`;
  }

  /** Ends all that was started, whatever of it was. */
  async close(): Promise<void> {
    await this.traffic?.stop();
    await this.nodeTraffic?.stop();
    await this.editor?.close();
    await this.n8n.server.stop();
    await this.place.close();
  }

  /** A credential of the same host that another key is pinned in. */
  async strangeCredential(): Promise<CredentialReference> {
    const data = { ...this.login(), authentication: 'privateKey', hostKeyFingerprint: STRANGE_KEY };
    return this.n8n.rest.createCredential('Host with another key', 'hotDeploySshApi', data);
  }

  private async createCredentials(): Promise<void> {
    const { rest } = this.n8n;
    const login = this.login();
    const hotDeploySshApi = await rest.createCredential('Engine host', 'hotDeploySshApi', {
      ...login,
      authentication: 'privateKey',
      hostKeyFingerprint: this.place.sshd.fingerprint,
    });
    const hotDeployWebhookApi = await rest.createCredential('Forge', 'hotDeployWebhookApi', {
      secret: SECRET,
    });
    const sshPrivateKey = await rest.createCredential('Engine host (SSH)', 'sshPrivateKey', login);
    this.credentials = {
      'n8n-nodes-hot-deploy.hotDeploy': { hotDeploySshApi },
      'n8n-nodes-hot-deploy.rollbackExtractionEngine': { hotDeploySshApi },
      'n8n-nodes-hot-deploy.runExtractionEngine': { hotDeploySshApi },
      'n8n-nodes-hot-deploy.hotDeployTrigger': { hotDeployWebhookApi },
      'n8n-nodes-base.ssh': { sshPrivateKey },
    };
  }

  private login(): object {
    const { host, port, username, clientKeys } = this.place.sshd;
    return { host, port, username, privateKey: clientKeys.ed25519, passphrase: '' };
  }
}
