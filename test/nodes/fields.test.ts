/** A field's reader takes what its property offers, and says so of what it does not offer. */
import type { INodePropertyOptions } from 'n8n-workflow';

import type { Field, Option, Place } from '../../nodes/n8n/field';
import { choice, collection, count, flag, option, text, trimmed, within } from '../../nodes/n8n/field';
import { triggerFields } from '../../nodes/HotDeployTrigger/fields';
import { OPERATIONS } from '../../nodes/operations';
import '../support/withoutProcesses';

const operations = Object.values(OPERATIONS).flat();
const EVERY = [
  ...new Set<Field | Option>([
    ...operations.flatMap((each) => [...each.fields, ...each.options]),
    ...triggerFields,
  ]),
].map((field): [string, Field<unknown, Place>] => [field.property.displayName.slice(0, 60), field]);

/** Reads a field in which `value` was entered. */
function reading<T>({ place, property, read }: Field<T, Place>, value: unknown): T {
  const entered = { [property.name]: value };
  return read(within(place === 'options' ? { options: entered } : entered));
}

const ofType = (...types: string[]) => EVERY.filter(([, { property }]) => types.includes(property.type));

test.each(ofType('options', 'boolean', 'number', 'string'))(
  '%s: what a new node has is read',
  (_name, field) => {
    const { default: usual } = field.property;
    expect(() => reading(field, undefined)).not.toThrow();
    expect(reading(field, undefined)).toEqual(reading(field, usual));
  },
);

test.each(ofType('options'))('%s: every choice is read, and a message lists just these', (_name, field) => {
  const { displayName, options = [] } = field.property;
  const values = options.map((each) => String((each as INodePropertyOptions).value));
  expect(values.map((value) => reading(field, value))).toEqual(values);
  let message = '';
  try {
    reading(field, 'no such thing');
  } catch (error) {
    ({ message } = error as Error);
  }
  const [start, words = ''] = message.split(' Choose one of: ');
  expect(start).toBe(`${displayName} is "no such thing".`);
  expect(words.replace(/\.$/, '').split(', ').sort()).toEqual(values.sort());
});

test.each(ofType('number'))('%s: less than the least is refused', (_name, field) => {
  const { displayName, typeOptions } = field.property;
  const least = typeOptions?.minValue ?? NaN;
  expect(reading(field, least)).toBe(least);
  expect(() => reading(field, least - 1)).toThrow(
    `${displayName} is ${least - 1}. Give a number that is ${least} or more.`,
  );
});

test.each(ofType('boolean'))('%s: what is neither yes nor no is refused', (_name, field) => {
  expect([true, false].map((value) => reading(field, value))).toEqual([true, false]);
  expect(() => reading(field, 'yes')).toThrow(`${field.property.displayName} is "yes". Give true or false.`);
});

describe('one of Options', () => {
  const retries = option(
    count({ displayName: 'Retries', name: 'retries', default: 2, typeOptions: { minValue: 0 } }),
  );

  test.each([
    ['in Options', { options: { retries: 5 } }, 5],
    ['never in the form', { retries: 5 }, 2],
    ['by its default, when Options was not touched', {}, 2],
    ['by its default, when an expression yields nothing', { options: null }, 2],
    ['by its default, when it is empty', { options: { retries: '' } }, 2],
  ])('is read %s', (_title, entered, value) => {
    expect(retries.read(within(entered))).toBe(value);
  });
});

test('a collection reads all that it holds', () => {
  const form = collection(
    { displayName: 'More', name: 'more' },
    {
      word: trimmed({ displayName: 'Word', name: 'word', default: 'a' }),
      verbatim: text({ displayName: 'Verbatim', name: 'verbatim', default: '' }),
      loud: flag({ displayName: 'Loud', name: 'loud', default: true }),
      way: choice(['up', 'down'], {
        displayName: 'Way',
        name: 'way',
        options: [
          { name: 'Down', value: 'down' },
          { name: 'Up', value: 'up' },
        ],
        default: 'up',
      }),
    },
  );
  expect(form.property).toMatchObject({ type: 'collection', default: {} });
  expect(form.read(within({}))).toEqual({ word: 'a', verbatim: '', loud: true, way: 'up' });
  const entered = { word: ' b ', verbatim: ' c ', loud: false, way: 'down' };
  expect(form.read(within({ more: entered }))).toEqual({ ...entered, word: 'b' });
  expect(() => form.read(within({ more: { way: 'left' } }))).toThrow(
    'Way is "left". Choose one of: up, down.',
  );
});

test('messages call a field what its reader calls it', () => {
  const name = text({ displayName: 'Name', name: 'name', default: '' });
  expect(() => name.read(within({ name: {} }), 'Name of check 3')).toThrow(
    'Name of check 3 is {}. Give text.',
  );
});
