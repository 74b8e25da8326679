import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { connectLocal } from '../shared/connection/local';
import { checkLocalContainer } from '../shared/connection/localContainers';
import { checkLocalPath } from '../shared/connection/localPaths';
import { connectSsh, type SshOptions } from '../shared/connection/ssh';
import type { Connection } from '../shared/connection/types';
import { DeployError, toDeployError } from '../shared/errors';
import type { Access } from '../shared/executor/access';
import { ExecutorClient, type ExecutorOptions } from '../shared/executor/client';
import type { InterpreterOptions } from '../shared/executor/interpreter';
import type { EngineLocation } from './parameters';

/** Gives the credential's fields; only asked for when SSH is used. */
export type ReadCredential = () => Promise<ICredentialDataDecryptedObject>;

/** Makes executors, and keeps one connection to each host for as long as one execution lasts. */
export class Executors {
  private readonly connections = new Map<string, Promise<Connection>>();

  constructor(private readonly signal?: AbortSignal) {}

  /** Starts an executor at `location`. The caller closes it. */
  async open(location: EngineLocation, readCredential: ReadCredential): Promise<ExecutorClient> {
    const { interpreter, startTimeoutMs } = location;
    const { signal } = this;
    if (location.connection === 'local') {
      await checkLocal(location);
      return this.start('local', async () => connectLocal(), {
        interpreter: { ...interpreter, become: 'none' },
        startTimeoutMs,
        signal,
      });
    }
    const credential = await readCredential();
    const access = accessOf(credential);
    const options = sshOptions(credential, location.hostOverride);
    return this.start(JSON.stringify(options), () => connectSsh({ ...options, signal }), {
      interpreter: { ...interpreter, become: becomeOf(credential) },
      access,
      sudoPassword: String(credential.sudoPassword ?? ''),
      startTimeoutMs,
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
  if (interpreter.runtime !== 'container') {
    await checkLocalPath(basePath, settings.N8N_HOT_DEPLOY_LOCAL_PATHS);
    return;
  }
  checkLocalContainer(interpreter.container ?? '', interpreter.containerCommand ?? 'docker', {
    containers: settings.N8N_HOT_DEPLOY_LOCAL_CONTAINERS,
    commands: settings.N8N_HOT_DEPLOY_LOCAL_CONTAINER_COMMANDS,
  });
}

/** The credential's fields as connection options; `hostOverride` takes the place of its host. */
export function sshOptions(credential: ICredentialDataDecryptedObject, hostOverride = ''): SshOptions {
  const text = (name: string) => String(credential[name] ?? '');
  const byPassword = credential.authentication === 'password';
  return {
    host: hostOverride || text('host').trim(),
    port: Number(credential.port ?? 22),
    username: text('username').trim(),
    hostKeyFingerprint: text('hostKeyFingerprint'),
    ...(byPassword
      ? { authentication: 'password', password: text('password') }
      : {
          authentication: 'privateKey',
          privateKey: text('privateKey'),
          passphrase: text('passphrase') || undefined,
        }),
  };
}

/** How the credential's user becomes the engine's. */
export function becomeOf(credential: ICredentialDataDecryptedObject): InterpreterOptions['become'] {
  return credential.become === 'sudo' || credential.become === 'sudoPassword' ? credential.become : 'none';
}

/**
 * What the credential may be used for. One that was saved before there was a choice has none, and is full; anything that
 * is no choice is refused rather than guessed.
 *
 * @throws DeployError `INPUT`
 */
export function accessOf({ access = 'full' }: ICredentialDataDecryptedObject): Access {
  if (access === 'full' || access === 'readOnly') return access;
  throw new DeployError(
    'INPUT',
    `Access is ${JSON.stringify(access)}; set it to full or readOnly in the credential.`,
  );
}
