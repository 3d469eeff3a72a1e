import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { type EaselServer, newDataDir, newKey, serveEasel } from '../support/easel-server.ts';

// A machine with other work may take its time.
vi.setConfig({ testTimeout: 600_000 });

interface Mortal {
  readonly url: string;
  /** As when the machine loses power. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  tab(path?: string): Promise<Page>;
}

/** A server that dies and comes back at the same address, and a browser that looks on. */
async function mortalServer(): Promise<Mortal> {
  const dataDir = await newDataDir();
  const keys = { adminKey: newKey(), devKey: newKey() };
  let server: EaselServer = await serveEasel({ dataDir, keys });
  const { url } = server;
  const browser = await launchChromium();
  const context = await browser.newContext();
  onTestFinished(async () => {
    await browser.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    url,
    async kill() {
      server.process.kill('SIGKILL');
      await once(server.process, 'close');
    },
    async startAgain() {
      server = await serveEasel({ dataDir, keys, port: Number(new URL(url).port) });
    },
    async tab(path = '/') {
      const page = await context.newPage();
      page.setDefaultTimeout(300_000);
      await page.goto(`${url}${path}`);
      return page;
    },
  };
}

test('a view that is opened while the server is away says so, offers to try again, and comes back by itself', async () => {
  const server = await mortalServer();
  const tabs: Readonly<Record<'Gallery' | 'API' | 'Console', Page>> = {
    Gallery: await server.tab('/arena'),
    API: await server.tab('/arena'),
    Console: await server.tab('/arena'),
  };
  const playground = await server.tab();
  for (const page of Object.values(tabs)) await page.getByRole('button', { name: 'Start comparison' }).waitFor();
  await playground.getByLabel('Prompt', { exact: true }).waitFor();
  await server.kill();
  for (const [view, page] of Object.entries(tabs)) {
    await page.getByRole('link', { name: view, exact: true }).click();
    await page
      .getByRole('alert')
      .getByText(/cannot be reached/)
      .waitFor();
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('button', { name: 'Retry' }).waitFor();
  }
  await playground.getByRole('link', { name: 'Gallery' }).click();
  await playground.getByRole('link', { name: 'Playground' }).click();
  await playground.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await server.startAgain();
  await tabs.Gallery.getByText('No pictures yet.').waitFor();
  await tabs.API.getByLabel('num_inference_steps').first().waitFor();
  await tabs.Console.getByLabel('Admin key').waitFor();
  await playground.getByText(/^5 of 77 tokens$/).waitFor();
  await playground.getByText(/^0\.\d+ credits$/).waitFor();
  // Each retries in its own time.
  for (const page of Object.values(tabs)) await expect.poll(() => page.getByRole('alert').count()).toBe(0);
});

test('a page whose first questions fail opens once they are answered', async () => {
  const server = await mortalServer();
  const page = await server.tab('/arena');
  // What a connection that breaks off is to the page.
  for (const path of ['credits', 'models']) {
    await page.route(`**/api/${path}`, (route) => route.abort('connectionfailed'));
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Retry' }).waitFor();
    await page.unroute(`**/api/${path}`);
    await page.getByLabel('Prompt', { exact: true }).waitFor();
  }
});
