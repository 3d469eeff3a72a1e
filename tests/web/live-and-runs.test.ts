import { EaselClient } from '@easel/client';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { draftOf, keep, live, promptOf, refusal, sentBy } from '../support/live-page.ts';
import { replyTo, useWebPage } from '../support/web-page.ts';

// However slow this machine is.
const web = useWebPage({ env: { EASEL_DRAFTS_MAX_SECONDS: '3600', EASEL_DRAFTS_PER_MINUTE: '1000' } });

/** Longer than the page waits for more to be typed. */
const LONG_MS = 1000;

async function visit(): Promise<Page> {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  await live(page).check();
  return page;
}

async function pauseQueue(): Promise<() => Promise<void>> {
  const { url, adminKey } = web().server;
  const rule = async (what: 'pause' | 'resume') => {
    await fetch(`${url}/api/admin/queue/${what}`, { method: 'POST', headers: { 'x-api-key': adminKey } });
  };
  await rule('pause');
  const resume = () => rule('resume');
  onTestFinished(resume);
  return resume;
}

interface HeldDraft {
  readonly isMade: () => Promise<boolean>;
  readonly release: () => Promise<void>;
}

/** Holds the replies to drafts, which the server makes meanwhile. @returns the next one that the page asks for */
async function holdDrafts(page: Page): Promise<() => Promise<HeldDraft>> {
  const { url: baseUrl, devKey: apiKey } = web().server;
  const client = new EaselClient({ baseUrl, apiKey });
  const held: HeldDraft[] = [];
  await page.route('**/api/jobs', async (route) => {
    if (route.request().method() !== 'POST' || route.request().postDataJSON().draft !== true) return route.continue();
    const reply = await replyTo(route);
    const { id } = await reply.json();
    held.push({
      isMade: async () => (await client.jobs.get(id)).status === 'succeeded',
      release: () => route.fulfill({ response: reply }),
    });
  });
  return async () => {
    await expect.poll(() => held.length).toBeGreaterThan(0);
    const [first] = held.splice(0);
    if (first === undefined) throw new Error('there is one');
    await expect.poll(first.isMade).toBe(true);
    return first;
  };
}

test('a draft that comes after Enter does not cover the run, and one of a prompt that was removed does not appear', async () => {
  const page = await visit();
  const next = await holdDrafts(page);
  await promptOf(page).fill('a teapot');
  const late = await next();
  await promptOf(page).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  await late.release();
  await page.waitForTimeout(LONG_MS);
  expect(await draftOf(page, 'a teapot').count()).toBe(0);
  await page.getByRole('button', { name: 'Open picture 1 of 1: a teapot' }).waitFor();
  await promptOf(page).fill('a kettle');
  const needless = await next();
  await promptOf(page).fill('');
  await needless.release();
  await page.waitForTimeout(LONG_MS);
  expect(await draftOf(page, 'a kettle').count()).toBe(0);
  // What was removed and typed again is asked for again.
  await promptOf(page).fill('a kettle');
  await (await next()).release();
  await draftOf(page, 'a kettle').waitFor();
});

test('a draft that was refused is not tried again once a run has the stage', async () => {
  const page = await visit();
  let refused = 0;
  await page.route('**/api/jobs', (route) => {
    if (route.request().method() !== 'POST' || route.request().postDataJSON().draft !== true) return route.continue();
    refused += 1;
    return route.fulfill({ ...refusal(429, 'rate_limited', 'too many'), headers: { 'retry-after': '3' } });
  });
  await promptOf(page).fill('a ladder');
  await page.getByRole('alert').getByText('Too many. Drafts resume in 3 seconds.').waitFor();
  await promptOf(page).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  const before = refused;
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.waitForTimeout(LONG_MS);
  expect(refused).toBe(before);
});

test('while a run is unfinished no draft is made of what has not changed: not after a reload, another view or an input method', async () => {
  const page = await visit();
  await promptOf(page).fill('a harbour');
  await draftOf(page, 'a harbour').waitFor();
  await pauseQueue();
  await promptOf(page).press('Enter');
  await page.locator('.run-card.queued').waitFor();
  const sent = sentBy(page);
  for (const type of ['compositionstart', 'compositionend']) {
    await promptOf(page).evaluate((field, name) => {
      field.dispatchEvent(new Event(name, { bubbles: true }));
    }, type);
  }
  await page.waitForTimeout(LONG_MS);
  await page.reload();
  await page.locator('.run-card.queued').waitFor();
  await page.waitForTimeout(LONG_MS);
  await page.getByRole('link', { name: 'Gallery' }).click();
  await promptOf(page).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.locator('.run-card.queued').waitFor();
  await page.waitForTimeout(LONG_MS);
  expect(await live(page).isChecked()).toBe(true);
  expect(sent).toEqual([]);
  await promptOf(page).fill('a harbour at dawn');
  await expect.poll(() => sent.at(-1)?.prompt).toBe('a harbour at dawn');
});

