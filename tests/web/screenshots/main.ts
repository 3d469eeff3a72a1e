/**
 * Pictures of every view, light and dark, on a desktop and a phone, to look at.
 *
 *   npm run screenshots -- [FOLDER, default .cache/screenshots]
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium } from '../../support/chromium.ts';
import { serveEasel } from '../../support/easel-server.ts';
import { paintHistory } from './paint-history.ts';

const folder = process.argv[2] ?? '.cache/screenshots';
const shapes = { desktop: { width: 1280, height: 860 }, phone: { width: 360, height: 780 } } as const;
const themes = ['light', 'dark'] as const;

await mkdir(folder, { recursive: true });
const server = await serveEasel();
const browser = await launchChromium();
try {
  await paintHistory(server);
  for (const [shape, viewport] of Object.entries(shapes)) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      page.setDefaultTimeout(600_000); // a busy machine takes its time
      const keep = (name: string) => page.screenshot({ path: join(folder, `${name}-${shape}-${colorScheme}.png`) });
      await showPlayground(page, keep);
      for (const view of ['gallery', 'arena', 'reference']) {
        await page.goto(`${server.url}/${view}`);
        await page.getByText('Loading…').waitFor({ state: 'detached' });
        if (view === 'reference') await page.getByLabel('num_inference_steps').waitFor();
        await untilDrawn(page);
        await keep(view);
      }
      await showCompare(page, keep);
      await page.evaluate(`sessionStorage.setItem('easel.admin-key', '${server.adminKey}')`);
      const parts = { '': /MB$/, '/jobs': 'succeeded', '/accounts': 'development', '/audit': /./ } as const;
      for (const [part, cell] of Object.entries(parts)) {
        await page.goto(`${server.url}/console${part}`);
        await page.getByRole('cell', { name: cell }).first().waitFor();
        await keep(`console${part.replace('/', '-')}`);
      }
      await page.goto(`${server.url}/console/usage`);
      await page.getByText('Pictures per day').waitFor();
      await keep('console-usage');
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}

async function showPlayground(page: Page, keep: (name: string) => Promise<unknown>): Promise<void> {
  await page.goto(server.url);
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  await keep('empty');
  const prompt = page.getByLabel('Prompt', { exact: true });
  const make = async (text: string) => {
    await prompt.fill(text);
    await prompt.press('Enter');
  };
  await make('a red apple on a blue background');
  await make('a panda in the snow');
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  await page.getByRole('spinbutton', { name: 'Pictures value' }).fill('4');
  await make('a fox in the forest');
  await page.locator('.run-card.succeeded').nth(2).waitFor();
  await page.getByRole('spinbutton', { name: 'Pictures value' }).fill('1');
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('100');
  await make('a rocket in space');
  await page.getByAltText('Preview').waitFor();
  await keep('playground');
  await page.locator('.stage-run .picture').first().click();
  await untilDrawn(page);
  await keep('viewer');
  await page.keyboard.press('Escape');
  await page.locator('.run-card.succeeded').nth(3).waitFor();
}

async function showCompare(page: Page, keep: (name: string) => Promise<unknown>): Promise<void> {
  await page.goto(`${server.url}/gallery?words=fox`);
  for (const place of [0, 2])
    await page
      .getByRole('button', { name: /^Compare/ })
      .nth(place)
      .click();
  await page.getByRole('dialog').waitFor();
  await untilDrawn(page);
  await keep('compare');
}

/** Pictures far below are not loaded before one scrolls there. */
async function untilDrawn(page: Page): Promise<void> {
  await page.evaluate(`Promise.all([...document.images]
    .filter((image) => image.getBoundingClientRect().top < window.innerHeight)
    .map((image) => image.decode().catch(() => {})))`);
}
