import { READING_VERBS, type Verb } from '../contract/verbs';
import { DeployError } from '../errors';

/** What a credential may be used for. */
export type Access = 'full' | 'readOnly';

/**
 * The steps that `access` allows; undefined when it allows every one. The client sends no other, and the executor is
 * started with these only: a step that is not among them is refused by both.
 */
export function allowedVerbs(access: Access): readonly Verb[] | undefined {
  return access === 'full' ? undefined : READING_VERBS;
}

/**
 * Refuses a step that `access` does not allow, before it is sent.
 *
 * @param reading names of the operations that only read, for the message
 * @throws DeployError `INPUT`
 */
export function checkAccess(access: Access, verb: Verb, reading: readonly string[] = []): void {
  if (allowedVerbs(access)?.includes(verb) ?? true) return;
  throw new DeployError(
    'INPUT',
    'The credential’s Access is Read Only, and this operation changes the engine.',
    {
      description: `Choose a credential whose Access is Full, or an operation that only reads: ${[...reading, 'or Repair Engine with Dry Run'].join(', ')}.`,
      details: { access, verb },
    },
  );
}
