import type { IDataObject } from 'n8n-workflow';

import type { ReadParameter } from '../n8n/field';
import { readSelection } from '../n8n/selectionFields';
import { checkSubdirectory } from '../shared/git/subdirectory';
import type { TriggerSettings } from '../shared/push/decide';
import { createReferenceFilter } from '../shared/push/references';
import { parseRepositories } from '../shared/push/repositories';
import { createSelection } from '../shared/source/patterns';
import { options, referenceKinds, references, repositories, subdirectory } from './fields';

/** What of a node's context is needed here; webhooks and hooks have it. */
interface ParameterContext {
  getNodeParameter(name: string, fallback?: unknown): unknown;
}

/** A function that reads a trigger's parameters. */
export function parametersOfTrigger(context: ParameterContext): ReadParameter {
  return (name, fallback) => context.getNodeParameter(name, fallback as IDataObject);
}

/** What the trigger is set up for. Throws `INPUT`, naming the parameter, where it can't be used. */
export function readSettings(read: ReadParameter): TriggerSettings {
  const kinds = referenceKinds.read(read);
  return {
    repositories: parseRepositories(repositories.read(read)),
    selects: createReferenceFilter(references.read(read), kinds),
    selection: createSelection(readSelection(read)),
    subdirectory: checkSubdirectory(subdirectory.read(read)),
    ...options.read(read),
  };
}
