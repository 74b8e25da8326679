import type { NodeOperationError } from 'n8n-workflow';

import { ConnectionFailed, type Obstacle } from '../shared/connection/sshMessages';
import type { DeployError, DeployErrorCode } from '../shared/errors';

/** n8n's words for why an operation did not succeed; an n8n that doesn't know them yet takes no notice. */
export type Failure = NonNullable<NodeOperationError['failure']>;

const CAUSES: Partial<Record<DeployErrorCode, Failure['cause']>> = {
  INPUT: 'configuration-invalid',
  NOT_FOUND: 'configuration-invalid',
  PLAN_CHANGED: 'configuration-invalid',
  CONNECTION: 'configuration-invalid',
  LOST: 'temporarily-unavailable',
  LOCKED: 'temporarily-unavailable',
  SOURCE_CHANGED: 'temporarily-unavailable',
};

/** By what stood in the way of an SSH connection, where that is known. */
const CONNECTION_CAUSES: Readonly<Record<Obstacle, Failure['cause']>> = {
  name: 'configuration-invalid',
  connect: 'temporarily-unavailable',
  handshake: 'configuration-invalid',
  login: 'credential-invalid',
  // The pin is part of the credential.
  hostKey: 'credential-invalid',
};

/**
 * Whether waiting helps, or who has to act. Undefined where none of n8n's causes is true: a check that did not pass, a
 * full disk and a package that can't be built are matters of the version and of the engine's side.
 */
export function failureOf(error: DeployError): Failure | undefined {
  const cause = error instanceof ConnectionFailed ? CONNECTION_CAUSES[error.stage] : CAUSES[error.code];
  return cause && { cause };
}
