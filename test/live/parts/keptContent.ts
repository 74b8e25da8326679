import type { IDataObject, INodeParameters, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { Page } from 'playwright-core';

import { openNode, picture, showsWorkflow } from '../support/browser';
import type { Live } from '../support/live';
import { until } from '../support/rest';
import { manual } from '../support/workflows';

/** What n8n says of a type of node. */
interface NodeType {
  name: string;
  displayName: string;
  properties: INodeProperties[];
}

/** The nodes with operations; and a choice of each parameter, its default, that makes all of their collections appear. */
const NODES: Record<string, INodeParameters> = {
  'n8n-nodes-hot-deploy.hotDeploy': { operation: 'deploy', dependencies: 'virtualEnvironment' },
  'n8n-nodes-hot-deploy.rollbackExtractionEngine': { operation: 'rollback' },
  'n8n-nodes-hot-deploy.runExtractionEngine': { operation: 'run' },
};

/** n8n's own, added to the operations of nodes with credentials: with it nothing of the node is shown. */
const CUSTOM_API_CALL = '__CUSTOM_API_CALL__';

/**
 * That nothing which was entered into a collection goes away by clicking, as long as it is shown: what isn't, n8n drops,
 * of every node.
 */
export function describeKeptContent(live: () => Live): void {
  test.each(Object.entries(NODES))(
    'keeps what the collections of %s hold, whichever parameter is changed and changed back',
    async (type, chosen) => {
      const { properties, displayName } = await nodeType(live(), type);
      const collections = properties.filter(isCollection);
      for (const parameter of conditionsOf(collections)) {
        const { options } = properties.find(({ name }) => name === parameter)!;
        const choices = (options as INodePropertyOptions[]).filter(({ value }) => value !== CUSTOM_API_CALL);
        const usual = choices.find(({ value }) => value === chosen[parameter])!;
        for (const other of choices.filter((each) => each !== usual)) {
          const shown = { ...chosen, [parameter]: [usual.value, other.value] };
          const content = contentOf(collections, shown as Record<string, unknown>);
          const stored = await create(live(), type, { ...chosen, ...content });
          await live().editor.onPage(`kept-${parameter}`, stored.path, async (page) => {
            await showsWorkflow(page);
            await openNode(page, stored.name);
            for (const { name, value } of [other, usual]) {
              await choose(page, parameter, name);
              await saved(
                page,
                async () => ((await stored.parameters())[parameter] ?? usual.value) === value,
              );
            }
            await picture(page, `kept-${displayName}-${parameter}-${String(other.value)}`);
          });
          const by = `${parameter}: ${other.name}`;
          expect({ by, ...(await stored.parameters()) }).toMatchObject({ by, ...content });
        }
      }
    },
    300_000,
  );
}

async function nodeType({ n8n: { rest } }: Live, wanted: string): Promise<NodeType> {
  const types = await rest.send<NodeType[]>('GET', '/types/nodes.json');
  const found = types.find(({ name }) => name === wanted);
  if (!found) throw new Error(`n8n knows no ${wanted}`);
  return found;
}

/** A workflow with such a node: how it is called, where the editor has it, and what n8n has of its parameters. */
async function create(live: Live, type: string, parameters: INodeParameters) {
  const name = 'Under test';
  const credentials = live.credentials[type];
  const usual = { connection: 'ssh', basePath: live.app };
  const workflow = manual({ name, type, credentials, parameters: { ...usual, ...parameters } });
  const { rest } = live.n8n;
  const { id } = await rest.createWorkflow({ ...workflow, name: `Kept content of ${type}` });
  const read = async () => {
    const { nodes } = await rest.workflow(id);
    return nodes.find((node) => node.name === name)?.parameters ?? {};
  };
  return { name, path: `/workflow/${id}`, parameters: read };
}

function isCollection({ type }: INodeProperties): boolean {
  return ['collection', 'fixedCollection'].includes(type);
}

/** The parameters that decide whether the collections, or what is in them, are shown. */
function conditionsOf(collections: INodeProperties[]): string[] {
  const members = collections.flatMap(({ type, options }) =>
    type === 'collection' ? (options as INodeProperties[]) : [],
  );
  const paths = [...collections, ...members].flatMap(({ displayOptions }) =>
    Object.keys(displayOptions?.show ?? {}),
  );
  return [...new Set(paths.map((path) => path.replace(/^\//, '')))];
}

/** For each collection that is shown with all of the values, what is filled into all of it that is, too. */
function contentOf(collections: INodeProperties[], values: Record<string, unknown>): INodeParameters {
  const isShown = ({ displayOptions }: INodeProperties) =>
    Object.entries(displayOptions?.show ?? {}).every(([path, allowed]) =>
      [values[path.replace(/^\//, '')]].flat().every((value) => (allowed as unknown[]).includes(value)),
    );
  const filled = ({ type, options = [] }: INodeProperties): IDataObject => {
    if (type === 'fixedCollection') return { check: [CHECK] };
    const members = (options as INodeProperties[]).filter(isShown);
    return Object.fromEntries(members.map((member) => [member.name, otherThanUsual(member)])) as IDataObject;
  };
  const shown = collections.filter(isShown);
  return Object.fromEntries(shown.map((each) => [each.name, filled(each)])) as INodeParameters;
}

const CHECK = { type: 'command', name: 'Kept', command: 'true', when: 'after', timeoutSeconds: 7 };

function otherThanUsual({ type, default: usual, options, typeOptions }: INodeProperties) {
  if (type === 'boolean') return usual !== true;
  if (type === 'number') return Number(usual) + 1 + (typeOptions?.minValue ?? 0);
  if (type === 'options')
    return (options as INodePropertyOptions[]).find(({ value }) => value !== usual)!.value;
  return `${String(usual)}kept`;
}

/** Chooses in a list, as a person does. */
async function choose(page: Page, parameter: string, name: string): Promise<void> {
  await page.getByTestId(`parameter-input-${parameter}`).first().click();
  const choice = page.locator('.el-select-dropdown__item:visible');
  await choice
    .filter({ has: page.getByText(name, { exact: true }) })
    .first()
    .click();
}

/** Saves the workflow until n8n has what was chosen. */
async function saved(page: Page, isThere: () => Promise<boolean>): Promise<void> {
  await page.keyboard.press('ControlOrMeta+s');
  await until('the workflow to be saved', async () => ((await isThere()) ? true : undefined));
}
