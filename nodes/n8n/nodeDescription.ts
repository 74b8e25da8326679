import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import { allowAgentsField } from './agents';
import type { Field, Place } from './field';
import { inOneOrder } from './fieldOrder';
import { byName, type Operation } from './operation';

/** The part of a node's description that its operations decide. The first of them is the one that a new node has. */
export function describeOperations(
  operations: readonly Operation[],
): Pick<INodeTypeDescription, 'subtitle' | 'properties'> {
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
    default: operations[0].value,
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

/** How n8n reaches the operation from where a field stands. */
const OPERATION: Readonly<Record<Place, string>> = { form: 'operation', options: '/operation' };

/** The field's property, with a condition unless every operation has it. */
function shownFor(field: Field<unknown, Place>, operations: readonly Operation[]): INodeProperties {
  const { place, property } = field;
  const having = operations.filter(({ fields, options }) =>
    [...fields, ...options].some((listed) => listed === field),
  );
  if (having.length === operations.length) return property;
  const { displayOptions } = property;
  const show = { ...displayOptions?.show, [OPERATION[place]]: valuesOf(having) };
  return { ...property, displayOptions: { ...displayOptions, show } };
}

function valuesOf(operations: readonly Operation[]): string[] {
  return operations.map(({ value }) => value);
}
