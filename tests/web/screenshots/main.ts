/**
 * Pictures of every view, light and dark, on a desktop, a laptop and a phone, to look at.
 *
 *   npm run screenshots -- [FOLDER, default .cache/screenshots]
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { launchChromium } from '../../support/chromium.ts';
import { serveEasel } from '../../support/easel-server.ts';
import { paintHistory } from './paint-history.ts';

const folder = process.argv[2] ?? '.cache/screenshots';
const shapes = {
  desktop: { width: 1600, height: 1000 },
  laptop: { width: 1280, height: 720 },
  phone: { width: 390, height: 844 },
} as const;
const themes = ['light', 'dark'] as const;

type Keep = (name: string) => Promise<unknown>;

await mkdir(folder, { recursive: true });
const server = await serveEasel();
const browser = await launchChromium();
try {
  await showEmpty();
  await paintHistory(server);
  for (const [shape, viewport] of Object.entries(shapes)) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ viewport, colorScheme, hasTouch: shape === 'phone' });
      const page = await context.newPage();
      page.setDefaultTimeout(600_000); // a busy machine takes its time
      const keep = async (name: string) => {
        await untilDrawn(page);
        await page.screenshot({ path: join(folder, `${name}-${shape}-${colorScheme}.png`) });
      };
      await showPlayground(page, keep, shape === 'phone');
      await showDialogs(page, keep, shape === 'phone');
      await showViews(page, keep);
      await showConsole(page, keep);
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}

/** What a first visit shows, before there is any picture. */
async function showEmpty(): Promise<void> {
  for (const [shape, viewport] of Object.entries(shapes)) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      page.setDefaultTimeout(600_000);
      await page.goto(server.url);
      await page.getByText(/^0\.\d+ credits$/).waitFor({ state: 'attached' });
      await page.locator('.first-visit').waitFor();
      await untilDrawn(page);
      await page.screenshot({ path: join(folder, `empty-${shape}-${colorScheme}.png`) });
      await context.close();
    }
  }
}

async function showPlayground(page: Page, keep: Keep, isPhone: boolean): Promise<void> {
  await page.goto(`${server.url}/?steps=25&samples=1`);
  const prompt = page.getByLabel('Prompt', { exact: true });
  const done = page.locator('.run-card.succeeded');
  const make = async (text: string) => {
    await prompt.fill(text);
    await prompt.press('Enter');
  };
  await make('a red apple on a blue background');
  await done.waitFor();
  await prompt.blur();
  await keep('stage');
  await page.goto(`${server.url}/?steps=25&samples=4`);
  await make('a fox in the forest');
  await done.waitFor();
  await prompt.blur();
  await keep('stage-four');
  if (isPhone) {
    await page.getByRole('button', { name: 'All settings' }).tap();
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    await keep('settings');
    await page.getByRole('button', { name: 'Fewer settings' }).tap();
  }
  await page.locator('.stage-run .picture').first().click();
  const viewed = page.locator('.viewer-picture img[data-loaded=true]');
  await viewed.waitFor();
  await keep('viewer');
  await fold(page, viewed);
  await page.goto(`${server.url}/?steps=100&samples=4`);
  await make('a rocket in space');
  await page.getByAltText('Preview').waitFor();
  await keep('stage-running');
}

/** With a run that is unfinished. */
async function showDialogs(page: Page, keep: Keep, isPhone: boolean): Promise<void> {
  await page.getByRole('button', { name: /^Queue: / }).click();
  const queued = page.getByRole('dialog', { name: 'Queue' }).getByText('a rocket in space');
  await queued.waitFor();
  await keep('queue');
  await fold(page, queued);
  await page.getByRole('button', { name: 'Cancel: a rocket in space' }).click();
  await page.locator('.earlier-card button').nth(1).click(); // a run of one picture
  await page.locator('.stage-run').getByRole('button', { name: 'Zoom out…' }).click();
  await page.locator('.stage-run').getByRole('button', { name: 'Zoom out 2×' }).click();
  await page.getByRole('application', { name: /^Frame/ }).waitFor();
  await keep('editor-frame');
  await page.getByRole('button', { name: 'Mask', exact: true }).click();
  const mask = page.locator('.mask-sheet');
  await mask.waitFor();
  await keep('editor-mask');
  await fold(page, mask);
  if (isPhone) return;
  await page.goto(`${server.url}/`);
  const settings = page.locator('.form-rest > details');
  if ((await settings.getAttribute('open')) === null) await settings.locator('> summary').click();
  await page.getByRole('button', { name: 'Samples…' }).click();
  const styles = page.getByRole('dialog', { name: 'Styles' });
  await styles.waitFor();
  await keep('styles');
  await fold(page, styles);
}

/** Closing goes back in the history, a little later, which would abort the next address. */
async function fold(page: Page, shown: Locator): Promise<void> {
  await page.keyboard.press('Escape');
  await shown.waitFor({ state: 'hidden' });
  await page.waitForTimeout(1000);
}

async function showViews(page: Page, keep: Keep): Promise<void> {
  for (const view of ['gallery', 'arena', 'arena/sheet', 'reference']) {
    await page.goto(`${server.url}/${view}`);
    await page.getByText('Loading…').waitFor({ state: 'detached' });
    if (view === 'reference') await page.getByLabel('num_inference_steps').waitFor();
    if (view === 'gallery') await page.locator('.entry').nth(4).waitFor();
    await keep(view.replace('/', '-'));
  }
  await page.goto(`${server.url}/gallery?words=fox`);
  for (const place of [0, 2])
    await page
      .getByRole('button', { name: /^Compare picture/ })
      .nth(place)
      .press('Enter');
  await page.getByRole('dialog').waitFor();
  await keep('compare');
}

async function showConsole(page: Page, keep: Keep): Promise<void> {
  await page.evaluate(`sessionStorage.setItem('easel.admin-key', '${server.adminKey}')`);
  const parts = {
    '': /MB$/,
    '/jobs': 'succeeded',
    '/accounts': 'development',
    '/models': /MB/,
    '/audit': /./,
  } as const;
  for (const [part, cell] of Object.entries(parts)) {
    await page.goto(`${server.url}/console${part}`);
    await page.getByRole('cell', { name: cell }).first().waitFor();
    await keep(`console${part.replace('/', '-')}`);
  }
  await page.goto(`${server.url}/console/usage`);
  await page.getByText('Pictures per day').waitFor();
  await keep('console-usage');
}

/** Pictures far below are not loaded before one scrolls there. */
async function untilDrawn(page: Page): Promise<void> {
  await page.evaluate(`Promise.all([...document.images]
    .filter((image) => image.getBoundingClientRect().top < window.innerHeight)
    .map((image) => image.decode().catch(() => {})))`);
}
