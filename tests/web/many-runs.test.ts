import type { Page, Request } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

const rule = (what: 'pause' | 'resume') =>
  fetch(`${web().server.url}/api/admin/queue/${what}`, {
    method: 'POST',
    headers: { 'x-api-key': web().server.adminKey },
  });

async function make(page: Page, prompt: string): Promise<void> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card:not([data-phase=sending])', { hasText: prompt }).waitFor();
}

const isStream = (request: Request) => new URL(request.url()).pathname.endsWith('/events');

/** Streams of events that are open now, of all tabs. */
function openStreams(page: Page): () => number {
  const open = new Set<Request>();
  const context = page.context();
  context.on('request', (request) => isStream(request) && open.add(request));
  const end = (request: Request) => void open.delete(request);
  context.on('requestfinished', end);
  context.on('requestfailed', end);
  return () => open.size;
}

test('with twelve unfinished runs in three tabs everything goes on: cancel, count, price, history, a new tab', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const page = await web().visit();
  const streams = openStreams(page);
  const context = page.context();
  const second = await context.newPage();
  await second.goto(web().server.url);
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('3');
  for (let run = 0; run < 12; run += 1) await make(page, `a bird number ${run}.`);
  expect(await page.locator('.run-card').count()).toBe(12);
  const third = await context.newPage();
  await third.goto(web().server.url);
  for (const tab of [page, third]) {
    await expect.poll(() => tab.locator('.run-card').count()).toBe(12);
    await tab.getByLabel('Prompt', { exact: true }).fill('a red apple');
    await tab.getByText(/^5 of 77 tokens$/).waitFor();
    await tab.getByText(/^0\.\d+ credits$/).waitFor();
  }
  expect(streams()).toBeLessThanOrEqual(1);
  await page.getByRole('button', { name: 'Cancel: a bird number 11.' }).click();
  // Told to the tab that asked and to the others.
  for (const tab of [page, third]) await tab.locator('.run-card.cancelled', { hasText: 'a bird number 11.' }).waitFor();
  await third.getByRole('link', { name: 'Gallery' }).click();
  await third.getByText('No pictures yet.').waitFor();
  await third.getByRole('link', { name: 'Playground' }).click();
  await rule('resume');
  for (const tab of [page, third]) await expect.poll(() => tab.locator('.run-card.succeeded').count()).toBe(11);
  expect(streams()).toBeLessThanOrEqual(1);
});

test('when the tab with the connection is closed or loaded anew, the others go on and miss nothing', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const first = await web().visit();
  const streams = openStreams(first);
  await first.getByRole('spinbutton', { name: 'Steps value' }).fill('3');
  await make(first, 'a bell in the first tab');
  const second = await first.context().newPage();
  await second.goto(web().server.url);
  await second.locator('.run-card', { hasText: 'a bell in the first tab' }).waitFor();
  await first.reload();
  await first.locator('.run-card', { hasText: 'a bell in the first tab' }).waitFor();
  await make(second, 'a bell in the second tab');
  await expect.poll(streams).toBe(1);
  await first.close();
  await make(second, 'a bell afterwards');
  await rule('resume');
  await expect.poll(() => second.locator('.run-card.succeeded').count()).toBe(3);
  expect(streams()).toBe(1);
});

test('the arena draws without a stream of its own', async () => {
  const page = await web().visit('/arena');
  const streams: string[] = [];
  page.on('request', (request) => isStream(request) && streams.push(new URL(request.url()).pathname));
  for (const side of [0, 1]) await page.getByRole('spinbutton', { name: 'Steps value' }).nth(side).fill('2');
  await page.getByLabel('Prompts, one per line').fill('a pear');
  await page.getByRole('button', { name: 'Start comparison' }).click();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText('Voting complete.').waitFor();
  expect(streams.filter((path) => path !== '/api/events')).toEqual([]);
});

test('a tab without locks has a connection of its own, and all the same', async () => {
  const page = await web().visit();
  await page.context().addInitScript('delete Navigator.prototype.locks');
  await page.reload();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('3');
  await make(page, 'a lonely bell');
  await page.locator('.run-card.succeeded').waitFor();
});
