import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { connectLocal } from '../shared/connection/local';
import { checkLocalContainer } from '../shared/connection/localContainers';
import { checkEngineMachine } from '../shared/connection/localMachine';
import { checkLocalPath } from '../shared/connection/localPaths';
import { type Connect, KeptConnections } from '../shared/connection/keptConnections';
import { connectSsh } from '../shared/connection/ssh';
import { ChannelRefused } from '../shared/connection/sshMessages';
import type { Connection } from '../shared/connection/connection';
import { toDeployError } from '../shared/errors';
import { ExecutorClient } from '../shared/executor/client';
import type { ExecutorOptions } from '../shared/executor/conversation';
import { connectionKey, keepMilliseconds, keptConnections } from './keeping';
import { leaving } from './leaving';
import type { EngineLocation } from './locationFields';
import { accessOf, becomeOf, idleTimeoutOf, sshOptions } from './sshOptions';

/** Gives the credential's fields; only asked for when SSH is used. */
export type ReadCredential = () => Promise<ICredentialDataDecryptedObject>;

/** A start that is waited for less does not mean that every step has to be quick. */
const LEAST_COMMAND_SECONDS = 60;

/**
 * Makes executors for one execution, over as few connections as it can. Those to hosts are shared with other executions
 * that use the same credential, and kept for them for a while.
 */
export class Executors {
  private local: Connection | undefined;
  /** Those that are nobody else's. */
  private readonly own = new KeptConnections();

  /** @param reading names of the operations that only read, for messages */
  constructor(
    private readonly signal?: AbortSignal,
    private readonly reading?: readonly string[],
  ) {}

  /**
   * Starts an executor at `location`. The caller closes it. What an earlier execution has held there is free by then.
   *
   * @param credentialId the credential's, as n8n knows it; without one its connections are not shared
   */
  async open(
    location: EngineLocation,
    readCredential: ReadCredential,
    credentialId?: string,
  ): Promise<ExecutorClient> {
    return this.make(location, readCredential, credentialId, async (connection, options) => {
      const client = await ExecutorClient.open(connection, options);
      await leaving.left(connection.description);
      return client;
    });
  }

  /** As `open`, without waiting: neither for the greeting (see `ExecutorClient.begin`), nor for those that are leaving. */
  begin(
    location: EngineLocation,
    readCredential: ReadCredential,
    credentialId?: string,
  ): Promise<ExecutorClient> {
    const begin: Start = (connection, options) => ExecutorClient.begin(connection, options);
    return this.make(location, readCredential, credentialId, begin);
  }

  private async make(
    location: EngineLocation,
    readCredential: ReadCredential,
    credentialId: string | undefined,
    start: Start,
  ): Promise<ExecutorClient> {
    const { interpreter, startTimeoutMs, silenceSeconds } = location;
    const commandTimeoutSeconds = Math.max(startTimeoutMs / 1000, LEAST_COMMAND_SECONDS);
    const { signal, reading } = this;
    if (location.connection === 'local') {
      await checkLocal(location);
      this.local ??= connectLocal();
      return start(this.local, {
        interpreter: { ...interpreter, become: 'none' },
        startTimeoutMs,
        commandTimeoutSeconds,
        silenceSeconds,
        signal,
      });
    }
    const credential = await readCredential();
    const options = sshOptions(credential, location.hostOverride);
    const way: Way = {
      key: connectionKey({ credentialId: credentialId ?? '', credential, options }),
      connect: (attempt) => connectSsh({ ...options, signal: attempt }),
      keepMs: credentialId === undefined ? 0 : keepMilliseconds(),
    };
    const over: ExecutorOptions = {
      interpreter: { ...interpreter, become: becomeOf(credential) },
      access: accessOf(credential),
      reading,
      idleTimeoutMs: idleTimeoutOf(credential),
      sudoPassword: String(credential.sudoPassword ?? ''),
      startTimeoutMs,
      commandTimeoutSeconds,
      silenceSeconds,
      signal,
    };
    return this.start(way, (connection) => start(connection, over));
  }

  /** Closes every connection that isn't kept for others. */
  async close(): Promise<void> {
    await Promise.all([keptConnections.release(this), this.own.release(this), this.local?.close()]);
  }

  /**
   * Over a connection that is there, or a new one. One that went away since is made anew, and one over which the host
   * opens no further channel gets a companion: nothing was started yet.
   */
  private async start(
    way: Way,
    start: (connection: Connection) => Promise<ExecutorClient>,
  ): Promise<ExecutorClient> {
    const { key, connect, keepMs } = way;
    const pool = keepMs > 0 ? keptConnections : this.own;
    for (let lost = false; ;) {
      const { connection, shared } = await pool.take(this, key, connect, { signal: this.signal, keepMs });
      try {
        return await start(connection);
      } catch (error) {
        const reason = toDeployError(error);
        if (!shared || this.signal?.aborted) throw reason;
        if (reason instanceof ChannelRefused) pool.full(connection);
        else if (reason.code === 'LOST' && !lost) lost = true;
        else throw reason;
      }
    }
  }
}

type Start = (connection: Connection, options: ExecutorOptions) => Promise<ExecutorClient>;

/** How a connection is made, what it is known by, and how long it is kept. */
interface Way {
  key: string;
  connect: Connect;
  keepMs: number;
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
