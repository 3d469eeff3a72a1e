import type { Page } from 'playwright-core';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { fillGallery } from '../support/fill-gallery.ts';
import { paint, paintAll, submit } from '../support/paint.ts';
import { replyTo, useWebPage } from '../support/web-page.ts';

const web = useWebPage();

beforeAll(async () => {
  await fillGallery(web().server, { count: 60, sizes: [[64, 64]], prompt: (index) => `a pear number ${index}.` });
}, 600_000);

const entries = (page: Page) => page.locator('.entry');
const open = (page: Page, prompt: string) => page.getByRole('button', { name: `Open picture 1 of 1: ${prompt}` });
const scrollTo = (page: Page, y: number | 'end') =>
  page.evaluate(`window.scrollTo(0, ${y === 'end' ? 'document.body.scrollHeight' : y})`);

/** Lets the page's own look at the list happen for events only. */
const withoutTurns = 'window.setInterval = () => 0';
/** Of the newest; what one has scrolled to is asked for with a cursor. */
const isList = ({ pathname, searchParams }: URL) =>
  pathname === '/api/jobs' && searchParams.get('limit') === '24' && !searchParams.has('cursor');

interface HeldLists {
  /** Resolves when a reply is held. */
  readonly held: () => Promise<void>;
  /** Lets the oldest reply through, once there is one. */
  readonly release: () => Promise<void>;
  readonly releaseAll: () => void;
}

/** Holds the replies to the list, each as it was when it was asked for. */
async function holdLists(page: Page): Promise<HeldLists> {
  const passes: (() => void)[] = [];
  let isOver = false;
  await page.route(isList, async (route) => {
    const response = await replyTo(route);
    if (!isOver) await new Promise<void>((resolve) => passes.push(resolve));
    await route.fulfill({ response });
  });
  onTestFinished(() => page.unrouteAll({ behavior: 'ignoreErrors' }));
  const held = () => expect.poll(() => passes.length).toBeGreaterThan(0);
  return {
    held,
    async release() {
      await held();
      passes.shift()?.();
    },
    releaseAll() {
      isOver = true;
      for (const pass of passes) pass();
    },
  };
}

test('a job that is made while the list is on its way appears, though its events came before the list', async () => {
  const page = await web().visit();
  await page.context().addInitScript(withoutTurns);
  await page.reload();
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  const { held, release, releaseAll } = await holdLists(page);
  await page.getByRole('link', { name: 'Gallery' }).click();
  await held();
  // Its end is heard of, whatever the tab shows: it changes the balance.
  const told = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/credits');
  await paint(web().server, { prompt: 'a quince between list and event', seed: 1 });
  await told;
  await release();
  releaseAll();
  await entries(page).first().getByText('a quince between list and event').waitFor();
});

test('what was made before the stream of events is there appears once it is', async () => {
  const page = await web().visit();
  await page.context().addInitScript(withoutTurns);
  await page.route('**/api/events*', (route) => route.abort('connectionfailed'));
  await page.goto(`${web().server.url}/gallery`);
  await entries(page).first().waitFor();
  await paint(web().server, { prompt: 'a medlar unheard of', seed: 1 });
  expect(await page.getByText('a medlar unheard of').count()).toBe(0);
  await page.unroute('**/api/events*');
  await entries(page).first().getByText('a medlar unheard of').waitFor();
});

test('a picture of a run that others have overtaken takes its place among them as it ends', async () => {
  const { url, adminKey } = web().server;
  const rule = (order: 'pause' | 'resume') =>
    fetch(`${url}/api/admin/queue/${order}`, { method: 'POST', headers: { 'x-api-key': adminKey } });
  const until = Date.now() + 3_000_000;
  await fillGallery(web().server, { count: 30, sizes: [[64, 64]], prompt: () => 'a newer plum', newest: until });
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  // The first may be taken before its worker hears of the pause.
  const jobs = [
    await submit(web().server, { prompt: 'an early damson' }),
    await submit(web().server, { prompt: 'a late damson', priority: -5 }),
  ];
  const page = await web().visit('/gallery');
  await page.context().addInitScript(withoutTurns);
  await page.reload();
  await entries(page).nth(20).waitFor();
  await rule('resume');
  for (const end of jobs) await end();
  await open(page, 'a late damson').waitFor();
});

test('a list from before a change does not undo it', async () => {
  await paint(web().server, { prompt: 'a loquat to be starred', seed: 1 });
  const page = await web().visit('/gallery?words=loquat');
  await page.getByRole('button', { name: 'Favourite: a loquat to be starred' }).waitFor();
  const { held, release, releaseAll } = await holdLists(page);
  await paint(web().server, { prompt: 'another loquat', seed: 1 });
  await held();
  const star = page.getByRole('button', { name: 'Favourite: a loquat to be starred' });
  await star.click();
  await page.getByRole('button', { name: 'Favourite: a loquat to be starred', pressed: true }).waitFor();
  // No request is waited for: on a busy machine the next list may have been asked for already.
  const arrived = page.waitForResponse((response) => isList(new URL(response.url())));
  await release();
  await (await arrived).finished();
  expect(await star.getAttribute('aria-pressed')).toBe('true');
  releaseAll();
  await entries(page).first().getByText('another loquat').waitFor();
  expect(await star.getAttribute('aria-pressed')).toBe('true');
});

test('what is made elsewhere appears by itself: on top, or above what one looks at, which stays where it is', async () => {
  const page = await web().visit('/gallery?words=number');
  await entries(page).nth(20).waitFor();
  await paint(web().server, { prompt: 'a peach number 1 from elsewhere', seed: 1 });
  await entries(page).first().getByText('a peach number 1 from elsewhere').waitFor();
  await scrollTo(page, 'end');
  await scrollTo(page, 'end');
  await scrollTo(page, 1000);
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(1000);
  const topmost = `(() => {
    const found = [...document.querySelectorAll('.entry')].find((entry) => entry.getBoundingClientRect().bottom > 132);
    return [found?.querySelector('.picture')?.dataset.picture, found?.getBoundingClientRect().top];
  })()`;
  const [id, top] = await page.evaluate<[string, number]>(topmost);
  const height = await page.evaluate<number>('document.body.scrollHeight');
  // More than a row of them.
  await paintAll(
    web().server,
    Array.from({ length: 8 }, (_, index) => ({ prompt: `a nectarine number ${index}.`, seed: index })),
  );
  await expect.poll(() => page.evaluate<number>('document.body.scrollHeight')).toBeGreaterThan(height + 100);
  const topOfIt = `document.querySelector('[data-picture="${id}"]')?.getBoundingClientRect().top`;
  await expect.poll(() => page.evaluate(topOfIt)).toBe(top);
  await scrollTo(page, 0);
  await open(page, 'a nectarine number 7.').waitFor();
  // More than a page of them, while nobody looks: nothing is missing when one comes back.
  await page.getByRole('link', { name: 'Playground' }).click();
  await fillGallery(web().server, {
    count: 40,
    sizes: [[64, 64]],
    prompt: (index) => `a sloe number ${index}.`,
    newest: Date.now() + 6_000_000,
  });
  await page.getByRole('link', { name: 'Gallery' }).click();
  await open(page, 'a sloe number 0.').waitFor();
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 300);
      return open(page, 'a sloe number 39.').count();
    })
    .toBe(1);
});
