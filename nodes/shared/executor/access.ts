import { DeployError } from '../errors';
import type { Verb } from './protocol';

/** What a credential may be used for. */
export type Access = 'full' | 'readOnly';

/**
 * The steps that change nothing: all that read-only access allows. The one place that decides it, for the client, which
 * sends no other, and for the executor, which is started with these only. A step that is not here is refused.
 */
const READING: readonly Verb[] = ['probe', 'list', 'digest', 'inspect'];

/** The steps that `access` allows; undefined when it allows every one. */
export function allowedVerbs(access: Access): readonly Verb[] | undefined {
  return access === 'full' ? undefined : READING;
}

/**
 * Refuses a step that `access` does not allow, before it is sent.
 *
 * @throws DeployError `INPUT`
 */
export function checkAccess(access: Access, verb: Verb): void {
  if (allowedVerbs(access)?.includes(verb) ?? true) return;
  throw new DeployError(
    'INPUT',
    'The credential’s Access is Read Only, and this operation changes the engine.',
    {
      description:
        'Choose a credential whose Access is Full, or an operation that only reads: Plan Deployment, Get Status, Get Many Releases, or Repair Engine with Dry Run.',
      details: { access, verb },
    },
  );
}
