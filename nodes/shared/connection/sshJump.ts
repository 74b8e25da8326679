import { DeployError, toDeployError } from '../errors';

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

function inJumpFields({ code, message, description, details, cause }: DeployError): DeployError {
  const renamed = (text: string) => text.replace(FIELDS, '"Jump $1"');
  return new DeployError(code, renamed(message), {
    description: renamed(description ?? '') || undefined,
    details: { ...details, jump: true },
    cause,
  });
}
