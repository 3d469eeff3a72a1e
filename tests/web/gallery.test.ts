import type { Page, Request } from 'playwright-core';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { fillGallery } from '../support/fill-gallery.ts';
import { paint } from '../support/paint.ts';
import { replyTo, useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const PEARS = 130;

beforeAll(async () => {
  const shapes = [
    [96, 96],
    [128, 72],
    [72, 128],
  ] as const;
  await fillGallery(web().server, { count: PEARS, sizes: shapes, prompt: (index) => `a pear number ${index}.` });
  await paint(web().server, { prompt: 'a yellow lemon <img src=x onerror=alert(1)>', seed: 7777, img_width: 96 });
}, 600_000);

const unseen = { x: -1, y: -1, width: 0, height: 0 };
const entries = (page: Page) => page.locator('.entry');
const open = (page: Page, prompt: string | RegExp) =>
  page.getByRole('button', { name: typeof prompt === 'string' ? `Open picture 1 of 1: ${prompt}` : prompt });
const scrollTo = (page: Page, y: number | 'end') =>
  page.evaluate(`window.scrollTo(0, ${y === 'end' ? 'document.body.scrollHeight' : y})`);

/** Scrolls on until there is no more. */
async function toTheEnd(page: Page, until: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(async () => {
      await scrollTo(page, 'end');
      return until();
    })
    .toBe(true);
}

test('it goes on as one scrolls, to the very first, also in a browser that tells of several movements at once', async () => {
  const page = await web().visit();
  await page.context().addInitScript(`window.IntersectionObserver = class extends IntersectionObserver {
    constructor(notify, options) {
      super((entries, observer) => notify([{ isIntersecting: false }, ...entries], observer), options);
    }
  }`);
  await page.goto(`${web().server.url}/gallery?words=pear`);
  await entries(page).first().waitFor();
  await toTheEnd(page, () => open(page, `a pear number ${PEARS - 1}.`).isVisible());
  // A reader of the screen hears which of how many it is.
  const last = page.locator('.entry', { has: open(page, `a pear number ${PEARS - 1}.`) });
  expect(await last.getAttribute('aria-posinset')).toBe(String(PEARS));
  expect(await last.getAttribute('aria-setsize')).toBe(String(PEARS));
});

test('pictures stand in rows without holes, from edge to edge, each in its shape', async () => {
  const page = await web().visit('/gallery?words=pear');
  await entries(page).nth(12).waitFor();
  const boxes: { x: number; y: number; width: number; height: number }[] = await page.evaluate(
    `[...document.querySelectorAll('.entry')].map((entry) => entry.getBoundingClientRect().toJSON())`,
  );
  const wall = (await page.locator('.wall').boundingBox()) ?? unseen;
  const rows = [...Map.groupBy(boxes, ({ y }) => y).values()];
  expect(rows.length).toBeGreaterThan(2);
  for (const row of rows.slice(0, -1)) {
    const [first, last] = [row[0] ?? unseen, row.at(-1) ?? unseen];
    expect(new Set(row.map(({ height }) => height)).size).toBe(1);
    expect(first.x).toBeCloseTo(wall.x, 0);
    expect(last.x + last.width).toBeCloseTo(wall.x + wall.width, 0);
  }
  const shapes = boxes.map(({ width, height }) => width / height);
  for (const shape of [1, 1.78, 0.56]) expect(shapes.some((each) => Math.abs(each - shape) < 0.04)).toBe(true);
});

test('the search follows the typing: by prompt, seed and size; the address keeps it, and the focus stays', async () => {
  const page = await web().visit('/gallery');
  const words = page.getByLabel('Search prompts');
  await words.pressSequentially('a yellow lem');
  await expect.poll(() => entries(page).count()).toBe(1);
  await words.pressSequentially('on');
  await expect.poll(() => new URL(page.url()).search).toBe('?words=a+yellow+lemon');
  expect(await page.evaluate('document.activeElement?.type')).toBe('search');
  await page.reload();
  await expect.poll(() => entries(page).count()).toBe(1);
  await words.fill('');
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Seed').fill('12');
  await open(page, 'a pear number 12.').waitFor();
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByLabel('Seed').fill('');
  // As it is printed.
  await page.getByLabel('Size', { exact: true }).fill('96×64');
  await open(page, /^Open .*yellow lemon/).waitFor();
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByLabel('Model', { exact: true }).selectOption('playground-v2.5');
  await expect.poll(() => new URL(page.url()).searchParams.get('model')).toBe('playground-v2.5');
  await page.getByLabel('Date').selectOption('Last 30 days');
  await expect.poll(() => new URL(page.url()).searchParams.get('days')).toBe('30');
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByLabel('Date').selectOption('From … to …');
  await page.getByLabel('To', { exact: true }).fill('2020-01-31');
  await page.getByText('No results.').waitFor();
  await page.getByRole('button', { name: 'Clear all' }).click();
  await expect.poll(() => entries(page).count()).toBeGreaterThan(10);
  expect(new URL(page.url()).search).toBe('');
  await page.goto(`${web().server.url}/gallery?model=gone`);
  await page.getByText('No results.').waitFor();
  expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('gone');
});

test('of what is typed fast only the last is shown, though an earlier reply comes later', async () => {
  const page = await web().visit('/gallery');
  await entries(page).first().waitFor();
  const late = Promise.withResolvers<void>();
  await page.route('**/api/jobs?*q=lemon*', async (route) => {
    const response = await replyTo(route);
    await late.promise;
    await route.fulfill({ response });
  });
  onTestFinished(() => page.unrouteAll({ behavior: 'ignoreErrors' }));
  const isFirst = (request: Request) => request.url().includes('q=lemon');
  const first = page.waitForRequest(isFirst);
  const ended = Promise.race([
    page.waitForEvent('requestfinished', isFirst),
    page.waitForEvent('requestfailed', isFirst), // the page may have cancelled it
  ]);
  await page.getByLabel('Search prompts').fill('lemon');
  await first;
  await page.getByLabel('Search prompts').fill('pear number 77.');
  await open(page, 'a pear number 77.').waitFor();
  late.resolve();
  await ended;
  await open(page, 'a pear number 77.').waitFor();
  await expect.poll(() => entries(page).count()).toBe(1);
});

test('what is no seed is told beside its field and stays out of the address; a seed finds the picture that has it', async () => {
  await paint(web().server, { prompt: 'four violins', seed: 5000, samples: 4 });
  const page = await web().visit('/gallery?seed=abc');
  await page.getByText('A seed is a whole number').waitFor();
  expect(await entries(page).count()).toBe(0);
  const seed = page.getByLabel('Seed');
  expect(await seed.getAttribute('aria-invalid')).toBe('true');
  await seed.fill('5003');
  await page.getByRole('button', { name: 'Open picture 4 of 4: four violins' }).waitFor();
  await expect.poll(() => entries(page).count()).toBe(1);
  await seed.fill('50x');
  await page.getByText('A seed is a whole number').waitFor();
  await expect.poll(() => new URL(page.url()).search).toBe('');
  expect(await seed.inputValue()).toBe('50x');
});

test('runs without pictures are listed apart, with the reason, and can be deleted', async () => {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt: 'a cancelled kite', num_inference_steps: 100, samples: 4 });
  const { id }: { id: string } = JSON.parse(
    await fetch(`${url}/api/jobs`, { method: 'POST', headers, body }).then((reply) => reply.text()),
  );
  await fetch(`${url}/api/jobs/${id}`, { method: 'DELETE', headers: { 'x-api-key': devKey } });
  const page = await web().visit('/gallery?words=kite');
  await page.getByText('No results.').waitFor();
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Show').selectOption('Failed and cancelled runs');
  await page.getByText('Cancelled. Nothing was charged.').waitFor();
  await page.getByLabel('Show').selectOption('Failed runs');
  await page.getByText('No results.').waitFor();
  await page.goBack();
  await page.goto(`${url}/gallery?state=cancelled`);
  await page.getByRole('button', { name: 'Delete: a cancelled kite' }).click();
  await page.getByRole('button', { name: 'Delete: a cancelled kite: Really delete?' }).click();
  await page.getByText('No results.').waitFor();
  expect((await fetch(`${url}/api/jobs/${id}`, { headers })).status).toBe(404);
});

