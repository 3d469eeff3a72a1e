import { EaselClient } from '@easel/client';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { draftOf, keep, live, promptOf, refusal, sentBy } from '../support/live-page.ts';
import { useWebPage } from '../support/web-page.ts';

// However slow this machine is.
const web = useWebPage({ env: { EASEL_DRAFTS_MAX_SECONDS: '3600', EASEL_DRAFTS_PER_MINUTE: '1000' } });
const withoutDrafts = useWebPage({ env: { EASEL_DRAFTS_MAX_SECONDS: '0' } });

async function visit(): Promise<Page> {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  await live(page).waitFor();
  return page;
}

function client(): EaselClient {
  const { url, devKey } = web().server;
  return new EaselClient({ baseUrl: url, apiKey: devKey });
}

/** The page rounds it. */
const remaining = async () => (await client().account.credits()).remaining;
/** The ids of the account's jobs, as the gallery has them. */
const listed = async () => (await client().jobs.list()).jobs.map(({ id }) => id);

test('a draft follows the typing once it is switched on, the last one is shown, and none is charged or listed', async () => {
  const page = await visit();
  const sent = sentBy(page);
  const before = [await remaining(), await listed()];
  expect(await live(page).isChecked()).toBe(false);
  await promptOf(page).fill('a fox');
  await live(page).check();
  await draftOf(page, 'a fox').waitFor();
  await promptOf(page).pressSequentially(' in the snow', { delay: 30 });
  await draftOf(page, 'a fox in the snow').waitFor();
  await page.getByRole('spinbutton', { name: 'Guidance value' }).fill('5');
  await expect.poll(() => sent.at(-1)?.guidance_scale).toBe(5);
  const seeds = new Set(sent.map(({ seed }) => seed));
  expect(sent.every(({ draft, samples }) => draft === true && samples === 1)).toBe(true);
  expect([seeds.size, typeof sent[0]?.seed]).toEqual([1, 'number']);
  expect(await page.locator('.run-card').count()).toBe(0);
  await page.getByText('Small previews update as you type. They are free and not saved.').waitFor();
  expect([await remaining(), await listed()]).toEqual(before);
});

test('what is kept is charged once, as the button says, is saved with the seed of the draft, and has the stage', async () => {
  const page = await visit();
  const sent = sentBy(page);
  const before = await remaining();
  await page.getByRole('spinbutton', { name: 'Pictures value' }).fill('3');
  await promptOf(page).fill('a lighthouse');
  await live(page).check();
  await draftOf(page, 'a lighthouse').waitFor();
  await keep(page).waitFor();
  const price = Number(/\d+\.\d+/.exec((await keep(page).textContent()) ?? '')?.[0]);
  await keep(page).dblclick();
  await page.locator('.run-card.succeeded').waitFor();
  await page.getByRole('button', { name: 'Open picture 1 of 1: a lighthouse' }).waitFor();
  expect(await draftOf(page, 'a lighthouse').count()).toBe(0);
  const [kept, ...others] = sent.filter(({ draft }) => draft === undefined);
  expect(others).toEqual([]);
  expect(kept).toMatchObject({ prompt: 'a lighthouse', samples: 1, seed: sent[0]?.seed });
  await expect.poll(async () => before - (await remaining())).toBeCloseTo(price, 7);
  await promptOf(page).fill('a lighthouse at night');
  await draftOf(page, 'a lighthouse at night').waitFor();
  expect(await page.locator('.strip button[aria-current]').count()).toBe(0);
  await page.locator('.strip button').first().click();
  await page.getByRole('button', { name: 'Open picture 1 of 1: a lighthouse' }).waitFor();
});

test('by keys alone: the switch by Space, the picture by Enter in the prompt or on Keep', async () => {
  const page = await visit();
  await live(page).focus();
  await page.keyboard.press('Space');
  expect(await live(page).isChecked()).toBe(true);
  await promptOf(page).fill('a teapot');
  await promptOf(page).press('Enter');
  await page.getByRole('button', { name: 'Open picture 1 of 1: a teapot' }).waitFor();
  await promptOf(page).fill('a teapot on a table');
  await draftOf(page, 'a teapot on a table').waitFor();
  await expect.poll(() => keep(page).isEnabled()).toBe(true);
  await keep(page).focus();
  await page.keyboard.press('Enter');
  await page.locator('.run-card.succeeded').nth(1).waitFor();
});

