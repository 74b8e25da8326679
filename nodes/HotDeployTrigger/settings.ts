import type { IDataObject } from 'n8n-workflow';

import { readOptions, type ReadParameter, readSelection } from '../n8n/parameters';
import { readChoice, readFlag, readText } from '../n8n/values';
import { checkSubdirectory } from '../shared/git/subdirectory';
import type { TriggerSettings } from '../shared/push/decide';
import { createReferenceFilter } from '../shared/push/references';
import { parseRepositories } from '../shared/push/repositories';
import { type Forge, FORGES } from '../shared/push/types';
import { createSelection } from '../shared/source/patterns';

const KINDS = ['branch', 'tag'] as const;

/** What of a node's context is needed here; webhooks and hooks have it. */
interface ParameterContext {
  getNodeParameter(name: string, fallback?: unknown): unknown;
}

/** A function that reads a trigger's parameters. */
export function parametersOfTrigger(context: ParameterContext): ReadParameter {
  return (name, fallback) => context.getNodeParameter(name, fallback as IDataObject);
}

/** Whose webhooks are let in. Throws `INPUT` for what is no forge. */
export function readForge(read: ReadParameter): Forge | 'automatic' {
  return readChoice('Forge', read('forge', 'automatic'), ['automatic', ...FORGES]);
}

/** What the trigger is set up for. Throws `INPUT`, naming the parameter, where it can't be used. */
export function readSettings(read: ReadParameter): TriggerSettings {
  const options = readOptions(read);
  const kinds = [read('referenceKinds', ['branch'])]
    .flat()
    .map((kind) => readChoice('Reference Kinds', kind, KINDS));
  return {
    repositories: parseRepositories(readText('Repositories', read('repositories', ''))),
    selects: createReferenceFilter(readText('References', read('references', 'main')), kinds),
    selection: createSelection(readSelection(read)),
    subdirectory: checkSubdirectory(readText('Subdirectory', read('subdirectory', ''))),
    emitAll: readFlag('Emit Every Push', options.emitAll, false),
    neverForced: readFlag('Branches Are Never Force-Pushed', options.neverForced, false),
  };
}