test('search and views stay in sight, a button leads to the top, and one comes back to the very place that one left', async () => {
  const page = await web().visit('/gallery?words=pear');
  await entries(page).nth(20).waitFor();
  // Once all of them are there: a row that was short is filled by those that come after it.
  await toTheEnd(page, () => open(page, `a pear number ${PEARS - 1}.`).isVisible());
  const place = 1100;
  await scrollTo(page, place);
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(place);
  expect(((await page.getByLabel('Search prompts').boundingBox()) ?? unseen).y).toBeGreaterThan(0);
  const { x, y, width, height } = (await page.getByRole('link', { name: 'Playground' }).boundingBox()) ?? unseen;
  expect(y).toBeGreaterThanOrEqual(0);
  // By the mouse where it is: a click of the test's own scrolls first.
  await page.mouse.click(x + width / 2, y + height / 2);
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  await page.goBack();
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(place);
  await page.getByRole('button', { name: 'To the top' }).click();
  await expect.poll(() => page.evaluate('window.scrollY')).toBe(0);
  await page.getByRole('button', { name: 'To the top' }).waitFor({ state: 'detached' });
});

test('a prompt with tags is text and nothing else', async () => {
  const page = await web().visit('/gallery?words=lemon');
  await page.getByText('a yellow lemon <img src=x onerror=alert(1)>').first().waitFor();
  expect(await page.locator('img[src="x"]').count()).toBe(0);
});

