import type { INodeProperties } from 'n8n-workflow';

import { DEFAULT_SELECTION, type Selection } from '../shared/source/bundle';
import { parsePatternList } from '../shared/source/patterns';
import { type Field, field, type ReadParameter } from './field';
import { readText } from './values';

export const include = patterns({
  displayName: 'Include',
  name: 'include',
  default: DEFAULT_SELECTION.include.join(', '),
  required: true,
  description:
    'What is deployed: names and globs, separated by commas or lines. Everything else in the base path is never touched.',
});

export const exclude = patterns({
  displayName: 'Exclude',
  name: 'exclude',
  default: '',
  placeholder: '**/*.local.json, src/tests',
  description: 'What of that is not deployed, and stays as it is on the engine’s side',
});

/** Which part of a source is deployed. */
export function readSelection(read: ReadParameter): Selection {
  return { include: include.read(read), exclude: exclude.read(read) };
}

/** A list of patterns in one text. */
function patterns(property: Omit<INodeProperties, 'type'>): Field<string[]> {
  return field({ ...property, type: 'string' }, (value, called) => parsePatternList(readText(called, value)));
}
