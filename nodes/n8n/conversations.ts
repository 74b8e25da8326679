import { DeployError } from '../shared/errors';
import type { ExecutorClient } from '../shared/executor/client';
import type { Executors, ReadCredential } from './executors';
import { connectionKey } from './keeping';
import type { EngineLocation } from './locationFields';

/** The conversations that the items of one execution share: one for each engine's side, until it is over. */
export class Conversations {
  private readonly opened = new Map<string, Promise<ExecutorClient>>();

  constructor(private readonly executors: Executors) {}

  /** The conversation with this engine's side; another one where that is over, so that nothing of it is left there. */
  async open(
    location: EngineLocation,
    readCredential: ReadCredential,
    credentialId?: string,
  ): Promise<ExecutorClient> {
    const credential = location.connection === 'ssh' ? await readCredential() : {};
    const key = connectionKey({ credentialId: credentialId ?? '', credential, location });
    const known = this.opened.get(key);
    // One that could not be opened is tried again.
    const standing = await known?.catch(() => undefined);
    if (known && standing && !standing.isOver) return known;
    // Another item may have opened one meanwhile.
    if (this.opened.get(key) !== known) return this.open(location, readCredential, credentialId);
    const opening = this.executors.begin(location, () => Promise.resolve(credential), credentialId);
    opening.catch(() => undefined);
    this.opened.set(key, opening);
    return opening;
  }

  /**
   * Ends all of them: what goes on without them is only what has a key.
   *
   * @throws DeployError `LOST` for one that stood and ended without having said so, by whatever
   */
  async close(): Promise<void> {
    const clients = await this.clients();
    const standing = clients.filter(({ isOver }) => !isOver);
    await Promise.all(clients.map((client) => client.close()));
    const silent = standing.find(({ ended }) => !ended);
    if (silent) throw didNotLeave(silent.connection.description);
  }

  /** Where they are, as connections describe themselves. */
  async hosts(): Promise<string[]> {
    const clients = await this.clients();
    return [...new Set(clients.map(({ connection }) => connection.description))];
  }

  private async clients(): Promise<ExecutorClient[]> {
    const opened = await Promise.allSettled(this.opened.values());
    return opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }
}

function didNotLeave(where: string): DeployError {
  return new DeployError(
    'LOST',
    `After the last run, the executor on ${where} ended without a word, or not in time. The runs themselves had ended; Get Many Runs shows whether anything of them is left.`,
  );
}
