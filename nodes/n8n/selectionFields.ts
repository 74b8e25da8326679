import type { INodeProperties } from 'n8n-workflow';

import { LONGEST_WORDS } from '../shared/contract/limits';
import { DeployError } from '../shared/errors';
import { DEFAULT_SELECTION, type Selection } from '../shared/source/bundle';
import { parsePatternList } from '../shared/source/patterns';
import { type Field, field, option, type ReadParameter } from './field';
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

export const shared = option(
  patterns({
    displayName: 'Shared',
    name: 'shared',
    default: '',
    placeholder: 'config/secrets.json, src/**/*.db, data/**',
    description:
      'What belongs to the host inside of deployed directories, such as state, secrets and logs: names and globs, separated by commas or lines. No version brings it, and every release finds the same.',
  }),
);

/** Which part of a source is deployed. */
export function readSelection(read: ReadParameter): Selection {
  return { include: include.read(read), exclude: exclude.read(read) };
}

/** As many as a release's record keeps. */
const MOST_PATTERNS = 1000;

function patternsIn(called: string, text: string): string[] {
  const found = parsePatternList(text);
  if (found.length <= MOST_PATTERNS && found.every((pattern) => pattern.length <= LONGEST_WORDS))
    return found;
  throw new DeployError(
    'INPUT',
    found.length > MOST_PATTERNS
      ? `${called} has ${found.length} patterns. Give at most ${MOST_PATTERNS}.`
      : `${called} has a pattern of more than ${LONGEST_WORDS} characters. Give shorter ones.`,
  );
}

/** A list of patterns in one text. */
export function patterns(property: Omit<INodeProperties, 'type'>): Field<string[]> {
  return field({ ...property, type: 'string' }, (value, called) =>
    patternsIn(called, readText(called, value)),
  );
}
