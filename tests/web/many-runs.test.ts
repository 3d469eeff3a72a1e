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

const small = { num_inference_steps: 2, img_width: 64, img_height: 64 };

/** Jobs by the API, in this order. @returns their ids */
async function createJobs(prompts: readonly string[], body: object = {}): Promise<string[]> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const ids: string[] = [];
  for (const prompt of prompts) {
    const sent = JSON.stringify({ ...small, ...body, prompt });
    const reply = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body: sent });
    const { id }: { id: string } = JSON.parse(await reply.text());
    ids.push(id);
  }
  return ids;
}

async function openQueue(page: Page) {
  await page.getByRole('button', { name: /^Queue: / }).click();
  const panel = page.getByRole('dialog', { name: 'Queue' });
  const prompts = () => panel.locator('.queue-list .prompt').allTextContents();
  await panel.getByRole('heading', { name: 'Queue' }).waitFor();
  return { panel, prompts };
}

test('the queue of twelve runs in two tabs: move one by keys or drag, run one next, cancel one or all; workers follow', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const names = Array.from({ length: 12 }, (_, index) => `a kite number ${index}.`);
  await createJobs(names);
  const page = await web().visit();
  const other = await page.context().newPage();
  await other.goto(web().server.url);
  const [{ panel, prompts }, second] = [await openQueue(page), await openQueue(other)];
  for (const each of [prompts, second.prompts]) await expect.poll(each).toEqual(names);
  await panel.getByText('12 runs. Queue paused by the administrator.').waitFor();

  await panel.getByRole('button', { name: 'Move: a kite number 2.' }).press('ArrowUp');
  await expect.poll(async () => (await prompts()).slice(0, 3)).toEqual([names[0], names[2], names[1]]);
  await panel.getByRole('button', { name: 'Run next: a kite number 11.' }).click();
  await expect.poll(async () => (await prompts())[0]).toBe(names[11]);
  await panel.getByRole('button', { name: 'Move: a kite number 0.' }).hover();
  await page.mouse.down();
  await panel.getByRole('button', { name: 'Move: a kite number 1.' }).hover();
  await page.mouse.up();
  const start = [names[11], names[2], names[1], names[0], names[3]];
  for (const each of [prompts, second.prompts])
    await expect.poll(async () => (await each()).slice(0, 5)).toEqual(start);

  await second.panel.getByRole('button', { name: 'Cancel in the queue: a kite number 11.' }).click();
  for (const each of [prompts, second.prompts]) await expect.poll(each).toHaveLength(11);
  for (const name of names.slice(4, 11))
    await panel.getByRole('button', { name: `Cancel in the queue: ${name}` }).click();
  await expect.poll(prompts).toEqual([names[2], names[1], names[0], names[3]]);
  await rule('resume');
  await panel.getByText('Nothing is running or queued.').waitFor();
  const { url, devKey } = web().server;
  const reply = await fetch(`${url}/api/jobs?status=succeeded&q=kite`, { headers: { 'x-api-key': devKey } });
  const { jobs }: { jobs: { prompt: string; started_at: string }[] } = JSON.parse(await reply.text());
  const started = jobs.toSorted((one, next) => Date.parse(one.started_at) - Date.parse(next.started_at));
  expect(started.map(({ prompt }) => prompt)).toEqual([names[2], names[1], names[0], names[3]]);
});

