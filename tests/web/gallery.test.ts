import type { Page } from 'playwright-core';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { replyTo, useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const steps = { num_inference_steps: 2, img_width: 64, img_height: 64 };

/** @returns what resolves when it is there */
async function submit(body: object): Promise<() => Promise<unknown>> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const reply = await fetch(`${url}/api/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...steps, ...body }),
  });
  expect(reply.status).toBe(202);
  const { id }: { id: string } = JSON.parse(await reply.text());
  return () => fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
}

const paint = async (body: object) => (await submit(body))();

/** In this order; the last is the newest. */
async function paintAll(bodies: readonly object[]): Promise<void> {
  const jobs: (() => Promise<unknown>)[] = [];
  for (const body of bodies) jobs.push(await submit(body));
  for (const until of jobs) await until();
}

beforeAll(async () => {
  const pears = Array.from({ length: 30 }, (_, index) => ({ prompt: `a pear number ${index}`, seed: index }));
  await paintAll([...pears, { prompt: 'a yellow lemon <img src=x onerror=alert(1)>', seed: 777, img_width: 96 }]);
}, 600_000);

const unseen = { x: -1, y: -1, width: 0, height: 0 };
const entries = (page: Page) => page.locator('.entry');
async function search(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label).fill(text);
  await page.getByRole('button', { name: 'Search' }).click();
}

test('it goes on as one scrolls, to the very first', async () => {
  const page = await web().visit('/gallery');
  await entries(page).first().waitFor();
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 4000);
      return entries(page).count();
    })
    .toBe(31);
});

test('it goes on as well when a busy browser tells of several movements at once', async () => {
  const page = await web().visit();
  await page.context().addInitScript(`window.IntersectionObserver = class extends IntersectionObserver {
    constructor(notify, options) {
      super((entries, observer) => notify([{ isIntersecting: false }, ...entries], observer), options);
    }
  }`);
  await page.goto(`${web().server.url}/gallery`);
  await entries(page).first().waitFor();
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 4000);
      return entries(page).count();
    })
    .toBe(31);
});

test('words, seed, size and model are searched for, and the address keeps the search', async () => {
  const page = await web().visit('/gallery');
  await search(page, 'Search prompts', 'lemon');
  await expect.poll(() => entries(page).count()).toBe(1);
  expect(new URL(page.url()).search).toBe('?words=lemon');
  await page.reload();
  await expect.poll(() => entries(page).count()).toBe(1);
  await search(page, 'Search prompts', '');
  await search(page, 'Seed', '12');
  await expect.poll(() => entries(page).count()).toBe(1);
  expect(await entries(page).textContent()).toContain('a pear number 12');
  await search(page, 'Seed', '');
  await search(page, 'Size, such as 128x128', '96x64');
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByLabel('Model', { exact: true }).selectOption('playground-v2.5');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('model')).toBe('playground-v2.5');
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.goto(`${web().server.url}/gallery?model=gone`);
  await page.getByText('No results.').waitFor();
  expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('gone');
});

test('the seed of any picture finds its run, a size may be typed as it is shown, and what is no seed is told', async () => {
  await paint({ prompt: 'four violins', seed: 5000, samples: 4 });
  const page = await web().visit('/gallery');
  await search(page, 'Seed', '5003');
  await expect.poll(() => entries(page).count()).toBe(1);
  expect(await entries(page).textContent()).toContain('four violins');
  // Whoever searches by keyboard goes on where they were.
  await page.getByLabel('Seed').fill('');
  await page.getByLabel('Size, such as 128x128').fill('96×64');
  await page.getByLabel('Size, such as 128x128').press('Enter');
  await expect.poll(() => entries(page).first().textContent()).toContain('a yellow lemon');
  expect(await page.evaluate('document.activeElement?.placeholder')).toBe('128x128');
  await page.goto(`${web().server.url}/gallery?seed=abc`);
  await page.getByText('“abc” is not a seed').waitFor();
  expect(await entries(page).count()).toBe(0);
});

test('what was cancelled can be kept out', async () => {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt: 'a cancelled kite', num_inference_steps: 100, samples: 4 });
  const { id }: { id: string } = JSON.parse(
    await fetch(`${url}/api/jobs`, { method: 'POST', headers, body }).then((reply) => reply.text()),
  );
  await fetch(`${url}/api/jobs/${id}`, { method: 'DELETE', headers: { 'x-api-key': devKey } });
  const page = await web().visit('/gallery?words=cancelled');
  await page.getByText('Cancelled. Nothing was charged.').waitFor();
  await page.getByLabel('Completed only').check();
  await page.getByText('No results.').waitFor();
});

test('the way to the other views stays in sight, and one comes back to the very place that one left by a click', async () => {
  const page = await web().visit('/gallery');
  await entries(page).first().waitFor();
  await entries(page).nth(23).waitFor();
  const place = 1100;
  await page.evaluate(`window.scrollTo(0, ${place})`);
  expect(await page.evaluate('window.scrollY')).toBe(place);
  for (const name of ['Playground', 'Gallery']) {
    const { x, y, width, height } = (await page.getByRole('link', { name }).boundingBox()) ?? unseen;
    expect(y).toBeGreaterThanOrEqual(0);
    // By the mouse where it is: a click of the test's own scrolls first.
    await page.mouse.click(x + width / 2, y + height / 2);
    await page.getByRole('heading', { name, includeHidden: true }).waitFor({ state: 'attached' });
  }
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(place);
  await page.getByRole('link', { name: 'Gallery' }).click();
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(0);
});

test('pictures are asked for once: a reload takes them from the browser, and those far below wait', async () => {
  const page = await web().visit('/gallery');
  const loaded = `[...document.querySelectorAll('.picture img')].filter((img) => img.complete && img.naturalWidth > 0).length`;
  /** Of each picture that was loaded, the bytes that came over the wire for it. */
  const transfers = async () =>
    new Map(
      await page.evaluate<[string, number][]>(`performance.getEntriesByType('resource')
        .filter(({ name }) => name.includes('/api/images/')).map(({ name, transferSize }) => [name, transferSize])`),
    );
  await entries(page).nth(23).waitFor();
  await expect.poll(() => page.evaluate<number>(loaded)).toBeGreaterThan(3);
  const before = await transfers();
  expect([...before.values()].every((bytes) => bytes > 0)).toBe(true);
  await page.reload();
  await expect.poll(() => page.evaluate<number>(loaded)).toBeGreaterThan(3);
  const again = [...(await transfers())].filter(([name]) => before.has(name));
  expect(again.length).toBeGreaterThan(3);
  expect(again.filter(([, bytes]) => bytes > 0)).toEqual([]);
  for (const image of await page.locator('.picture img').all())
    expect(await image.getAttribute('loading')).toBe('lazy');
});

test('a prompt with tags is text and nothing else', async () => {
  const page = await web().visit('/gallery?words=lemon');
  await page.getByText('a yellow lemon <img src=x onerror=alert(1)>').first().waitFor();
  expect(await page.locator('img[src="x"]').count()).toBe(0);
});

test('favourites are found again, and one is deleted', async () => {
  const page = await web().visit('/gallery?words=pear');
  await entries(page).first().getByRole('button', { name: 'Favourite' }).click();
  await entries(page).first().getByRole('button', { name: 'Favourite', pressed: true }).waitFor();
  await page.getByLabel('Favourites').check();
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByLabel('Favourites').uncheck();
  await expect.poll(() => entries(page).count()).toBeGreaterThan(2);
  const gone = entries(page).first();
  const path = await gone.locator('.picture img').getAttribute('src');
  const prompt = await gone.locator('.prompt').textContent();
  await gone.getByRole('button', { name: 'Delete' }).click();
  await gone.getByRole('button', { name: 'Really delete?' }).click();
  await expect.poll(() => gone.locator('.prompt').textContent()).not.toBe(prompt);
  // The keyboard goes on with the next one.
  expect(await page.evaluate('document.activeElement?.getAttribute("aria-label")')).toMatch(/^Delete: /);
  expect((await fetch(`${web().server.url}${path}`)).status).toBe(404);
  await page.reload();
  await entries(page).first().waitFor();
  expect(await entries(page).first().locator('.prompt').textContent()).not.toBe(prompt);
});

const compare = (page: Page, name: string) => page.getByRole('button', { name: `Compare ${name}` });

test('any two pictures are compared, also of one run: on top of each other with a line to drag, or side by side', async () => {
  await paint({ prompt: 'four compared bells', seed: 6000, samples: 4 });
  const page = await web().visit('/gallery?words=bell');
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await page.getByText('Select another picture').waitFor();
  // The same one again is none.
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await page.getByText('Select another picture').waitFor({ state: 'detached' });
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await compare(page, 'picture 4 of 4: four compared bells').click();
  const dialog = page.getByRole('dialog', { name: 'Compare two pictures' });
  await dialog.getByText('seed 6001').waitFor();
  await dialog.getByText('seed 6003').waitFor();
  const slider = dialog.getByLabel('Position of the divider');
  await slider.fill('20');
  expect(await dialog.locator('.upper').getAttribute('style')).toContain('80%');
  const { x, y, width, height } = (await dialog.locator('.compare-boxes').boundingBox()) ?? unseen;
  await page.mouse.move(x + width * 0.2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.75, y + height / 2, { steps: 5 });
  await page.mouse.up();
  expect(Number(await slider.inputValue())).toBeCloseTo(75, -0.5);
  await page.mouse.move(x + width * 0.1, y + height / 2);
  expect(Number(await slider.inputValue())).toBeCloseTo(75, -0.5);
  await dialog.getByRole('button', { name: 'Side by side' }).click();
  await slider.waitFor({ state: 'detached' });
  expect(await dialog.locator('img').count()).toBe(2);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  // The dialog is closed before the page hears of it.
  await expect.poll(() => page.getByRole('button', { name: /^Compare/, pressed: true }).count()).toBe(0);
});

test('pictures of different shapes are compared without being stretched, and what is deleted is no longer chosen', async () => {
  await paint({ prompt: 'a wide compared bridge', seed: 1, img_width: 128 });
  await paint({ prompt: 'a square compared bridge', seed: 1 });
  const page = await web().visit('/gallery?words=bridge');
  await compare(page, 'picture 1 of 1: a wide compared bridge').click();
  await compare(page, 'picture 1 of 1: a square compared bridge').click();
  const dialog = page.getByRole('dialog', { name: 'Compare two pictures' });
  await expect.poll(() => dialog.locator('img.compared').count()).toBe(2);
  const fits = "[...document.querySelectorAll('img.compared')].map((img) => getComputedStyle(img).objectFit)";
  expect(await page.evaluate(fits)).toEqual(['contain', 'contain']);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await compare(page, 'picture 1 of 1: a wide compared bridge').click();
  await page.getByRole('button', { name: 'Delete: a wide compared bridge' }).click();
  await page.getByRole('button', { name: 'Delete: a wide compared bridge: Really delete?' }).click();
  await page.getByText('Select another picture').waitFor({ state: 'detached' });
});

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
  await paint({ prompt: 'a quince between list and event', seed: 1 });
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
  await paint({ prompt: 'a medlar unheard of', seed: 1 });
  expect(await page.getByText('a medlar unheard of').count()).toBe(0);
  await page.unroute('**/api/events*');
  await entries(page).first().getByText('a medlar unheard of').waitFor();
});

test('a job far below the newest is shown as it ends', async () => {
  const { url, adminKey } = web().server;
  const rule = (order: 'pause' | 'resume') =>
    fetch(`${url}/api/admin/queue/${order}`, { method: 'POST', headers: { 'x-api-key': adminKey } });
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const jobs: (() => Promise<unknown>)[] = [];
  for (let count = 0; count < 30; count += 1) jobs.push(await submit({ prompt: `a damson number ${count}` }));
  const page = await web().visit('/gallery?words=damson');
  await page.context().addInitScript(withoutTurns);
  await page.reload();
  await expect
    .poll(async () => {
      await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
      return page.getByText('Queued.').count();
    })
    .toBeGreaterThan(28); // the first may have been taken before its worker heard of the pause
  await rule('resume');
  for (const until of jobs) await until();
  await expect.poll(() => page.locator('.entry .picture').count()).toBe(30);
});

test('a list from before a change does not undo it', async () => {
  await paint({ prompt: 'a loquat to be starred', seed: 1 });
  const page = await web().visit('/gallery?words=loquat');
  await page.getByRole('button', { name: 'Favourite: a loquat to be starred' }).waitFor();
  const { held, release, releaseAll } = await holdLists(page);
  await paint({ prompt: 'another loquat', seed: 1 });
  await held();
  const star = page.getByRole('button', { name: 'Favourite: a loquat to be starred' });
  await star.click();
  await page.getByRole('button', { name: 'Favourite: a loquat to be starred', pressed: true }).waitFor();
  const next = page.waitForRequest((request) => isList(new URL(request.url())));
  await release();
  await next;
  expect(await star.getAttribute('aria-pressed')).toBe('true');
  releaseAll();
  await entries(page).first().getByText('another loquat').waitFor();
  expect(await star.getAttribute('aria-pressed')).toBe('true');
});

test('what is made elsewhere appears by itself, and one comes back to the place that one left', async () => {
  const page = await web().visit();
  await page.getByRole('link', { name: 'Gallery' }).click();
  await entries(page).first().waitFor();
  await paint({ prompt: 'a pear from elsewhere', seed: 1 });
  await entries(page).first().getByText('a pear from elsewhere').waitFor();
  // More than a page of them, while nobody looks: nothing is missing when one comes back.
  await page.getByRole('link', { name: 'Playground' }).click();
  await paintAll(Array.from({ length: 30 }, (_, index) => ({ prompt: `a plum number ${index}`, seed: index })));
  await page.getByRole('link', { name: 'Gallery' }).click();
  await entries(page).first().getByText('a plum number 29').waitFor();
  await page.getByLabel('Search prompts').waitFor();
  await expect
    .poll(async () => {
      // Not by the wheel: the last turn of it could take effect after what comes next.
      await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
      return page.getByText(/a plum number \d+$/).count();
    })
    .toBe(30);
  // What is still told of would move what is below it.
  await expect.poll(() => page.getByText(/^(?:Queued|Running)\.$/).count()).toBe(0);
  const place = 900;
  await page.evaluate(`window.scrollTo(0, ${place})`);
  await page.goBack();
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  await page.goForward();
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(place);
});
