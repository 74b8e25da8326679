import type { INodeProperties } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import { type Field, field } from './field';
import { readText } from './values';

/**
 * Texts, and numbers as texts, in their order; an expression may yield one list of all.
 *
 * @throws DeployError `INPUT` naming the field. What is in it is not shown: it may be a secret
 */
function readWords(value: unknown, called: string): string[] {
  const isEmpty = value === '' || value === null || value === undefined;
  const given: unknown[] = isEmpty ? [] : [value].flat(2);
  const words = given.map((word) => (typeof word === 'number' ? String(word) : word));
  if (words.every((word) => typeof word === 'string')) return words.map((word) => readText(called, word));
  throw new DeployError(
    'INPUT',
    `${called} holds something else than texts. Add each word with Add Argument, or give a list of texts.`,
  );
}

/** Words, as people add them one by one. */
export function listOfWords(property: Omit<INodeProperties, 'type' | 'default'>): Field<string[]> {
  return field(
    {
      type: 'string',
      typeOptions: { multipleValues: true, multipleValueButtonText: 'Add Argument' },
      default: [],
      ...property,
    },
    readWords,
  );
}

/** The words that follow what is started. */
export function argumentList(
  property: Pick<INodeProperties, 'description' | 'displayOptions'>,
): Field<string[]> {
  return listOfWords({ displayName: 'Arguments', name: 'arguments', placeholder: 'extract', ...property });
}