test('it stays as it is through a reload and other views, and switched off no draft is made', async () => {
  const page = await visit();
  await live(page).check();
  await promptOf(page).fill('a castle');
  await draftOf(page, 'a castle').waitFor();
  await page.reload();
  await draftOf(page, 'a castle').waitFor();
  await live(page).uncheck();
  await draftOf(page, 'a castle').waitFor({ state: 'detached' });
  const sent = sentBy(page);
  await promptOf(page).fill('a castle by the sea');
  // Longer than it waits for more.
  await page.waitForTimeout(1000);
  expect(sent).toEqual([]);
  await page.reload();
  await live(page).waitFor();
  expect(await live(page).isChecked()).toBe(false);
});

test('a text that is still being composed is not drafted', async () => {
  const page = await visit();
  const sent = sentBy(page);
  await live(page).check();
  await promptOf(page).fill('a cat');
  await draftOf(page, 'a cat').waitFor();
  const compose = (type: string) =>
    promptOf(page).evaluate((field, name) => {
      field.dispatchEvent(new Event(name, { bubbles: true }));
    }, type);
  await compose('compositionstart');
  await promptOf(page).fill('a cat に');
  // Longer than it waits for more.
  await page.waitForTimeout(1000);
  await promptOf(page).fill('a cat 日');
  await compose('compositionend');
  await draftOf(page, 'a cat 日').waitFor();
  expect(sent.map(({ prompt }) => prompt)).toEqual(['a cat', 'a cat 日']);
});

test('without credits drafts end with the reason; where there are too many they resume by themselves', async () => {
  const page = await visit();
  await live(page).check();
  await promptOf(page).fill('a bear');
  await draftOf(page, 'a bear').waitFor();
  let tooMany = 1;
  await page.route('**/api/jobs', (route) => {
    tooMany -= 1;
    const reply = refusal(429, 'rate_limited', 'this account is limited to 60 drafts per minute');
    return tooMany < 0 ? route.continue() : route.fulfill({ ...reply, headers: { 'retry-after': '3' } });
  });
  await promptOf(page).fill('a bear on the ice');
  await page
    .getByRole('alert')
    .getByText('This account is limited to 60 drafts per minute. Drafts resume in 3 seconds.')
    .waitFor();
  await draftOf(page, 'a bear on the ice').waitFor();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.unroute('**/api/jobs');
  await page.route('**/api/jobs', (route) => route.fulfill(refusal(406, 'insufficient_credits', 'not enough credits')));
  await promptOf(page).fill('two bears');
  await page.getByRole('alert').getByText('Not enough credits.').waitFor();
  expect(await live(page).isChecked()).toBe(false);
});

test('who listens to the page hears of the first draft only', async () => {
  const page = await visit();
  const heard = page.locator('.form-first > .visually-hidden[role=status]');
  await live(page).check();
  expect(await heard.textContent()).toBe('');
  await promptOf(page).fill('a bell');
  await draftOf(page, 'a bell').waitFor();
  const first = await heard.textContent();
  expect(first).toBe('The first draft is shown. Drafts follow your changes.');
  await promptOf(page).fill('a golden bell');
  await draftOf(page, 'a golden bell').waitFor();
  expect(await heard.textContent()).toBe(first);
});

test.each([
  ['light', { width: 1280, height: 900 }],
  ['dark', { width: 360, height: 780 }],
] as const)('axe finds nothing in a draft, in %s', async (colorScheme, viewport) => {
  const page = await web().visit('/', { colorScheme, viewport });
  if (viewport.width < 500) await page.getByRole('button', { name: 'All settings' }).click();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  await live(page).check();
  await promptOf(page).fill('a boat');
  if (viewport.width < 500) await page.keyboard.press('Escape');
  await draftOf(page, 'a boat').waitFor();
  await keep(page).waitFor();
  await page.evaluate(axe.source);
  const found =
    await page.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
  expect(found).toEqual([]);
});

test('where no drafts are made there is no switch', async () => {
  const page = await withoutDrafts().visit();
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  expect(await live(page).count()).toBe(0);
});
