import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { connectLocal } from '../shared/connection/local';
import { checkLocalContainer } from '../shared/connection/localContainers';
import { checkEngineMachine } from '../shared/connection/localMachine';
import { checkLocalPath } from '../shared/connection/localPaths';
import { connectSsh } from '../shared/connection/ssh';
import type { Connection } from '../shared/connection/connection';
import { toDeployError } from '../shared/errors';
import { ExecutorClient } from '../shared/executor/client';
import type { ExecutorOptions } from '../shared/executor/conversation';
import type { EngineLocation } from './locationFields';
import { accessOf, becomeOf, idleTimeoutOf, sshOptions } from './sshOptions';

/** Gives the credential's fields; only asked for when SSH is used. */
export type ReadCredential = () => Promise<ICredentialDataDecryptedObject>;

/** A start that is waited for less does not mean that every step has to be quick. */
const LEAST_COMMAND_SECONDS = 60;

/** Makes executors, and keeps one connection to each host for as long as one execution lasts. */
export class Executors {
  private readonly connections = new Map<string, Promise<Connection>>();

  /** @param reading names of the operations that only read, for messages */
  constructor(
    private readonly signal?: AbortSignal,
    private readonly reading?: readonly string[],
  ) {}

  /** Starts an executor at `location`. The caller closes it. */
  async open(location: EngineLocation, readCredential: ReadCredential): Promise<ExecutorClient> {
    const { interpreter, startTimeoutMs, silenceSeconds } = location;
    const commandTimeoutSeconds = Math.max(startTimeoutMs / 1000, LEAST_COMMAND_SECONDS);
    const { signal, reading } = this;
    if (location.connection === 'local') {
      await checkLocal(location);
      return this.start('local', async () => connectLocal(), {
        interpreter: { ...interpreter, become: 'none' },
        startTimeoutMs,
        commandTimeoutSeconds,
        silenceSeconds,
        signal,
      });
    }
    const credential = await readCredential();
    const options = sshOptions(credential, location.hostOverride);
    return this.start(JSON.stringify(options), () => connectSsh({ ...options, signal }), {
      interpreter: { ...interpreter, become: becomeOf(credential) },
      access: accessOf(credential),
      reading,
      idleTimeoutMs: idleTimeoutOf(credential),
      sudoPassword: String(credential.sudoPassword ?? ''),
      startTimeoutMs,
      commandTimeoutSeconds,
      silenceSeconds,
      signal,
    });
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.connections.values());
    this.connections.clear();
    await Promise.all(
      opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : Promise.resolve())),
    );
  }

  /** Over the connection that is kept under `key`; one that went away since is made anew, as nothing was started yet. */
  private async start(
    key: string,
    make: () => Promise<Connection>,
    options: ExecutorOptions,
  ): Promise<ExecutorClient> {
    const kept = this.connections.get(key);
    if (kept) {
      try {
        return await ExecutorClient.open(await kept, options);
      } catch (error) {
        const reason = toDeployError(error);
        if (reason.code !== 'LOST') throw reason;
      }
    }
    return ExecutorClient.open(await this.connect(key, make), options);
  }

  private connect(key: string, make: () => Promise<Connection>): Promise<Connection> {
    const connection = make();
    this.connections.set(key, connection);
    // One that did not come about is tried again for the next item.
    connection.catch(() => this.connections.delete(key));
    return connection;
  }
}

/** What the administrator of n8n's machine has to have allowed. */
async function checkLocal({ basePath, interpreter }: EngineLocation): Promise<void> {
  const settings = process.env;
  checkEngineMachine({
    mode: settings.EXECUTIONS_MODE,
    command: process.argv[2],
    marked: settings.N8N_HOT_DEPLOY_ENGINE_MACHINE,
  });
  if (interpreter.runtime !== 'container') {
    await checkLocalPath(basePath, settings.N8N_HOT_DEPLOY_LOCAL_PATHS);
    return;
  }
  checkLocalContainer(interpreter.container ?? '', interpreter.containerCommand ?? 'docker', {
    containers: settings.N8N_HOT_DEPLOY_LOCAL_CONTAINERS,
    commands: settings.N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS,
  });
}
