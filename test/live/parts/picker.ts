import type { Page } from 'playwright-core';

import { picture, showsWorkflow } from '../support/browser';
import type { Live } from '../support/live';

/** How n8n's list of nodes shows the package. It makes one entry of Hot Deploy and its trigger, with the trigger's text. */
export function describePicker(live: () => Live): void {
  test('the list of nodes says of Hot Deploy what the package does, and of its trigger, too', async () => {
    const { id } = await live().import('nightly-self-update');
    await live().editor.onPage('picker', `/workflow/${id}`, async (page) => {
      await showsWorkflow(page);
      await page.getByTestId('node-creator-plus-button').click();
      await page.getByTestId('node-creator-search-bar').fill('hot deploy');
      const entry = entryOf(page, 'Hot Deploy');
      await entry.waitFor();
      await picture(page, 'picker');
      const text = await entry.innerText();
      expect(text).toMatch(/update a Python engine with zero downtime/i);
      expect(text).toMatch(/push/);
      expect(text).not.toMatch(/^Starts the workflow/m);
      await entry.click();
      await page.getByText('Deploy a release', { exact: true }).waitFor();
      await picture(page, 'picker-actions');
    });
  });

  test.each(['python', 'run', 'script', 'execute'])(
    '“%s” finds the node that runs the engine',
    async (word) => {
      const { id } = await live().import('extract-by-form');
      await live().editor.onPage(`picker-${word}`, `/workflow/${id}`, async (page) => {
        await showsWorkflow(page);
        await page.getByTestId('node-creator-plus-button').click();
        await page.getByTestId('node-creator-search-bar').fill(word);
        await entryOf(page, 'Run Extraction Engine').waitFor();
        await picture(page, `picker-${word}`);
      });
    },
  );
}

function entryOf(page: Page, name: string) {
  const title = page.getByTestId('node-creator-item-name').getByText(name, { exact: true });
  return page.getByTestId('item-iterator-item').filter({ has: title }).first();
}
