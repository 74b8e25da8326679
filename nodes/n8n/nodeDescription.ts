import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { allowAgentsField } from './agents';
import type { Field, Place } from './field';
import { inOneOrder } from './fieldOrder';
import { byName, type Operation } from './operation';

/** The part of a node's description that its operations decide. The first of them is the one that a new node has. */
export function describeOperations(
  operations: readonly Operation[],
): Required<Pick<INodeTypeDescription, 'subtitle' | 'properties'>> {
  const sorted = byName(operations);
  const fields = inOneOrder(sorted.map((operation) => operation.fields));
  return {
    subtitle: subtitleOf(operations),
    properties: [
      operationProperty(operations),
      allowAgentsField(valuesOf(operations.filter(({ changes }) => changes))),
      ...fields.map((field) => shownFor(field, operations)),
      optionsProperty(operations),
    ],
  };
}

/** The operation's name and the engine's place, whatever the node itself is called. */
function subtitleOf(operations: readonly Operation[]): string {
  const names = operations.map(({ value, name }) => `${value}: ${JSON.stringify(name)}`).join(', ');
  return `={{ ({ ${names} })[$parameter["operation"]] + ": " + $parameter["basePath"] }}`;
}

function operationProperty(operations: readonly Operation[]): INodeProperties {
  return {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    options: byName(operations).map(({ name, value, action, description }) => ({
      name,
      value,
      action,
      description,
    })),
    default: operations[0]?.value,
  };
}

function optionsProperty(operations: readonly Operation[]): INodeProperties {
  const options = inOneOrder(byName(operations).map((operation) => operation.options));
  return {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add Option',
    default: {},
    options: options.map((option) => shownFor(option, operations)),
  };
}

/** The field's property, with a condition unless every operation has it. */
function shownFor(field: Field<unknown, Place>, operations: readonly Operation[]): INodeProperties {
  const { property } = field;
  const having = operations.filter(({ fields, options }) =>
    [...fields, ...options].some((listed) => listed === field),
  );
  const { displayOptions } = property;
  const depends = having.length < operations.length;
  if (!depends && !displayOptions?.show) return property;
  const show = { ...displayOptions?.show, ...(depends && { operation: valuesOf(having) }) };
  return { ...property, displayOptions: { ...displayOptions, show: fromRoot(show) } };
}

type Conditions = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

/**
 * Conditions that reach parameters from the root, as from within a collection, too. By a name without a slash they would
 * be the same to n8n, but its editor empties whatever has options, be it a choice or a collection, when a parameter
 * changes that its conditions name so.
 */
function fromRoot(show: Conditions): Conditions {
  const rooted = Object.entries(show).map(([name, values]) => [name.replace(/^(?=[^/@])/, '/'), values]);
  return Object.fromEntries(rooted) as Conditions;
}

function valuesOf(operations: readonly Operation[]): string[] {
  return operations.map(({ value }) => value);
}