test('favourites are found again; a picture is deleted in place, once that is confirmed, and the next one has the focus', async () => {
  await paint(web().server, { prompt: 'two figs', seed: 6100, samples: 2 });
  await paint(web().server, { prompt: 'one fig', seed: 6200 });
  const page = await web().visit('/gallery?words=fig');
  await page.getByRole('button', { name: 'Favourite: one fig' }).click();
  await page.getByRole('button', { name: 'Favourite: one fig', pressed: true }).waitFor();
  await page.getByRole('button', { name: 'Favourites' }).click();
  await expect.poll(() => entries(page).count()).toBe(1);
  await page.getByRole('button', { name: 'Favourites' }).click();
  await expect.poll(() => entries(page).count()).toBe(3);
  const second = page.locator('.entry', { has: page.getByRole('button', { name: 'Open picture 2 of 2: two figs' }) });
  const pictureIn = async (entry: typeof second) =>
    (await entry.locator('.picture').getAttribute('data-picture')) ?? 'none';
  const gone = await pictureIn(second);
  await second.getByRole('button', { name: /^Delete/ }).click();
  await page.keyboard.press('Escape');
  await second.getByRole('button', { name: /^Delete picture/ }).click();
  await second.getByRole('button', { name: 'Keep' }).click();
  expect(await entries(page).count()).toBe(3);
  const focused = () => page.evaluate('document.activeElement?.getAttribute("aria-label")');
  const first = page.locator('.entry', {
    has: page.getByRole('button', { name: /^Open picture 1 of [12]: two figs/ }),
  });
  const kept = await pictureIn(first);
  await second.getByRole('button', { name: /^Delete picture/ }).click();
  await second.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect.poll(() => entries(page).count()).toBe(2);
  const statusOf = async (name: string) => (await fetch(`${web().server.url}/api/images/${name}`)).status;
  // The other picture of its run stays.
  expect([await statusOf(gone), await statusOf(kept)]).toEqual([404, 200]);
  await expect.poll(focused).toBe('Open picture 1 of 1: two figs');
  await first.getByRole('button', { name: /^Delete picture/ }).click();
  await first.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect.poll(() => entries(page).count()).toBe(1);
  await expect.poll(focused).toBe('Open picture 1 of 1: one fig');
  await page.reload();
  await expect.poll(() => entries(page).count()).toBe(1);
});

const compare = (page: Page, name: string) => page.getByRole('button', { name: `Compare ${name}` });

test('two pictures are compared at once, also of one run; more can be selected, and what is deleted is no longer', async () => {
  await paint(web().server, { prompt: 'four compared bells', seed: 6000, samples: 4 });
  const page = await web().visit('/gallery?words=bell');
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await page.getByText('1 picture selected').waitFor();
  // The same one again is none.
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await page.getByText('1 picture selected').waitFor({ state: 'detached' });
  await compare(page, 'picture 2 of 4: four compared bells').click();
  await compare(page, 'picture 4 of 4: four compared bells').click();
  const dialog = page.getByRole('dialog', { name: 'Compare two pictures' });
  await dialog.getByText('seed 6001').waitFor();
  await dialog.getByText('seed 6003').waitFor();
  const slider = dialog.getByLabel('Position of the divider');
  await slider.fill('20');
  expect(await dialog.locator('.upper').getAttribute('style')).toContain('80%');
  const { x, y, width, height } = (await dialog.locator('.compare-boxes').boundingBox()) ?? unseen;
  // The whole window is theirs, though no other view of pictures was opened before.
  const window = page.viewportSize() ?? unseen;
  expect([width, height > window.height / 2]).toEqual([window.width, true]);
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
  await page.getByText(/selected$/).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Select picture 1 of 4: four compared bells' }).click();
  await page
    .getByRole('button', { name: 'Select picture 3 of 4: four compared bells' })
    .click({ modifiers: ['Shift'] });
  await page.getByText('3 pictures selected').waitFor();
  const third = page.locator('.entry', {
    has: page.getByRole('button', { name: 'Open picture 3 of 4: four compared bells' }),
  });
  await third.getByRole('button', { name: /^Delete picture/ }).click();
  await third.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('2 pictures selected').waitFor();
});

