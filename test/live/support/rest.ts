import type { ExportedWorkflow } from '../../support/n8n';
import { Execution, isOver, type StoredExecution } from './execution';

export const OWNER = {
  email: 'owner@example.org',
  firstName: 'Olga',
  lastName: 'Owner',
  password: 'Not-a-secret-0815',
};

/** How long an execution may take, on a machine that does other things, too. */
const PATIENCE_MS = 90_000;
const PAUSE_MS = 150;

/** A workflow as n8n stores it. */
export interface StoredWorkflow extends ExportedWorkflow {
  id: string;
  name: string;
  versionId: string;
  active: boolean;
}

/** A credential's name and id, as a node refers to it. */
export interface CredentialReference {
  id: string;
  name: string;
}

/** n8n's own REST API, as its editor uses it. */
export class Rest {
  private cookie = '';

  constructor(readonly url: string) {}

  async setUpOwner(): Promise<void> {
    await this.send('POST', '/rest/owner/setup', OWNER);
  }

  async signIn(): Promise<void> {
    const { email, password } = OWNER;
    await this.send('POST', '/rest/login', { emailOrLdapLoginId: email, password });
  }

  /** Throws, with n8n's answer, when the status isn't one of success. */
  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { cookie: this.cookie, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    const cookie = response.headers.getSetCookie().find((value) => value.startsWith('n8n-auth='));
    if (cookie) this.cookie = cookie.split(';', 1)[0];
    const answer = JSON.parse(text) as { data?: T };
    return (answer.data ?? answer) as T;
  }

  async createCredential(name: string, type: string, data: object): Promise<CredentialReference> {
    const { id } = await this.send<{ id: string }>('POST', '/rest/credentials', { name, type, data });
    return { id, name };
  }

  async createWorkflow(workflow: ExportedWorkflow): Promise<StoredWorkflow> {
    return this.send('POST', '/rest/workflows', workflow);
  }

  async workflow(id: string): Promise<StoredWorkflow> {
    return this.send('GET', `/rest/workflows/${id}`);
  }

  /** Saves changed nodes, as the editor does. */
  async saveNodes(id: string, nodes: ExportedWorkflow['nodes']): Promise<StoredWorkflow> {
    const { name, connections, settings } = await this.workflow(id);
    return this.send('PATCH', `/rest/workflows/${id}`, { name, nodes, connections, settings });
  }

  /** Makes a workflow's saved version the one that its triggers start; they do when this resolves. */
  async publish(id: string): Promise<void> {
    const { versionId } = await this.workflow(id);
    await this.send('POST', `/rest/workflows/${id}/activate`, { versionId });
    await this.settled(id, 'published');
  }

  /** Stores a new workflow and publishes it; gives its id. */
  async publishNew(workflow: ExportedWorkflow): Promise<string> {
    const { id } = await this.createWorkflow(workflow);
    await this.publish(id);
    return id;
  }

  async unpublish(id: string): Promise<void> {
    await this.send('POST', `/rest/workflows/${id}/deactivate`, {});
    await this.settled(id, 'not_published');
  }

  /** n8n answers before it has set the triggers up or taken them down. */
  private async settled(id: string, wanted: 'published' | 'not_published'): Promise<void> {
    const path = `/rest/workflows/${id}/publication-status`;
    await until(`workflow ${id} to be ${wanted}`, async () => {
      // An n8n that has no such path answers when it is done.
      const answer = await this.send<{ status: string }>('GET', path).catch((reason: Error) => {
        if (/ was answered with 404/.test(reason.message)) return { status: wanted };
        throw reason;
      });
      if (answer.status === wanted) return true;
      if (['failed', 'partial'].includes(answer.status)) throw new Error(JSON.stringify(answer));
      return undefined;
    });
  }

  /** Runs a stored workflow by hand from its trigger; gives the execution's id. */
  async start(id: string, trigger: string): Promise<string> {
    const workflowData = await this.workflow(id);
    const body = { workflowData, triggerToStartFrom: { name: trigger } };
    const { executionId } = await this.send<{ executionId: string }>(
      'POST',
      `/rest/workflows/${id}/run`,
      body,
    );
    return executionId;
  }

  /** Runs a stored workflow by hand and waits until that has ended, however it ends. */
  async run(id: string, trigger: string): Promise<Execution> {
    return this.ended(await this.start(id, trigger));
  }

  /** Waits until an execution has ended. */
  async ended(id: string): Promise<Execution> {
    const stored = await until(`execution ${id} to end`, async () => {
      const asked = this.send<StoredExecution>('GET', `/rest/executions/${id}`);
      // Old versions stumble over one that has only started.
      const execution = await asked.catch((reason: Error) => {
        if (/ was answered with 500/.test(reason.message)) return undefined;
        throw reason;
      });
      return execution && isOver(execution) ? execution : undefined;
    });
    return new Execution(stored);
  }

  /** Waits for the oldest execution of a workflow that triggers started, other than those in `known`, to end. */
  async triggered(workflowId: string, known: readonly string[] = []): Promise<Execution> {
    const id = await until(`an execution of workflow ${workflowId}`, async () => {
      const ids = await this.executions(workflowId);
      return ids.reverse().find((candidate) => !known.includes(candidate));
    });
    return this.ended(id);
  }

  /** The ids of a workflow's executions, the newest first. */
  async executions(workflowId: string): Promise<string[]> {
    const filter = encodeURIComponent(JSON.stringify({ workflowId }));
    const { results } = await this.send<{ results: Array<{ id: string }> }>(
      'GET',
      `/rest/executions?filter=${filter}&limit=100`,
    );
    return results.map(({ id }) => id);
  }
}

/** Asks until there is an answer; throws, saying what was waited for, when there is none in time. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${PATIENCE_MS} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
