import { join } from 'node:path';

import type { INode } from 'n8n-workflow';
import type { Page } from 'playwright-core';

import { deliver, FIRST, HEAD, payloadOf } from '../../support/pushes';
import { picture, showsWorkflow } from '../support/browser';
import { EXAMPLE_NAMES, readExample } from '../support/examples';
import type { Live } from '../support/live';

/** Every shipped workflow, imported, set up and used as a person does it. */
export function describeExamples(live: () => Live): void {
  const rest = () => live().n8n.rest;

  test.each(EXAMPLE_NAMES)('%s is imported as it is', async (name) => {
    const example = readExample(name);
    const { id } = await rest().createWorkflow(example);
    const { nodes, connections } = await rest().workflow(id);
    expect({ nodes, connections }).toEqual({ nodes: example.nodes, connections: example.connections });
  });

  test('release-and-roll-back runs from its manual trigger', async () => {
    const { place } = live();
    for (const version of ['v2', 'broken-import', 'fails-check', 'v4']) await place.writeVersion(version);
    const { id } = await live().import('release-and-roll-back', {
      '/files/engine': join(place.directory, 'versions'),
    });
    const run = await rest().run(id, 'Start');
    expect(run.failure).toBeUndefined();
    const { release } = run.only('Deploy version 2');
    expect(run.only('Roll back')).toMatchObject({ status: 'rolledBack', release });
    expect(run.only('Deploy a version that cannot be imported').error).toMatch(/^Check “Six blocks”/);
    await live().traffic.sees('2');
  });

  test('nightly-self-update is started by its schedule', async () => {
    const commit = await live().place.commitVersion('nightly');
    const { id, nodes } = await live().import('nightly-self-update');
    await rest().saveNodes(id, nodes.map(everyTwoSeconds));
    await rest().publish(id);
    const run = await rest().triggered(id);
    await rest().unpublish(id);
    expect(run).toMatchObject({ mode: 'trigger', status: 'success' });
    expect(run.only('Say what went live').message).toContain(`runs ${commit.slice(0, 12)} now`);
    await live().traffic.sees('nightly');
  });

  test('push-to-deploy answers a signed push, and no other', async () => {
    const { n8n, place } = live();
    const before = place.repository.resolve('main');
    const commit = await place.commitVersion('pushed');
    const { id, nodes } = await live().import('push-to-deploy');
    await rest().publish(id);
    const webhook = nodes.find(({ name }) => name === 'On push')?.webhookId;
    const payload = JSON.stringify(payloadOf('github'))
      .replaceAll('https://github.com/acme/engine', place.repositoryUrl.replace(/\.git$/, ''))
      .replaceAll(FIRST, before)
      .replaceAll(HEAD, commit);
    const push = async (secret?: string) => {
      const { headers, body } = deliver('github', payload, { secret });
      const request = { method: 'POST', headers: headers as Record<string, string>, body };
      return fetch(`${n8n.url}/webhook/${webhook}/webhook`, request);
    };
    expect((await push('a-secret-that-nobody-knows')).status).toBe(401);
    expect((await push()).status).toBe(200);
    const run = await rest().triggered(id);
    await rest().unpublish(id);
    expect(run).toMatchObject({ mode: 'webhook', status: 'success' });
    expect(run.only('Say what went live').message).toContain(`put ${commit.slice(0, 12)} live`);
    expect(await rest().executions(id)).toEqual([run.id]);
    await live().traffic.sees('pushed');
  });

  test('blue-green runs from the editor', async () => {
    const commit = await live().place.commitVersion('staged');
    const { id } = await live().import('blue-green');
    await live().editor.onPage('blue-green', `/workflow/${id}`, async (page) => {
      await showsWorkflow(page);
      await page.getByTestId('execute-workflow-button').click();
      await page.getByText('Workflow executed successfully').waitFor();
      await picture(page, 'workflow');
    });
    const [execution] = await rest().executions(id);
    const run = await rest().ended(execution);
    expect(run.only('Say what went live').message).toContain(`${commit.slice(0, 12)} was tested in staging`);
    await live().traffic.sees('staged');
  });

  test('plan-approve-apply shows the plan and applies it', async () => {
    const commit = await live().place.commitVersion('planned');
    await useForm(live(), 'plan-approve-apply', 'Which version?', async (page) => {
      await page.getByLabel('Reference').fill('main');
      await submit(page);
      await page.getByText(`Deploy ${commit.slice(0, 12)}?`).waitFor();
      await page.getByLabel('Decision').selectOption('Deploy exactly this');
      await picture(page, 'plan');
      await submit(page);
      await page.getByText(`is live in ${live().app}`).waitFor();
    });
    await live().traffic.sees('planned');
  });

  test('rollback-form goes back to the chosen release', async () => {
    await useForm(live(), 'rollback-form', 'Go back?', async (page) => {
      await page.getByLabel('Reason').fill('Names are missing');
      await submit(page);
      await page.getByText('Which release?').waitFor();
      const releases = page.getByLabel('Release');
      await releases.selectOption({ index: 1 });
      const chosen = await releases.inputValue();
      await picture(page, 'rollback-form');
      await submit(page);
      await page.getByText(`${chosen} is live in ${live().app} again. Reason: Names are missing`).waitFor();
    });
  });
}

/** The schedule's node with the night made short. */
function everyTwoSeconds(node: INode): INode {
  if (node.name !== 'Every night') return node;
  return { ...node, parameters: { rule: { interval: [{ field: 'seconds', secondsInterval: 2 }] } } };
}

/** Publishes a shipped workflow that begins with a form, and opens that. */
async function useForm(
  live: Live,
  name: string,
  trigger: string,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const { id, nodes } = await live.import(name);
  await live.n8n.rest.publish(id);
  const form = nodes.find((node) => node.name === trigger)?.webhookId;
  await live.editor.onPage(name, `/form/${form}`, work);
  await live.n8n.rest.unpublish(id);
}

async function submit(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Submit' }).click();
}