test('pictures of different shapes are compared without being stretched', async () => {
  await paint(web().server, { prompt: 'a wide compared bridge', seed: 1, img_width: 128 });
  await paint(web().server, { prompt: 'a square compared bridge', seed: 1 });
  const page = await web().visit('/gallery?words=bridge');
  await compare(page, 'picture 1 of 1: a wide compared bridge').click();
  await compare(page, 'picture 1 of 1: a square compared bridge').click();
  const dialog = page.getByRole('dialog', { name: 'Compare two pictures' });
  await expect.poll(() => dialog.locator('img.compared').count()).toBe(2);
  const fits = "[...document.querySelectorAll('img.compared')].map((img) => getComputedStyle(img).objectFit)";
  expect(await page.evaluate(fits)).toEqual(['contain', 'contain']);
});

test('the arrow keys go from picture to picture, and Enter opens one', async () => {
  const page = await web().visit('/gallery?words=pear');
  await entries(page).nth(20).waitFor();
  const focused = () => page.evaluate<string>('document.activeElement?.getAttribute("aria-label") ?? ""');
  const { x, y } = (await entries(page).first().boundingBox()) ?? unseen;
  expect([x, y]).not.toEqual([-1, -1]);
  await page.locator('.picture').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await focused()).toContain('a pear number 2.');
  await page.keyboard.press('ArrowLeft');
  expect(await focused()).toContain('a pear number 1.');
  await page.keyboard.press('ArrowDown');
  const below = await focused();
  expect(below).not.toContain('a pear number 1.');
  await page.keyboard.press('ArrowUp');
  expect(await focused()).toMatch(/a pear number [0-2]\./);
  // One picture, and what can be done with it, is in the order of the Tab key.
  expect(await page.locator('.picture[tabindex="0"]').count()).toBe(1);
  await page.keyboard.press('Tab');
  expect(await focused()).toMatch(/^Select picture 1 of 1: a pear/);
  await page.keyboard.press('Shift+Tab');
  // Far below, to where the rest is loaded.
  await expect
    .poll(async () => {
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowDown');
      return focused();
    })
    .toContain(`a pear number ${PEARS - 1}.`);
  const { y: top, height } = (await page.locator('.picture:focus').boundingBox()) ?? unseen;
  expect(top).toBeGreaterThan(0);
  expect(top + height).toBeLessThanOrEqual(900);
  await page.keyboard.press('Home');
  expect(await focused()).toContain('a pear number 0.');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Picture' }).waitFor();
});

test('the size of the pictures is chosen and remembered, and what one looks at stays; a phone has two columns', async () => {
  const page = await web().visit('/gallery?words=pear');
  await entries(page).nth(20).waitFor();
  const heightOf = async () => ((await entries(page).first().boundingBox()) ?? unseen).height;
  const before = await heightOf();
  const slider = page.getByLabel('Size of the pictures');
  await slider.press('ArrowRight');
  await expect.poll(heightOf).toBeGreaterThan(before * 1.1);
  await page.reload();
  await expect.poll(heightOf).toBeGreaterThan(before * 1.1);
  await scrollTo(page, 900);
  const inSight = `[...document.querySelectorAll('.picture')].filter((picture) => {
    const { top, bottom } = picture.getBoundingClientRect();
    return bottom > 140 && top < window.innerHeight;
  }).map((picture) => picture.dataset.picture)`;
  const seen = await page.evaluate<string[]>(inSight);
  await slider.press('ArrowLeft');
  const still = new Set(await page.evaluate<string[]>(inSight));
  expect(seen.slice(0, 4).filter((id) => still.has(id))).toHaveLength(4);
  // Also while the browser has not told of the last movement yet.
  await page.evaluate(`(() => {
    window.scrollTo(0, 300);
    const slider = document.querySelector('.size-slider');
    slider.stepUp();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  })()`);
  await page.waitForFunction('document.querySelector(".size-slider").getAttribute("aria-valuetext").startsWith("4 ")');
  expect(await page.evaluate('window.scrollY')).toBeLessThan(600);
  const phone = await web().visit('/gallery?words=lemon', { viewport: { width: 390, height: 844 } });
  const { width } = (await entries(phone).first().boundingBox()) ?? unseen;
  expect(width).toBeGreaterThan(150);
  await phone.goto(`${web().server.url}/gallery`);
  await entries(phone).nth(3).waitFor();
  const tops: number[] = await phone.evaluate(
    `[...document.querySelectorAll('.entry')].map(({ offsetTop }) => offsetTop)`,
  );
  const perRow = [...Map.groupBy(tops, (top) => top).values()].map(({ length }) => length);
  expect(perRow.filter((count) => count >= 2).length).toBeGreaterThan(perRow.length / 2);
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
});

