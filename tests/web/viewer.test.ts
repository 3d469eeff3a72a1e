import { readFile } from 'node:fs/promises';
import type { Job } from '@easel/contract';
import { readSettings } from '@easel/parameters';
import type { CDPSession, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const small = { num_inference_steps: 2, img_width: 64, img_height: 64 };
const laptop = { width: 1280, height: 720 };

async function paint(body: object): Promise<Job> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const reply = await fetch(`${url}/api/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...small, ...body }),
  });
  const { id }: { id: string } = JSON.parse(await reply.text());
  await fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
  return JSON.parse(await fetch(`${url}/api/jobs/${id}`, { headers }).then((found) => found.text()));
}

const viewerOf = (page: Page) => page.getByRole('dialog', { name: 'Picture' });
const seedOf = (page: Page) => page.locator('.facts div', { hasText: 'Seed' }).locator('dd');
const stageOf = (page: Page) => page.locator('.viewer-picture .zoom-box');
const pathOf = (page: Page) => new URL(page.url()).pathname;

/** Opens the newest picture from the gallery. */
async function openNewest(viewport = laptop, options: { readonly hasTouch?: boolean } = {}): Promise<Page> {
  const page = await web().visit('/gallery', { viewport, ...options });
  await open(page);
  await page.locator('.viewer-picture img[data-loaded=true]').waitFor();
  return page;
}

/** The newest picture of the gallery. */
async function open(page: Page): Promise<void> {
  const all = page.getByRole('button', { name: /^Open picture/ });
  await all.first().click();
  await viewerOf(page).waitFor();
}

async function openPicture(body: object, viewport = laptop): Promise<Page> {
  await paint(body);
  return openNewest(viewport);
}

async function isInSight(page: Page, name: string): Promise<boolean> {
  const box = await page.getByRole('button', { name, exact: true }).boundingBox();
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

async function boxOf(locator: Locator) {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('it is not in sight');
  return box;
}

const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

test.each([60, 300])('with a prompt of %i words all that can be done with a picture is in sight', async (count) => {
  const page = await openPicture({ prompt: words(count), negative_prompt: words(60) });
  for (const name of ['Close', 'Regenerate', 'Use as start image', 'Delete picture', 'PNG', 'Link', 'Zoom in'])
    expect(await isInSight(page, name), name).toBe(true);
  await page.getByRole('button', { name: 'Show full prompt' }).click();
  await page
    .getByText(`word${count - 1}`, { exact: false })
    .first()
    .scrollIntoViewIfNeeded();
  for (const name of ['Close', 'Regenerate']) expect(await isInSight(page, name), name).toBe(true);
});

test('on a phone, or enlarged to twice the size, the way out is in sight wherever one has scrolled to', async () => {
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 640, height: 360 },
    { width: 320, height: 640 },
  ]) {
    const page = await openPicture({ prompt: words(60) }, viewport);
    // The picture has the window until its details are asked for.
    expect((await boxOf(stageOf(page))).height).toBeGreaterThan(viewport.height * 0.75);
    for (const name of ['Close', 'Details']) expect(await isInSight(page, name), name).toBe(true);
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByText('Copy', { exact: true }).scrollIntoViewIfNeeded();
    for (const name of ['Close', 'Details']) expect(await isInSight(page, name), name).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
  }
});

test('a press beside the picture closes it, one on it does not; the key i folds the panel, and it stays so', async () => {
  const page = await openPicture({ prompt: 'a key' });
  await page.locator('.facts').click();
  await stageOf(page).locator('img').click();
  expect(await viewerOf(page).count()).toBe(1);
  await page.keyboard.press('i');
  await page.locator('.facts').waitFor({ state: 'detached' });
  const { x, y } = await boxOf(stageOf(page));
  await page.mouse.click(x + 8, y + 8);
  await viewerOf(page).waitFor({ state: 'detached' });
  await open(page);
  expect(await page.locator('.facts').count()).toBe(0);
});

test('the facts say which model drew, on what, and under which name the API has it', async () => {
  const page = await openPicture({ prompt: 'a key' });
  const facts = page.locator('.facts');
  await facts.getByText('easel-demo (small embedded model)').waitFor();
  await facts.getByText('playground-v2.5', { exact: true }).waitFor();
  await facts.locator('div', { hasText: 'Device' }).getByText('CPU', { exact: true }).waitFor();
});

test('one walks through all of the gallery, and each picture has its address: opening adds it to the history, back closes', async () => {
  const older = await paint({ prompt: 'an older key', seed: 500 });
  const { images } = await paint({ prompt: 'a key', samples: 3, seed: 5 });
  const page = await openNewest();
  const all = [...images, ...older.images];
  const addresses = all.map(({ id }) => `/p/${id}`);
  expect(pathOf(page)).toBe(addresses[0]);
  for (const [key, index] of [
    ['ArrowRight', 1],
    ['ArrowRight', 2],
    ['ArrowRight', 3],
    ['ArrowLeft', 2],
    ['Home', 0],
  ] as const) {
    await page.keyboard.press(key);
    await expect.poll(() => seedOf(page).textContent()).toBe(String(all[index]?.seed));
    await expect.poll(() => pathOf(page)).toBe(addresses[index]);
  }
  await page.keyboard.press('End');
  await page.getByRole('button', { name: 'Next picture', disabled: true }).waitFor();
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'Previous picture', disabled: true }).waitFor();
  await page.getByRole('button', { name: 'Next picture' }).click();
  await expect.poll(() => pathOf(page)).toBe(addresses[1]);
  await page.goBack();
  await viewerOf(page).waitFor({ state: 'detached' });
  expect(pathOf(page)).toBe('/gallery');
  await page.goForward();
  await page.getByRole('region', { name: 'Picture' }).waitFor();
  expect(await seedOf(page).textContent()).toBe('6');
  // As fast as the browser can.
  await page.goBack();
  await open(page);
  await page.evaluate(`history.back(); addEventListener('popstate', () => history.forward(), { once: true })`);
  await page.getByRole('region', { name: 'Picture' }).waitFor();
  await viewerOf(page).waitFor({ state: 'detached' });
  expect(pathOf(page)).toBe(addresses[0]);
});

const levelOf = async (page: Page) =>
  Number(/(\d+) %/.exec((await page.getByRole('button', { name: /^Zoom: / }).textContent()) ?? '')?.[1]);

test('the wheel enlarges at the pointer, dragging and arrow keys move, and no edge comes inside', async () => {
  const page = await openPicture({ prompt: 'a key', seed: 5, samples: 2 });
  const stage = await boxOf(stageOf(page));
  const img = stageOf(page).locator('img');
  const before = await boxOf(img);
  // A quarter in from the left, a third from the top.
  const at = { x: before.x + before.width / 4, y: before.y + before.height / 3 };
  await page.mouse.move(at.x, at.y);
  await page.mouse.wheel(0, -500);
  await expect.poll(async () => (await boxOf(img)).width).toBeGreaterThan(before.width * 2);
  const enlarged = await boxOf(img);
  expect((at.x - enlarged.x) / enlarged.width).toBeCloseTo(1 / 4, 2);
  expect((at.y - enlarged.y) / enlarged.height).toBeCloseTo(1 / 3, 2);
  await page.mouse.down();
  await page.mouse.move(at.x - 60, at.y - 40, { steps: 4 });
  await page.mouse.up();
  const dragged = await boxOf(img);
  expect([dragged.x - enlarged.x, dragged.y - enlarged.y].map(Math.round)).toEqual([-60, -40]);
  for (let press = 0; press < 20; press += 1) await page.keyboard.press('ArrowRight');
  const moved = await boxOf(img);
  expect(moved.x + moved.width).toBeCloseTo(stage.x + stage.width, 0);
  expect(await seedOf(page).textContent()).toBe('5');
  await page.keyboard.press('0');
  expect((await boxOf(img)).width).toBeCloseTo(before.width, 0);
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => seedOf(page).textContent()).toBe('6');
});

test('a double click and the keys + and − zoom; at 100 % a pixel of the picture is one of the screen', async () => {
  const page = await openPicture({ prompt: 'a key' });
  const img = stageOf(page).locator('img');
  const whole = await boxOf(img);
  await page.keyboard.press('+');
  await expect.poll(async () => (await boxOf(img)).width).toBeCloseTo(whole.width * 1.5, 0);
  await page.keyboard.press('-');
  await expect.poll(async () => (await boxOf(img)).width).toBeCloseTo(whole.width, 0);
  expect(await levelOf(page)).toBe(Math.round((100 * whole.width) / 64));
  await img.dblclick();
  await expect.poll(() => levelOf(page)).toBe(100);
  expect((await boxOf(img)).width).toBeCloseTo(64, 0);
  await img.dblclick();
  await expect.poll(async () => (await boxOf(img)).width).toBeCloseTo(whole.width, 0);
});

async function touch(session: CDPSession, ...moments: readonly (readonly (readonly [x: number, y: number])[])[]) {
  for (const [index, fingers] of moments.entries())
    await session.send('Input.dispatchTouchEvent', {
      type: index === 0 ? 'touchStart' : 'touchMove',
      touchPoints: fingers.map(([x, y], id) => ({ x, y, id })),
    });
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

test('a swipe goes to the next picture, a pinch enlarges what is between the fingers', async () => {
  await paint({ prompt: 'a key', samples: 2, seed: 5 });
  const page = await openNewest({ width: 390, height: 844 }, { hasTouch: true });
  const session = await page.context().newCDPSession(page);
  const swipe = (from: number, to: number) => touch(session, [[from, 400]], [[(from + to) / 2, 402]], [[to, 404]]);
  await swipe(300, 120);
  await page.getByText('2 of', { exact: false }).waitFor();
  await swipe(120, 300);
  await page.getByText('1 of', { exact: false }).waitFor();
  // Up and down is no swipe.
  await touch(session, [[200, 300]], [[205, 400]], [[210, 500]]);
  const img = stageOf(page).locator('img');
  const before = await boxOf(img);
  await touch(
    session,
    [
      [150, 400],
      [200, 400],
    ],
    [
      [100, 400],
      [250, 400],
    ],
    [
      [50, 400],
      [300, 400],
    ],
  );
  await expect.poll(async () => (await boxOf(img)).width).toBeGreaterThan(before.width * 3);
  // Enlarged, a finger moves it.
  await swipe(300, 120);
  expect(await page.getByText('1 of', { exact: false }).count()).toBe(1);
});

test('prompt and seed are taken over one by one, and an address fills the form and says what it cannot', async () => {
  await paint({ prompt: 'a taken key', negative_prompt: 'rust', seed: 77, img_width: 128, img_height: 96 });
  const page = await openNewest();
  const form = { prompt: page.getByLabel('Prompt', { exact: true }), seed: page.getByLabel('Seed', { exact: true }) };
  await page.getByRole('button', { name: 'Use seed 77' }).click();
  await expect.poll(() => form.seed.inputValue()).toBe('77');
  expect(await form.prompt.inputValue()).toBe('');
  await page.goBack();
  await page
    .getByRole('button', { name: /^Open picture/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Use prompt' }).click();
  await expect.poll(() => form.prompt.inputValue()).toBe('a taken key');
  const { url } = web().server;
  await page.goto(`${url}/?prompt=a%20linked%20key&steps=9000&seed=78&loras=ink:0.5`);
  await expect.poll(() => form.prompt.inputValue()).toBe('a linked key');
  expect(await form.seed.inputValue()).toBe('78');
  const told = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor();
  await told('Not taken over from the address: steps 9000 (allowed: whole numbers from 1 to 100)');
  await told('LoRA ink (not available for this model)');
});

test('links and settings are copied as addresses that open them', async () => {
  const job = await paint({ prompt: 'a copied key', seed: 79 });
  const page = await openNewest();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const press = async (name: string) => {
    const said = page.getByText('copied ✓').waitFor(); // it stands there for a moment only
    await page.getByRole('button', { name, exact: true }).click();
    await said;
  };
  const copied = async (name: string) => {
    await press(name);
    await page.getByText('copied ✓').waitFor({ state: 'detached' });
    return String(await page.evaluate('navigator.clipboard.readText()'));
  };
  expect(await copied('Link')).toBe(`${web().server.url}/p/${job.images[0]?.id}`);
  const { searchParams } = new URL(await copied('Link to these settings'));
  expect(Object.fromEntries(searchParams)).toMatchObject({
    prompt: 'a copied key',
    seed: '79',
    steps: '2',
    size: '64x64',
  });
  expect(await copied('Copy prompt')).toBe('a copied key');
  await press('Picture');
  const types = await page.evaluate('navigator.clipboard.read().then(([item]) => item.types)');
  expect(types).toContain('image/png');
});

test('a picture is downloaded in every format with its settings in it', async () => {
  const page = await openPicture({ prompt: 'a kept key', seed: 80 });
  for (const [name, ending] of [
    ['JPEG', 'jpg'],
    ['PNG', 'png'],
    ['WebP', 'webp'],
  ] as const) {
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name, exact: true }).click();
    const download = await saved;
    expect(download.suggestedFilename()).toBe(`80.${ending}`);
    const found = readSettings(new Uint8Array(await readFile(await download.path())));
    expect(found?.settings, name).toMatchObject({ prompt: 'a kept key', seed: 80n, steps: 2 });
  }
});

test('a run is marked, and a picture of it deleted only when confirmed; the next one takes its place', async () => {
  const { id, images } = await paint({ prompt: 'a lost key', samples: 2, seed: 81 });
  const page = await openNewest();
  const job = () =>
    fetch(`${web().server.url}/api/jobs/${id}`, { headers: { 'x-api-key': web().server.devKey } }).then(
      async (reply): Promise<Job> => JSON.parse(await reply.text()),
    );
  const viewer = viewerOf(page);
  await viewer.getByRole('button', { name: 'Favourite' }).click();
  await viewer.getByRole('button', { name: 'Favourite', pressed: true }).waitFor();
  expect((await job()).favourite).toBe(true);
  const remove = viewer.getByRole('button', { name: 'Delete picture' });
  await remove.click();
  expect((await job()).images).toHaveLength(2);
  await viewer.getByRole('button', { name: 'Delete picture: Really delete?' }).click();
  await expect.poll(() => seedOf(page).textContent()).toBe('82');
  expect((await job()).images.map((image) => image.id)).toEqual([images[1]?.id]);
  await expect.poll(() => pathOf(page)).toBe(`/p/${images[1]?.id}`);
});

test('opened fresh, a picture can be changed by its owner, and others see what its file tells and no more', async () => {
  const { images } = await paint({ prompt: 'a shared key', seed: 83, negative_prompt: 'rust' });
  const path = `/p/${images[0]?.id}`;
  const own = await web().visit(path, { viewport: laptop });
  await own.getByRole('button', { name: 'Regenerate' }).waitFor();
  await own.getByRole('button', { name: 'Close' }).click();
  await own.getByRole('heading', { name: 'Gallery' }).waitFor();

  const page = await visitAsOther(path);
  await page.getByRole('heading', { name: 'a shared key' }).waitFor();
  expect(await page.getByRole('button', { name: /Regenerate|Favourite|Delete/ }).count()).toBe(0);
  expect(await seedOf(page).textContent()).toBe('83');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'PNG' }).click();
  expect((await saved).suggestedFilename()).toBe('83.png');
  const remix = new URL((await page.getByRole('link', { name: 'Remix' }).getAttribute('href')) ?? '', web().server.url);
  expect(Object.fromEntries(remix.searchParams)).toMatchObject({
    prompt: 'a shared key',
    negative: 'rust',
    seed: '83',
  });
  await page.getByRole('link', { name: 'Remix' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('API key').fill(web().server.devKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('a shared key');
});

test('another account sees the same, of a file without settings only the picture, and of a deleted one nothing', async () => {
  const { images } = await paint({ prompt: 'a secret key', embed_parameters: false });
  const id = images[0]?.id ?? '';
  const { url, adminKey } = web().server;
  const post = (path: string, body: object) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': adminKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (reply): Promise<{ id: string; key: string }> => JSON.parse(await reply.text()));
  const account = await post('/api/admin/accounts', { name: 'Others' });
  const { key } = await post('/api/admin/keys', { account_id: account.id, name: 'others' });
  const page = await visitAsOther(`/p/${id}`, key);
  await page.getByText('does not say how it was made').waitFor();
  expect(await page.getByRole('link', { name: 'Remix' }).count()).toBe(0);
  expect(await page.content()).not.toContain('secret');
  expect(await page.title()).not.toContain('secret');
  await fetch(`${url}/api/images/${id}`, { method: 'DELETE', headers: { 'x-api-key': web().server.devKey } });
  await page.reload();
  await page.getByRole('heading', { name: 'Picture not found' }).waitFor();
});

/** With a key of another account, or one that is none. */
async function visitAsOther(path: string, key = 'SG_0123456789abcdef'): Promise<Page> {
  const page = await web().visit('/reference', { viewport: laptop });
  await page.evaluate(`sessionStorage.setItem('easel.key', '${key}')`);
  await page.goto(`${web().server.url}${path}`);
  await page.locator('.viewer-picture img[data-loaded=true]').waitFor();
  return page;
}

test('a picture is compared with any other: both are enlarged together, and the line can be dragged', async () => {
  await paint({ prompt: 'a compared key', samples: 3, seed: 90 });
  const page = await openNewest();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Compare two pictures' });
  await dialog.getByText('seed 91').waitFor();
  await dialog.getByRole('button', { name: /seed 92$/ }).click();
  await dialog.getByText('seed 92').waitFor();
  const boxes = await boxOf(dialog.locator('.compare-boxes'));
  const middle = boxes.y + boxes.height / 2;
  const divider = dialog.getByLabel('Position of the divider');
  await page.mouse.move(boxes.x + boxes.width * 0.8, middle);
  await page.mouse.down();
  await page.mouse.move(boxes.x + boxes.width * 0.3, middle, { steps: 4 });
  await page.mouse.up();
  expect(Number(await divider.inputValue())).toBeCloseTo(30, -0.5);
  await dialog.getByRole('button', { name: 'Side by side' }).click();
  const right = dialog.locator('.zoom-box').nth(1);
  await right.hover();
  await page.mouse.wheel(0, -300);
  const styleOf = (index: number) => dialog.locator('img.compared').nth(index).getAttribute('style');
  await expect.poll(() => styleOf(0)).not.toContain('scale(1)');
  expect(await styleOf(0)).toBe(await styleOf(1));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await viewerOf(page).count()).toBe(1);
});

test('a picture is compared with what it was made from, whichever client made it; where that is not kept, this is said', async () => {
  const { url, devKey } = web().server;
  const [first] = (await paint({ prompt: 'a plain key', seed: 95 })).images;
  const path = new URL(first?.url ?? '').pathname;
  await paint({ prompt: 'a changed key', image: path, strength: 0.3, seed: 96 });
  const comparison = async (page: Page) => {
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    return page.getByRole('dialog', { name: 'Compare two pictures' });
  };
  const dialog = await comparison(await openNewest());
  await expect.poll(() => dialog.getByAltText('Start image').getAttribute('src')).toContain(first?.id);
  await dialog.getByRole('button', { name: 'Compare with a plain key, seed 95' }).click();
  await dialog.getByText('seed 95').waitFor();

  await fetch(`${url}${path}`, { method: 'DELETE', headers: { 'x-api-key': devKey } });
  // Another browser: this one has the picture in its cache, and may show it.
  const without = await comparison(await openNewest());
  await without.getByText('The start image has been deleted.').waitFor();
  await without.page().keyboard.press('Escape');
  await without.waitFor({ state: 'detached' });
  await without.page().getByRole('button', { name: 'Remix' }).click();
  await without.page().getByText('The start image is no longer available; choose another one').waitFor();
  const unreachable = await openNewest();
  await unreachable.route(`**/api/images/${first?.id}*`, (route) => route.abort('connectionfailed'));
  await (await comparison(unreachable)).getByText('The start image could not be loaded.').waitFor();

  const file = await fetch(`${url}/api/images/${(await paint({ prompt: 'a key', seed: 97 })).images[0]?.id}`);
  const image = Buffer.from(await file.arrayBuffer()).toString('base64');
  await paint({ prompt: 'a key of a file', image, strength: 0.3 });
  const page = await openNewest();
  await page.getByText('which the server does not store').waitFor();
  expect(await page.getByRole('button', { name: 'Regenerate' }).isDisabled()).toBe(true);
  const unknown = await comparison(page);
  await unknown.getByText(/The start image was a file, which the server does not keep/).waitFor();
});

test('a picture is varied with its own seed for a price told before, a variation from itself, and both are remixed', async () => {
  const page = await openPicture({ prompt: 'a key on a table', seed: 7 }, { width: 1280, height: 720 });
  await page.getByText(/^Vary makes 4 pictures, 0\.\d+ credits\.$/).waitFor();
  /** The answer is awaited, too: a page that is left takes its request with it. */
  const posted = async () => {
    const isJob = ({ method, url: at }: { method: string; url: string }) =>
      method === 'POST' && /\/api\/jobs$/.test(at);
    const reply = await page.waitForResponse((each) => isJob({ method: each.request().method(), url: each.url() }));
    return reply.request();
  };
  const [first] = await Promise.all([posted(), page.getByRole('button', { name: 'Vary (subtle)' }).click()]);
  expect(first.postDataJSON()).toMatchObject({
    prompt: 'a key on a table',
    seed: 7,
    samples: 4,
    variation_strength: 0.25,
  });
  expect(first.postDataJSON()).not.toHaveProperty('variation_seed');
  const { url, devKey } = web().server;
  const newest = async () => {
    const reply = await fetch(`${url}/api/jobs?limit=1`, { headers: { 'x-api-key': devKey } });
    return JSON.parse(await reply.text()).jobs[0];
  };
  await expect.poll(async () => (await newest()).images.length).toBe(4);
  const { images, variation_seed: variationSeed } = await newest();
  expect(images.map((image: object) => Reflect.get(image, 'seed'))).toEqual([7, 7, 7, 7]);

  await page.goto(`${url}/gallery`);
  await page.locator('.entry .picture').nth(1).click();
  const [second] = await Promise.all([posted(), page.getByRole('button', { name: 'Vary (strong)' }).click()]);
  expect(second.postDataJSON()).toMatchObject({ samples: 4, strength: 0.7, image: new URL(images[1].url).pathname });
  for (const field of ['seed', 'variation_seed', 'variation_strength'])
    expect(second.postDataJSON()).not.toHaveProperty(field);
  await expect.poll(async () => (await newest()).status).toBe('succeeded');

  await page.goto(`${url}/gallery`);
  await page.locator('.entry .picture').nth(5).click();
  await page.getByRole('button', { name: 'Remix' }).click();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await expect.poll(() => prompt.inputValue()).toBe('a key on a table');
  await expect.poll(() => prompt.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  const field = (name: string) => page.getByRole('textbox', { name, exact: true, includeHidden: true });
  expect(await field('Seed').inputValue()).toBe('7');
  expect(await field('Variation seed').inputValue()).toBe(String(variationSeed + 1));
});
