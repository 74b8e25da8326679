import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { chromium, selectors, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { ARTEFACTS } from './paths';
import { OWNER } from './rest';

/** Debian's, or the one that Ubuntu's users have. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How long a page may take for a step, on a machine that does other things, too. */
const PATIENCE_MS = 60_000;

/** A headless browser in which the owner of an n8n is signed in. */
export class Editor {
  private constructor(
    private readonly browser: Browser,
    private readonly context: BrowserContext,
    readonly url: string,
  ) {}

  static async open(url: string): Promise<Editor> {
    selectors.setTestIdAttribute('data-test-id');
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (!executablePath) throw new Error(`The editor's tests need one of ${BROWSERS.join(', ')}.`);
    const browser = await chromium.launch({ executablePath, args: SWITCHES });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const editor = new Editor(browser, context, url);
    await editor.onPage('sign-in', '/signin', async (page) => {
      await page.locator('input[name=emailOrLdapLoginId]').fill(OWNER.email);
      await page.locator('input[name=password]').fill(OWNER.password);
      await page.getByTestId('form-submit-button').click();
      await page.waitForURL(({ pathname }) => !pathname.startsWith('/signin'));
    });
    return editor;
  }

  /** Does something on a page of its own. When that doesn't work, a picture of the page stays in the artefacts. */
  async onPage(name: string, path: string, work: (page: Page) => Promise<void>): Promise<void> {
    const page = await this.context.newPage();
    try {
      await page.goto(new URL(path, this.url).href);
      await work(page);
    } catch (reason) {
      await picture(page, `unexpected-${name}`);
      throw reason;
    } finally {
      await page.close();
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

/** Keeps a picture of what the page shows in the artefacts. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), animations: 'disabled' });
}

/** Waits until the canvas shows the nodes of the opened workflow. */
export async function showsWorkflow(page: Page): Promise<void> {
  await page.getByTestId('canvas-node').first().waitFor();
}

/** Opens a node of the workflow on the canvas. */
export async function openNode(page: Page, name: string): Promise<void> {
  await page.getByTestId('canvas-node').filter({ hasText: name }).first().dblclick();
  await page.getByTestId('ndv').waitFor();
}
