/** What was entered stays while another parameter changes that decides whether it is shown, in n8n's editor. */
import { NodeHelpers } from 'n8n-workflow';
import type {
  INode,
  INodeParameters,
  INodeProperties,
  INodePropertyOptions,
  INodeTypeDescription,
} from 'n8n-workflow';

import { HotDeploy } from '../../nodes/HotDeploy/HotDeploy.node';
import { HotDeployTrigger } from '../../nodes/HotDeployTrigger/HotDeployTrigger.node';
import { RollbackExtractionEngine } from '../../nodes/RollbackExtractionEngine/RollbackExtractionEngine.node';
import { RunExtractionEngine } from '../../nodes/RunExtractionEngine/RunExtractionEngine.node';

const NODES = [
  new HotDeploy(),
  new RollbackExtractionEngine(),
  new RunExtractionEngine(),
  new HotDeployTrigger(),
].map(({ description }) => [description.name, description] as const);

test.each(NODES)('%s: no condition makes n8n empty a collection or a choice', (_name, { properties }) => {
  const offering = properties.filter(({ options }) => options !== undefined);
  const relative = [...offering, ...offering.flatMap(membersOf)].filter((property) =>
    conditionsOf(property).some((path) => !/^[/@]/.test(path)),
  );
  expect(relative.map(({ name }) => name)).toEqual([]);
});

describe.each(NODES)('%s', (_name, description) => {
  const { properties } = description;
  const collections = properties.filter(({ type }) => ['collection', 'fixedCollection'].includes(type));
  const deciding = [...new Set([...collections, ...collections.flatMap(membersOf)].flatMap(conditionsOf))];

  test('keeps what its collections hold as long as it is shown, whatever is chosen', () => {
    const content = Object.fromEntries(
      collections.map((each) => [each.name, contentOf(each)]),
    ) as INodeParameters;
    for (const name of deciding.map((path) => path.replace(/^\//, ''))) {
      for (const [from, to] of pairsOf(properties.find((each) => each.name === name))) {
        const chosen = { ...FULL, [name]: from, ...content };
        const back = afterChange(afterChange(chosen, name, to, description), name, from, description);
        const shown = shownIn(chosen, { [name]: to });
        expect(pick(back, shown)).toEqual(pick(chosen, shown));
      }
    }
  });

  /** The collections that are shown with both choices; what is in Options is shown or not one by one. */
  function shownIn(parameters: INodeParameters, change: INodeParameters): string[] {
    const shown = (values: INodeParameters) => (property: INodeProperties) =>
      NodeHelpers.displayParameter(values, property, nodeOf(values), description);
    const both = collections.filter(shown(parameters)).filter(shown({ ...parameters, ...change }));
    return both.map((each) => each.name).filter((each) => each !== 'options');
  }
});

test('Hot Deploy keeps its checks from Deploy to Plan to Deploy', () => {
  const { description } = new HotDeploy();
  const checks = { check: [{ type: 'command', name: 'a', command: 'true', when: 'after' }] };
  const deploying: INodeParameters = { ...FULL, checks };
  const planning = afterChange(deploying, 'operation', 'plan', description);
  expect(planning.checks).toMatchObject(checks);
  expect(afterChange(planning, 'operation', 'deploy', description).checks).toMatchObject(checks);
});

/** What makes every collection appear. */
const FULL: INodeParameters = { dependencies: 'virtualEnvironment', operation: 'deploy' };

/** What the editor makes of a node's parameters when one changes (`useNodeSettingsParameters` of n8n's editor). */
function afterChange(
  parameters: INodeParameters,
  name: string,
  value: string,
  description: INodeTypeDescription,
): INodeParameters {
  const { properties } = description;
  const changed: INodeParameters = { ...parameters, [name]: value };
  for (const property of properties) {
    const { show, hide } = property.displayOptions ?? {};
    if (!property.options || !(name in { ...show, ...hide })) continue;
    const choices = property.options as INodePropertyOptions[];
    const isChoice = choices.some((each) => each.value === changed[property.name]);
    if (isChoice || !NodeHelpers.displayParameter(changed, property, nodeOf(changed), description)) continue;
    delete changed[property.name];
  }
  return NodeHelpers.getNodeParameters(properties, changed, true, false, nodeOf(changed), description) ?? {};
}

function nodeOf(parameters: INodeParameters): INode {
  return { typeVersion: 1, parameters } as INode;
}

function conditionsOf({ displayOptions }: INodeProperties): string[] {
  return Object.keys({ ...displayOptions?.show, ...displayOptions?.hide });
}

/** What is in a collection. A row of a fixed one decides about itself, and is kept with it. */
function membersOf({ type, options = [] }: INodeProperties): INodeProperties[] {
  return type === 'collection' ? (options as INodeProperties[]) : [];
}

/** Any two choices. */
function pairsOf(property: INodeProperties | undefined): string[][] {
  const values = (property?.options as INodePropertyOptions[]).map(({ value }) => String(value));
  return values.flatMap((from) => values.filter((to) => to !== from).map((to) => [from, to]));
}

function contentOf(collection: INodeProperties): object {
  if (collection.type === 'fixedCollection') {
    const check = { type: 'command', name: 'a', command: 'true', when: 'after', timeoutSeconds: 7 };
    return { check: [{ ...check, environment: 'A=b' }] };
  }
  return Object.fromEntries(membersOf(collection).map(({ name }) => [name, `content of ${name}`]));
}

function pick(parameters: INodeParameters, names: string[]): INodeParameters {
  return Object.fromEntries(names.map((name) => [name, parameters[name]]));
}
