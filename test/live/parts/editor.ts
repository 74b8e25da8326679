import { openNode, picture, showsWorkflow } from '../support/browser';
import type { Live } from '../support/live';
import { manual } from '../support/workflows';
import { deploy } from './failures';

const ROLLBACK = 'n8n-nodes-hot-deploy.rollbackExtractionEngine';

/** What people look for, and which of the package's nodes they have to find. */
const SEARCHES = {
  deploy: ['Hot Deploy', 'Rollback Extraction Engine'],
  rollback: ['Rollback Extraction Engine'],
  release: ['Hot Deploy', 'Rollback Extraction Engine'],
  ssh: ['Hot Deploy', 'Rollback Extraction Engine'],
  python: ['Hot Deploy', 'Rollback Extraction Engine'],
};

/** What a person sees in n8n's editor; the pictures stay in the artefacts. */
export function describeEditor(live: () => Live): void {
  test('finds the nodes by what people look for', async () => {
    const { id } = await live().import('nightly-self-update');
    await live().editor.onPage('search', `/workflow/${id}`, async (page) => {
      await showsWorkflow(page);
      await page.getByTestId('node-creator-plus-button').click();
      const search = page.getByTestId('node-creator-search-bar');
      const found = (node: string) =>
        page.getByTestId('node-creator-item-name').getByText(node, { exact: true });
      for (const [text, nodes] of Object.entries(SEARCHES)) {
        // What the search before has found goes first.
        await search.fill('nothing is called like this');
        for (const node of nodes) await found(node).waitFor({ state: 'hidden' });
        await search.fill(text);
        for (const node of nodes) await found(node).waitFor();
        await picture(page, `search-${text}`);
      }
    });
  });

  test('asks for what applies, in the order in which a person thinks', async () => {
    const { id } = await live().import('nightly-self-update');
    await live().editor.onPage('node', `/workflow/${id}`, async (page) => {
      await openNode(page, 'Deploy what is on main');
      await picture(page, 'node');
      const places = ['parameter-input-connection', 'credentials-label', 'parameter-input-basePath'];
      const heights: number[] = [];
      for (const place of places) heights.push((await page.getByTestId(place).boundingBox())?.y ?? NaN);
      expect(heights).toEqual([...heights].sort((a, b) => a - b));
      for (const hidden of ['sourceDirectory', 'container', 'packageIndex']) {
        expect(await page.getByTestId(`parameter-input-${hidden}`).count()).toBe(0);
      }
      await page.emulateMedia({ colorScheme: 'dark' });
      await picture(page, 'node-dark');
    });
  });

  test('lists the releases of the engine to choose from', async () => {
    const workflow = manual({
      name: 'Roll back',
      type: ROLLBACK,
      credentials: live().credentials[ROLLBACK],
      parameters: {
        ...{ operation: 'rollback', target: 'release', basePath: live().app, options: {} },
        release: { __rl: true, mode: 'list', value: '' },
      },
    });
    const { id } = await live().n8n.rest.createWorkflow({ ...workflow, name: 'Back to a release' });
    await live().editor.onPage('releases', `/workflow/${id}`, async (page) => {
      await openNode(page, 'Roll back');
      await page.getByTestId('rlc-input-container').click();
      await page.getByTestId('rlc-item').first().waitFor();
      await picture(page, 'releases');
      const listed = await page.getByTestId('rlc-item').allTextContents();
      for (const state of ['live', 'previous']) {
        const release = new RegExp(`^\\s*\\d{8}-\\d{6}-[0-9a-f]{7} · ${state} · [0-9a-f]{7}`);
        expect(listed.filter((label) => release.test(label))).toHaveLength(1);
      }
    });
  });

  test('shows a check’s own message first', async () => {
    const { workflow } = await deploy(live(), 'fails-check', live().credentials[ROLLBACK]);
    await live().editor.onPage('check', `/workflow/${workflow}`, async (page) => {
      await showsWorkflow(page);
      await page.getByTestId('execute-workflow-button').click();
      await page.getByText(/^Problem in node .Hot Deploy.$/).waitFor();
      await openNode(page, 'Hot Deploy');
      await page
        .getByTestId('ndv')
        .getByText(/^\s*Check “Six blocks”/)
        .waitFor();
      await picture(page, 'check');
    });
  });

  test('shows the report in n8n’s own viewer, by day and by night', async () => {
    const options = { report: true, deployUnchanged: true };
    const { workflow, run } = await deploy(live(), 'v2', live().credentials[ROLLBACK], options);
    expect(run.status).toBe('success');
    await live().editor.onPage('report', `/workflow/${workflow}`, async (page) => {
      await showsWorkflow(page);
      await page.getByTestId('execute-workflow-button').click();
      const done = page.getByText('Workflow executed successfully');
      await done.waitFor();
      await done.waitFor({ state: 'hidden' });
      await openNode(page, 'Hot Deploy');
      await page.getByText('Binary', { exact: true }).click();
      await page.getByTestId('ndv-view-binary-data').click();
      const report = page.frameLocator('iframe');
      for (const part of ['Before', 'Checks', 'Timeline']) {
        await report.getByRole('heading', { name: part, exact: true }).waitFor();
      }
      await picture(page, 'report');
      await page.emulateMedia({ colorScheme: 'dark' });
      await picture(page, 'report-dark');
    });
  });

  test('tests the credential, and says what to do where it can’t be used', async () => {
    const { hotDeploySshApi } = live().credentials[ROLLBACK];
    await live().editor.onPage('credential', `/home/credentials/${hotDeploySshApi.id}`, async (page) => {
      await page.getByTestId('credentials-config-container-test-success').waitFor();
      await picture(page, 'credential');
      await page.emulateMedia({ colorScheme: 'dark' });
      await picture(page, 'credential-dark');
    });
    const strange = await live().strangeCredential();
    await live().editor.onPage('credential-strange', `/home/credentials/${strange.id}`, async (page) => {
      await page.getByText('More details').click();
      await page.getByText('is pinned in "Host Key Fingerprint"').first().waitFor();
      await picture(page, 'credential-strange');
    });
  });
}