test('a history of 100 pictures of 1024² shows its first screen with at most 1 MB over a slow network', async () => {
  await fillGallery(web().server, {
    count: 100,
    sizes: [[1024, 1024]],
    prompt: (index) => `a glacier number ${index}`,
  });
  const page = await web().visit();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  let bytes = 0;
  const asked: string[] = [];
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  devtools.on('Network.requestWillBeSent', ({ request }) => void asked.push(request.url));
  const slow = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
  await devtools.send('Network.emulateNetworkConditions', slow);
  bytes = 0;
  await page.goto(`${web().server.url}/gallery?words=glacier`);
  await entries(page).nth(17).waitFor();
  await expect.poll(() => page.evaluate(firstScreenIsShown)).toBe(true);
  expect(bytes).toBeLessThan(1_000_000);
  const pictures = asked.filter((url) => /\/api\/images\//.test(url));
  expect(pictures.length).toBeGreaterThan(10);
  // One file of 1024² has more bytes than all of these.
  expect(pictures.filter((url) => !/\?w=(?:160|320)$/.test(url))).toEqual([]);
  const policy = await fetch(pictures[0] ?? '').then((reply) => reply.headers.get('cache-control'));
  expect(policy).toBe('private, max-age=31536000, immutable');
});

const firstScreenIsShown = `(() => {
  const inSight = [...document.querySelectorAll('.entry')].filter((entry) => entry.getBoundingClientRect().top < window.innerHeight);
  const images = inSight.map((entry) => entry.querySelector('img'));
  return images.length > 10 && images.every((image) => image?.complete && image.naturalWidth > 0);
})()`;

/** Scrolls there, and waits until the pictures of that place are drawn. @returns the first one in sight, and where it is in the page */
async function topmostAt(page: Page, y: number): Promise<readonly [string, number]> {
  const find = `(() => {
    const tops = [...document.querySelectorAll('.entry')].map((entry) => [entry, entry.getBoundingClientRect()]);
    const found = tops.find(([, { top, bottom }]) => bottom > 150 && top < 160);
    return [window.scrollY, found?.[0].querySelector('.picture')?.dataset.picture, found?.[1].top];
  })()`;
  let last: readonly [number, string | null, number] = [-1, null, 0];
  await expect
    .poll(async () => {
      await scrollTo(page, y);
      last = await page.evaluate(find);
      return last[0] === y && last[1] != null;
    })
    .toBe(true);
  return [last[1] ?? '', y + last[2]];
}

test('thousands of pictures scroll as a few do: the document stays small, and any place is come back to', async () => {
  await fillGallery(web().server, {
    count: 1500,
    sizes: [
      [96, 96],
      [128, 72],
      [72, 128],
    ],
    prompt: (index) => `a dune number ${index}.`,
  });
  const page = await web().visit('/gallery?words=dune');
  await entries(page).first().waitFor();
  const places = new Map<string, number>();
  let most = 0;
  for (let y = 0; y <= 14_400; y += 2400) {
    const [id, top] = await topmostAt(page, y);
    places.set(id, top);
    most = Math.max(most, await entries(page).count());
  }
  expect(places.size).toBe(7);
  expect(most).toBeLessThan(150);
  for (const y of [9600, 14_400, 2400]) {
    const [id, top] = await topmostAt(page, y);
    expect(places.get(id)).toBe(top);
  }
  expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(3000);
});
