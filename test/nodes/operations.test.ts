/** What n8n gets of a node's operations is made of them: order, conditions, names. */
import { NodeHelpers } from 'n8n-workflow';
import type { INode, INodeParameters, INodeProperties } from 'n8n-workflow';

import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { engineOptions } from '../../nodes/n8n/engineFields';
import { type Field, flag, option } from '../../nodes/n8n/field';
import { inOneOrder } from '../../nodes/n8n/fieldOrder';
import { locationFields } from '../../nodes/n8n/locationFields';
import { describeOperations } from '../../nodes/n8n/nodeDescription';
import type { Operation } from '../../nodes/n8n/operation';
import { OPERATIONS } from '../../nodes/operations';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';
import '../support/withoutProcesses';

const [a, b, c, d, e] = [...'abcde'].map((name) => flag({ displayName: name, name, default: false }));

function operation(value: string, rest: Partial<Operation> = {}): Operation {
  const words = { name: `Do ${value}`, description: `Does ${value}`, action: `Do ${value}` };
  return { value, ...words, changes: true, fields: [], options: [], run: async () => ({}), ...rest };
}

const namesOf = (properties: readonly INodeProperties[]) => properties.map(({ name }) => name);

describe('the order of fields', () => {
  const order = (...lists: Field[][]) => namesOf(inOneOrder(lists).map(({ property }) => property)).join('');

  test.each([
    ['one list’s own', [[b, a, c]], 'bac'],
    [
      'has a later list’s own before the next that both have',
      [
        [a, c, e],
        [a, b, c, d, e],
      ],
      'abcde',
    ],
    [
      'has what nothing common follows at the end',
      [
        [a, b],
        [a, c, d],
      ],
      'abcd',
    ],
    [
      'has each field once',
      [
        [a, b],
        [b, c],
        [a, c],
      ],
      'abc',
    ],
  ])('is %s', (_title, lists, expected) => {
    expect(order(...lists)).toBe(expected);
  });

  test('is as a field says, where the lists leave it open', () => {
    expect(order([a, b], [a, { ...c, after: a }])).toBe('acb');
    expect(order([a, b], [a, { ...c, after: e }])).toBe('abc');
  });

  test('takes no two fields of one name', () => {
    expect(() => inOneOrder([[a], [{ ...a }]])).toThrow(
      'Two fields are called “a”: let the operations share one.',
    );
  });
});

test('a field is shown for the operations that list it, and without a condition when all do', () => {
  const onlyWith = { ...b, property: { ...b.property, displayOptions: { show: { a: [true] } } } };
  const { properties } = describeOperations([
    operation('one', { fields: [a, onlyWith], options: [option(c)] }),
    operation('two', { fields: [a, d], options: [option(e)], changes: false }),
    operation('three', { fields: [a, d] }),
  ]);
  const shown = (name: string, among = properties) =>
    among.find((property) => property.name === name)?.displayOptions?.show;
  expect(namesOf(properties)).toEqual(['operation', 'allowAgents', 'a', 'b', 'd', 'options']);
  expect(shown('allowAgents')).toEqual({ '@tool': [true], operation: ['one', 'three'] });
  expect(shown('a')).toBeUndefined();
  expect(shown('b')).toEqual({ '/a': [true], '/operation': ['one'] });
  expect(shown('d')).toEqual({ '/operation': ['two', 'three'] });
  const options = properties.at(-1)?.options as INodeProperties[];
  expect(shown('c', options)).toEqual({ '/operation': ['one'] });
  expect(shown('e', options)).toEqual({ '/operation': ['two'] });
});

test('the first operation is a new node’s; n8n lists them by name, and the subtitle says which it is', () => {
  const { properties, subtitle } = describeOperations([operation('z'), operation('y', { name: 'A "b"' })]);
  expect(properties[0]).toMatchObject({ default: 'z', options: [{ value: 'y' }, { value: 'z' }] });
  expect(subtitle).toContain(String.raw`{ z: "Do z", y: "A \"b\"" }`);
});

test.each(
  Object.values(OPERATIONS)
    .flat()
    .map((each) => [each.value, each] as const),
)(
  '%s asks first where the engine is, as whatever is run for an item needs it',
  (value, { fields, options }) => {
    // A run takes no lock, and makes nothing that has an owner.
    const unasked = value === 'run' ? ['lockWaitSeconds', 'owner'] : [];
    const first = engineOptions.filter(({ property }) => !unasked.includes(property.name));
    expect(fields.slice(0, locationFields.length)).toEqual(locationFields);
    expect(options.slice(0, first.length)).toEqual(first);
  },
);

describe.each([
  ['HotDeploy', new HotDeploy()],
  ['RollbackExtractionEngine', new RollbackExtractionEngine()],
  ['RunExtractionEngine', new RunExtractionEngine()],
])('%s', (folder, { description }) => {
  test.each(OPERATIONS[folder].map((each) => [each.value, each] as const))(
    '%s shows its own fields, in its own order',
    (value, { fields, options }) => {
      const parameters = { operation: value } as INodeParameters;
      const node = { typeVersion: 1, parameters } as INode;
      // Fields may depend on others, too: what a person chose there is not this test's matter.
      const shown = description.properties.filter((property) => {
        const { show = {}, ...others } = property.displayOptions ?? {};
        const { '/operation': only } = show;
        const displayOptions = only ? { ...others, show: { operation: only } } : undefined;
        return NodeHelpers.displayParameter(parameters, { ...property, displayOptions }, node, description);
      });
      const frame = ['operation', 'allowAgents', 'options'];
      const own = namesOf(shown).filter((name) => !frame.includes(name));
      expect(own).toEqual(fields.map(({ property }) => property.name));
      const offered = description.properties.find(({ name }) => name === 'options')?.options ?? [];
      const inOptions = (offered as INodeProperties[]).filter(
        ({ displayOptions }) => displayOptions?.show?.['/operation']?.includes(value) ?? true,
      );
      expect(namesOf(inOptions)).toEqual(options.map(({ property }) => property.name));
    },
  );
});
