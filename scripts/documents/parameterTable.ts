import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { triggerFields } from '../../nodes/HotDeployTrigger/fields';
import { checks } from '../../nodes/n8n/checkFields';
import { engineOptions } from '../../nodes/n8n/engineFields';
import type { Field, Place } from '../../nodes/n8n/field';
import { locationFields } from '../../nodes/n8n/locationFields';
import type { Operation } from '../../nodes/n8n/operation';
import { OPERATIONS } from '../../nodes/operations';
import { cell, code, markdownTable } from './markdown';
import { operationsOf } from './operationTable';

type AnyField = Field<unknown, Place>;

const ALL = Object.values(OPERATIONS).flat();

/** What every operation of every node asks for; one that takes no lock and makes nothing has no options for those. */
const COMMON: readonly AnyField[] = [...locationFields, ...engineOptions];

/** What people see of each parameter's name, to say on what a field depends. */
const LABELS = labelsOf([
  ...ALL.flatMap(({ fields }) => fields.map(({ property }) => property)),
  ...rowOf(checks),
]);

/** The parameters that one operation has beyond the common ones, and beyond those of `like`, an operation before it. */
export function operationParameters(node: string, value: string, like?: string): string {
  const asked = fieldsOf(node, value);
  if (like === undefined) return asked.length === 0 ? 'None of its own.' : tableOf(asked);
  const known = fieldsOf(node, like);
  const missing = known.filter((field) => !asked.includes(field)).map(({ property }) => property.displayName);
  const own = asked.filter((field) => !known.includes(field));
  const same = `The parameters of ${operationOf(node, like).name}, without ${missing.join(', ')}.`;
  return own.length === 0 ? same : `${same}\n\n${tableOf(own)}`;
}

function operationOf(node: string, value: string): Operation {
  const operation = operationsOf(node).find((each) => each.value === value);
  if (!operation) throw new RangeError(`${node} has no operation ${value}`);
  return operation;
}

function fieldsOf(node: string, value: string): AnyField[] {
  return allOf(operationOf(node, value)).filter((field) => !COMMON.includes(field));
}

function allOf({ fields, options }: Operation): AnyField[] {
  return [...fields, ...options];
}

/** The parameters that every operation of every node has. */
export function commonTable(): string {
  return tableOf(COMMON);
}

/** The parameters of the trigger. */
export function triggerParameters(): string {
  return tableOf(triggerFields);
}

/** The fields of one check. */
export function checkTable(): string {
  return parameterTable(rowOf(checks));
}

/** A table of parameters as n8n knows them; what only is shown, such as a notice, is left out. */
export function parameterTable(properties: readonly INodeProperties[], labels = LABELS): string {
  const rows = properties.flatMap((property) => rowsOf(property, labels, ''));
  return markdownTable(['Parameter', 'Meaning'], rows);
}

/** What people see of each parameter, by its name: its label, and that of each of its choices by value. */
export function labelsOf(properties: readonly INodeProperties[]): Labels {
  return new Map(
    properties.map(({ name, displayName, options = [] }) => [
      name,
      {
        displayName,
        choices: new Map(options.map((option) => [(option as INodePropertyOptions).value, option.name])),
      },
    ]),
  );
}

type Labels = ReadonlyMap<string, { displayName: string; choices: ReadonlyMap<unknown, string> }>;

function tableOf(fields: readonly AnyField[]): string {
  const properties = fields.map(({ place, property }) =>
    place === 'form' ? property : { ...property, displayName: `Options: ${property.displayName}` },
  );
  return parameterTable(properties);
}

function rowOf({ property }: Field): INodeProperties[] {
  return (property.options as INodePropertyCollection[]).flatMap(({ values }) => values);
}

function rowsOf(property: INodeProperties, labels: Labels, within: string): string[][] {
  if (property.type === 'notice' || property.type === 'credentials') return [];
  const { name, displayName, options = [] } = property;
  const row = [`${within}${displayName}<br>${code(name)}`, meaningOf(property, labels)];
  if (property.type !== 'collection') return [row];
  return (options as INodeProperties[]).flatMap((member) => rowsOf(member, labels, `${displayName}: `));
}

/** A line of its own; none where nothing is entered by default. */
function defaultOf({ type, default: usual, options = [] }: INodeProperties): string[] {
  const line = (text: string) => [`Default: ${text}`];
  if (type === 'boolean') return line(usual ? 'on' : 'off');
  if (type === 'options' || type === 'multiOptions') {
    const names = [usual].flat().map((value) => labelOf(options as INodePropertyOptions[], value));
    return line(names.join(', '));
  }
  if (type === 'number') return line(`${usual as number}`);
  return typeof usual === 'string' && usual !== '' ? line(code(usual)) : [];
}

function labelOf(options: readonly INodePropertyOptions[], value: unknown): string {
  return options.find((option) => option.value === value)?.name ?? String(value);
}

function meaningOf(property: INodeProperties, labels: Labels): string {
  const { hint = '', description = '', type, options = [], typeOptions } = property;
  const choices = (type === 'options' || type === 'multiOptions' ? options : []) as INodePropertyOptions[];
  const most = typeOptions?.maxValue === undefined ? '' : ` At most ${typeOptions.maxValue}.`;
  const least = typeOptions?.minValue ? ` At least ${typeOptions.minValue}.` : '';
  return [
    `${[hint, description].map(cell).map(sentence).filter(Boolean).join(' ')}${least}${most}${conditionOf(property, labels)}`,
    ...choices.map(
      ({ name, value, description: said }) =>
        `• ${name} (${code(String(value))})${said ? `: ${cell(said)}` : ''}`,
    ),
    ...defaultOf(property),
  ].join('<br>');
}

function sentence(text: string): string {
  return text === '' || text.endsWith('.') ? text : `${text}.`;
}

function conditionOf({ displayOptions }: INodeProperties, labels: Labels): string {
  const conditions = Object.entries(displayOptions?.show ?? {}).flatMap(([name, values = []]) => {
    const label = labels.get(name);
    if (!label) return [];
    return `${label.displayName}: ${values.map((value) => label.choices.get(value) ?? String(value)).join(' or ')}`;
  });
  return conditions.length === 0 ? '' : ` <i>With ${conditions.join(', and ')}.</i>`;
}