test('what another client starts is in the queue at once, is no run of this page, and leaves with its end', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const page = await web().visit('/?size=64x64&steps=3');
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  // The stream is there once the page has read what there was before.
  await expect.poll(() => page.locator('.results > *').count()).toBeGreaterThan(0);
  let lists = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).searchParams.get('status') === 'queued') lists += 1;
  });
  const names = Array.from({ length: 8 }, (_, index) => `a gong elsewhere ${index}.`);
  await Promise.all(names.map((name) => createJobs([name])));
  await page.getByRole('button', { name: 'Queue: 8 unfinished' }).waitFor();
  // However many there are, they are not asked for one by one.
  expect(lists).toBeLessThan(8);
  await make(page, 'a bell of this page');
  expect(await page.locator('.run-card').allTextContents()).toEqual([expect.stringContaining('a bell of this page')]);
  const { panel, prompts } = await openQueue(page);
  await expect.poll(async () => (await prompts()).toSorted()).toEqual(['a bell of this page', ...names]);
  expect((await prompts()).at(-1)).toBe('a bell of this page');
  await panel.getByRole('button', { name: `Cancel in the queue: ${names[0]}` }).click();
  await expect.poll(prompts).toHaveLength(8);
  await rule('resume');
  await panel.getByText('Nothing is running or queued.').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.run-card.succeeded').waitFor();
  expect(await page.locator('.run-card').count()).toBe(1);
  await page.getByText(/gong elsewhere/).waitFor({ state: 'detached' });
});

test('a run that cannot be cancelled stays in the queue, and why is said', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const page = await web().visit('/?size=64x64&steps=2');
  await make(page, 'a stubborn bell');
  const { panel, prompts } = await openQueue(page);
  const problem = { type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'it is stuck' };
  await page.route('**/api/jobs/*', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
  );
  await panel.getByRole('button', { name: 'Cancel in the queue: a stubborn bell' }).click();
  await panel.getByRole('alert').getByText('It is stuck.').waitFor();
  expect(await prompts()).toEqual(['a stubborn bell']);
  await page.unroute('**/api/jobs/*');
  await panel.getByRole('button', { name: 'Cancel in the queue: a stubborn bell' }).click();
  await panel.getByText('Nothing is running or queued.').waitFor();
  await panel.getByRole('alert').waitFor({ state: 'detached' });
});

test('what another client has finished meanwhile does not come into the strip with the next connection', async () => {
  const first = await web().visit('/?size=64x64&steps=2');
  await first.getByLabel('Prompt', { exact: true }).waitFor();
  const second = await first.context().newPage();
  await second.goto(web().server.url);
  await second.locator('.results > *').first().waitFor();
  const [id] = await createJobs(['a drum from elsewhere']);
  const { url, devKey } = web().server;
  await fetch(`${url}/api/jobs/${id}/events`, { headers: { 'x-api-key': devKey } }).then((events) => events.text());
  // The tab with the connection tells all tabs that it is there, and each catches up.
  const third = await first.context().newPage();
  const caughtUp = second.waitForRequest((each) => new URL(each.url()).searchParams.get('status') === 'running');
  await third.goto(url);
  await third.locator('.earlier-card', { hasText: 'a drum from elsewhere' }).waitFor();
  await caughtUp;
  await make(second, 'a drum from here');
  await second.locator('.run-card.succeeded', { hasText: 'a drum from here' }).waitFor();
  expect(await second.getByText('a drum from elsewhere').count()).toBe(0);
});

test('all runs are cancelled at once, after a question; one that has begun cannot be moved, and that is said', async () => {
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const ids = await createJobs(['a drum', 'a flute', 'a harp']);
  const page = await web().visit();
  const { panel, prompts } = await openQueue(page);
  await expect.poll(prompts).toEqual(['a drum', 'a flute', 'a harp']);
  await page.route('**/move', async (route) => {
    // As if it had begun, or ended, in the moment of the press.
    const { url, devKey } = web().server;
    await fetch(`${url}/api/jobs/${ids[2]}`, { method: 'DELETE', headers: { 'x-api-key': devKey } });
    await route.continue();
  });
  await panel.getByRole('button', { name: 'Run next: a harp' }).click();
  await panel.getByText(/not queued any more/).waitFor();
  await expect.poll(prompts).toEqual(['a drum', 'a flute']);
  await panel.getByRole('button', { name: 'Cancel all' }).click();
  await panel.getByRole('button', { name: 'Cancel 2 runs? Nothing is charged' }).click();
  await panel.getByText('Nothing is running or queued.').waitFor();
  await panel.getByText('2 runs cancelled').waitFor({ state: 'attached' });
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('button', { name: /^Queue: / }).count()).toBe(0);
});
