import { DeployError, toDeployError } from '../errors';
import { ConnectionFailed } from './sshMessages';

/** Fields of the credential that a jump host has, too, with “Jump” in front. */
const FIELDS = /"(Host|Port|Username|Authentication|Private Key|Passphrase|Password|Host Key Fingerprint)"/g;

/** Lets whatever is said about fields of the credential be about those of the jump host. */
export async function aboutJumpHost<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inJumpFields(toDeployError(error, 'CONNECTION'));
  }
}

function inJumpFields(error: DeployError): DeployError {
  const { code, message, description, details, cause } = error;
  const renamed = (text: string) => text.replace(FIELDS, '"Jump $1"');
  const told = { description: renamed(description ?? '') || undefined, cause };
  return error instanceof ConnectionFailed
    ? new ConnectionFailed(renamed(message), error.target, error.stage, { ...told, jump: true })
    : new DeployError(code, renamed(message), { ...told, details: { ...details, jump: true } });
}