test('Keep does nothing until the price of its own draft is known, and so does the price beside Generate', async () => {
  const page = await visit();
  await promptOf(page).fill('a tower');
  await draftOf(page, 'a tower').waitFor();
  await keep(page).waitFor();
  const before = await keep(page).textContent();
  const gate = Promise.withResolvers<void>();
  await page.route('**/api/price**', async (route) => {
    await gate.promise;
    await route.continue();
  });
  const sent = sentBy(page);
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('24');
  expect(await page.locator('.run small').textContent()).not.toMatch(/credits/);
  const unpriced = page.getByRole('button', { name: 'Keep', exact: true });
  await unpriced.waitFor();
  await unpriced.click({ force: true });
  expect(sent.filter(({ draft }) => draft === undefined)).toEqual([]);
  gate.resolve();
  await keep(page).waitFor();
  expect(await keep(page).textContent()).not.toBe(before);
  await page
    .locator('.run small')
    .getByText(/credits/)
    .waitFor();
});

test('a draft that another tab has replaced is asked for again when this one has the focus; one whose record is gone, by itself', async () => {
  const page = await visit();
  const sent = sentBy(page);
  const resume = await pauseQueue();
  const other = await page.context().newPage();
  await other.goto(web().server.url);
  const arrived = page.waitForResponse('**/api/jobs');
  await promptOf(page).fill('a train');
  await arrived;
  await live(other).check();
  await promptOf(other).fill('a tram');
  const note = page.getByText(/^Drafts are paused: another tab/);
  await note.waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  expect([sent.length, await live(page).isChecked()]).toEqual([1, true]);
  await page.evaluate("window.dispatchEvent(new Event('focus'))");
  await expect.poll(() => sent.length).toBe(2);
  await resume();
  await draftOf(page, 'a train').waitFor();
  await note.waitFor({ state: 'detached' });
  let isGone = true;
  await page.route('**/api/jobs/*/events', (route) => {
    const reply = isGone ? route.fulfill(refusal(404, 'not_found', 'this job is not known')) : route.continue();
    isGone = false;
    return reply;
  });
  await promptOf(page).fill('a train in a tunnel');
  await draftOf(page, 'a train in a tunnel').waitFor();
  expect([isGone, await live(page).isChecked()]).toEqual([false, true]);
});

test('on a phone it is told why drafts have stopped, while the settings are folded away', async () => {
  const page = await web().visit('/', { viewport: { width: 360, height: 780 } });
  await page.getByRole('button', { name: 'All settings' }).click();
  await live(page).check();
  await page.keyboard.press('Escape');
  await page.route('**/api/jobs', (route) =>
    route.fulfill({ ...refusal(429, 'rate_limited', 'too many'), headers: { 'retry-after': '1' } }),
  );
  await promptOf(page).fill('a pier');
  await page.getByRole('alert').getByText('Too many. Drafts resume in 1 second.').waitFor();
  expect(await page.locator('.sheet.open').count()).toBe(0);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
});

test('the picture has the seed of its draft after the seed was unlocked, too; switched off, the seed is random again', async () => {
  const page = await visit();
  const sent = sentBy(page);
  await promptOf(page).fill('a windmill');
  await draftOf(page, 'a windmill').waitFor();
  await page.getByRole('button', { name: 'Seed locked' }).click();
  await expect.poll(() => new Set(sent.map(({ seed }) => seed)).size).toBe(2);
  expect(typeof sent.at(-1)?.seed).toBe('number');
  await promptOf(page).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  expect(sent.at(-1)).toMatchObject({ prompt: 'a windmill', seed: sent.at(-2)?.seed });
  await live(page).uncheck();
  await page.getByRole('button', { name: 'Random seed each time' }).waitFor();
});

test('what takes the stage leaves the keyboard where it was: in the strip after Keep, in the results after a draft', async () => {
  const page = await visit();
  await promptOf(page).fill('a barn');
  await draftOf(page, 'a barn').waitFor();
  await expect.poll(() => keep(page).isEnabled()).toBe(true);
  await keep(page).focus();
  await page.keyboard.press('Enter');
  const isFocused = (selector: string) => page.evaluate(`document.activeElement.matches('${selector}')`);
  await expect.poll(() => isFocused('.strip button[aria-current]')).toBe(true);
  const picture = page.getByRole('button', { name: 'Open picture 1 of 1: a barn' });
  await picture.waitFor();
  const next = await holdDrafts(page);
  await promptOf(page).fill('a barn in spring');
  const draft = await next();
  await picture.focus();
  await draft.release();
  await draftOf(page, 'a barn in spring').waitFor();
  await expect.poll(() => isFocused('.results')).toBe(true);
});
