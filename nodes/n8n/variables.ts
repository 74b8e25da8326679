import type { INodeProperties } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import { type Field, field } from './field';
import { isRecord, readText } from './values';

/** `NAME=value` lines, or an object from an expression. Nothing of it is quoted: any part may be a secret. */
export function readVariables(field: string, value: unknown): Record<string, string> {
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, text], index) => {
        if (!isVariable(name) || isRecord(text) || Array.isArray(text))
          throw notAVariable(field, `entry ${index + 1}`);
        return [name, readText(field, text)];
      }),
    );
  }
  if (typeof value !== 'string') throw notAVariable(field, 'its value');
  const pairs: Array<[string, string]> = [];
  for (const [index, line] of readText(field, value).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [name = '', ...rest] = line.split('=');
    if (rest.length === 0 || !isVariable(name.trim())) throw notAVariable(field, `line ${index + 1}`);
    pairs.push([name.trim(), rest.join('=')]);
  }
  return Object.fromEntries(pairs);
}

function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function notAVariable(field: string, where: string): DeployError {
  return new DeployError('INPUT', `${field}: ${where} is not a variable. Write one NAME=value a line.`);
}

/** Variables that are added to an environment, one a line. */
export function environmentField(
  property: Pick<INodeProperties, 'placeholder' | 'description' | 'displayOptions'>,
): Field<Record<string, string>> {
  return field(
    {
      displayName: 'Environment',
      name: 'environment',
      type: 'string',
      typeOptions: { rows: 2 },
      default: '',
      ...property,
    },
    (value, called) => readVariables(called, value),
  );
}
