import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

async function make(page: Page, prompt: string): Promise<void> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
}

const stage = (page: Page) => page.locator('.stage-run');
/** What is true for a moment only, looked for at every frame of the page itself. @param condition in its JavaScript */
const seenInPage = (page: Page, condition: string) =>
  page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look));
    look();
  })`);
const untilDone = (page: Page) => page.locator('.run-card.succeeded').first().waitFor();

test('an empty install shows pictures, and one press makes one of the same kind; the next is a prompt and an Enter away', async () => {
  const page = await web().visit();
  await page.getByText('100 credits').waitFor();
  await page.getByText(/press a picture to make one like it for 0\.\d+ credits/).waitFor();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await expect.poll(() => prompt.evaluate((field) => field.matches(':focus'))).toBe(true);
  await page.getByRole('button', { name: 'a fox in the forest' }).click();
  await untilDone(page);
  expect(await prompt.inputValue()).toBe('a fox in the forest');
  expect(await page.getByRole('radio', { name: '4:3' }).isChecked()).toBe(true);
  await page.getByText('1:1', { exact: true }).click();
  await make(page, 'a red apple on a blue background');
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  await stage(page).locator('.picture img[width="256"][height="256"]').waitFor();
  await page.getByText(/99\.999\d credits/).waitFor();
});

/** A run that takes a moment. */
const quick = '/?size=64x64&steps=2';
const windows = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
] as const;

test('the picture is as large as the window allows, with the prompt, the button, price and model in sight', async () => {
  const page = await web().visit(quick);
  const prompt = 'a fox in a forest of tall trees, '.repeat(9);
  await make(page, prompt);
  await untilDone(page);
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  const boxOf = async (place: Locator) => (await place.boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 };
  for (const viewport of windows) {
    await page.setViewportSize(viewport);
    const inSight = [
      page.getByLabel('Prompt', { exact: true }),
      page.getByRole('button', { name: 'Generate a picture' }),
      page.getByText(/^0\.\d+ credits$/),
      page.getByText('Model: easel-demo'),
      page.getByText('1:1', { exact: true }),
      page.getByRole('spinbutton', { name: 'Pictures value' }),
      stage(page).getByRole('button', { name: 'Upscale 2×' }),
      stage(page).locator('.picture'),
    ];
    for (const place of inSight) {
      const { y, height } = await boxOf(place);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y + height).toBeLessThanOrEqual(viewport.height);
    }
    expect(
      await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.scrollHeight]'),
    ).toEqual([viewport.width, viewport.height]);
    const { height, width } = await boxOf(stage(page).locator('.picture'));
    expect(Math.abs(width - height)).toBeLessThan(2);
    expect(height).toBeGreaterThan(0.65 * viewport.height);
  }
  // Of a long prompt one line is shown, and the rest on a press.
  const text = stage(page).locator('.prompt');
  const folded = (await boxOf(text)).height;
  await stage(page).getByRole('button', { name: 'Details' }).click();
  expect((await boxOf(text)).height).toBeGreaterThan(1.5 * folded);
});

test('after a reload the last runs are there with their pictures, the keys walk through them, and what was dismissed stays away', async () => {
  const page = await web().visit(quick);
  for (const prompt of ['a first bell', 'a second bell', 'a third bell']) await make(page, prompt);
  await page.locator('.run-card.succeeded').nth(2).waitFor();
  const shown = () => stage(page).locator('.prompt').textContent();
  await page.locator('.run-card').nth(1).click();
  expect(await shown()).toBe('a second bell');
  await stage(page).getByRole('button', { name: 'Dismiss: a second bell' }).click();
  await page.reload();
  await page.locator('.earlier-card', { hasText: 'a third bell' }).waitFor();
  expect(await shown()).toBe('a third bell');
  expect(await page.locator('.earlier-card', { hasText: 'a second bell' }).count()).toBe(0);
  await stage(page).locator('.picture img').waitFor();
  await page.locator('.earlier-card').first().getByRole('button').focus();
  await page.keyboard.press('ArrowDown');
  expect(await shown()).toBe('a first bell');
  await page.keyboard.press('Home');
  expect(await shown()).toBe('a third bell');
  await stage(page).locator('.picture').focus();
  await page.keyboard.press('ArrowRight');
  expect(await shown()).toBe('a first bell');
  await stage(page).getByRole('button', { name: 'Favourite' }).click();
  await expect
    .poll(() => stage(page).getByRole('button', { name: 'Favourite' }).getAttribute('aria-pressed'))
    .toBe('true');
});

test('each of several pictures is shown as soon as it is finished, and then all or one of them', async () => {
  const page = await web().visit('/?size=64x64&steps=40&samples=3');
  const first = seenInPage(page, `document.querySelector('img[alt="Picture 1: a kite"]') !== null`);
  await make(page, 'a kite');
  await first;
  await untilDone(page);
  expect(await stage(page).locator('.picture').count()).toBe(3);
  await stage(page).getByRole('button', { name: 'Show picture 3 of 3' }).click();
  expect(await stage(page).locator('.picture').count()).toBe(1);
  await stage(page).locator('.picture').focus();
  await page.keyboard.press('ArrowLeft');
  await stage(page)
    .getByRole('button', { name: /^Open picture 2 of 3/ })
    .waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    stage(page).getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^\d+\.png$/);
});

test('below several pictures U enlarges one and V varies it, below one are all the ways on, and Remix goes to the prompt', async () => {
  const page = await web().visit('/?size=64x64&steps=2&samples=2');
  await make(page, 'a pair of keys');
  await page.locator('.run-card.succeeded').waitFor();
  const { url, devKey } = web().server;
  const reply = await fetch(`${url}/api/jobs?q=pair&limit=1`, { headers: { 'x-api-key': devKey } });
  const [{ images }] = JSON.parse(await reply.text()).jobs;
  const press = async (name: RegExp) => {
    const [request] = await Promise.all([
      page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/api/jobs')),
      page.getByRole('button', { name }).click(),
    ]);
    return request.postDataJSON();
  };
  const pair = page.locator('.run-card').last().getByRole('button');
  const pathOf = (index: number) => new URL(images[index].url).pathname;
  await page.getByRole('button', { name: /^U2: Upscale picture 2 by 2, 0\.\d+ credits$/ }).waitFor();
  const enlarged = await press(/^U2: /);
  expect(enlarged).toMatchObject({
    prompt: 'a pair of keys',
    image: pathOf(1),
    seed: images[1].seed,
    samples: 1,
    upscale: 2,
  });
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  await expect.poll(() => stage(page).locator('.picture img').getAttribute('width')).toBe('128');
  await pair.click();
  const varied = await press(/^V1: /);
  expect(varied).toMatchObject({ prompt: 'a pair of keys', seed: images[0].seed, samples: 4 });
  expect(varied.variation_strength).toBeGreaterThan(0.2);
  await page.locator('.run-card.succeeded').nth(2).waitFor();

  await pair.click();
  await page.getByRole('button', { name: 'Show picture 2 of 2' }).click();
  await stage(page).getByRole('button', { name: 'Zoom out…' }).click();
  await stage(page).getByRole('button', { name: 'Pan right' }).click();
  const editor = page.getByRole('dialog', { name: 'Edit picture' });
  await editor.getByRole('application', { name: 'Frame, 96×64' }).waitFor();
  await page.keyboard.press('Escape');
  await editor.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Zoom out…');
  await stage(page).getByRole('button', { name: 'Remix' }).click();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await expect.poll(() => prompt.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe(String(images[1].seed));
});

test('the end of a run is told in the title and the icon until it is seen, and on request by a notification and a sound', async () => {
  const page = await web().visit('/?size=64x64&steps=60');
  await page.evaluate(`(() => {
    window.told = [];
    window.Notification = class {
      static permission = 'default';
      static async requestPermission() {
        window.told.push('asked');
        return (this.permission = 'granted');
      }
      constructor(title, { body }) {
        window.told.push(title + ': ' + body);
      }
    };
    const Real = window.AudioContext;
    window.AudioContext = class extends Real {
      constructor() {
        super();
        window.told.push('sound');
      }
    };
  })()`);
  expect(await page.evaluate('window.told')).toEqual([]);
  await page.getByLabel('Show a notification').check();
  await page.getByLabel('Play a sound').check();
  await page.evaluate('document.hasFocus = () => false');
  const isTold = seenInPage(page, '/^\\(\\d+ %\\) a quiet bell · Easel$/.test(document.title)');
  await make(page, 'a quiet bell');
  await isTold;
  await untilDone(page);
  await expect.poll(() => page.title()).toBe('✓ a quiet bell · Easel');
  const icon = () => page.locator('link[rel=icon]').getAttribute('href');
  expect(await icon()).toContain('icon-finished');
  await expect
    .poll(() => page.evaluate('window.told'))
    .toEqual(['asked', 'sound', 'Picture finished: a quiet bell', 'sound']);
  await page.evaluate('document.hasFocus = () => true; window.dispatchEvent(new Event("focus"))');
  await expect.poll(() => page.title()).toBe('Playground · Easel');
  expect(await icon()).not.toContain('icon-finished');
});

test('each line is a prompt, and each combination: how many and for how much is said before, and not more than fifty', async () => {
  const page = await web().visit(quick);
  const prompt = page.getByLabel('Prompt', { exact: true });
  const one = page.getByText(/^0\.\d+ credits$/);
  await prompt.fill('an owl');
  const price = Number.parseFloat((await one.textContent()) ?? '');
  await prompt.fill('a {red|blue} fox\nan owl');
  await page.getByText(/^0\.\d+ credits, 2 prompts$/).waitFor();
  await page.getByRole('button', { name: 'One picture per line' }).click();
  await page.getByRole('button', { name: 'Generate 3 pictures' }).waitFor();
  const total = Number.parseFloat((await page.getByText(/^0\.\d+ credits, 3 prompts$/).textContent()) ?? '');
  expect(total / 3).toBeCloseTo(price, 5);
  const lines = page.getByLabel('Prompts, one per line');
  // Enter begins a line; with Ctrl it generates.
  await lines.press('End');
  await lines.press('Enter');
  expect(await page.locator('.run-card').count()).toBe(0);
  await lines.press('Control+Enter');
  await page.locator('.run-card.succeeded').nth(2).waitFor();
  const texts = await page.locator('.run-card bdi').allTextContents();
  expect(texts.toSorted()).toEqual(['a blue fox', 'a red fox', 'an owl']);
  await lines.fill('{a|b|c|d}{a|b|c|d}{a|b|c|d}');
  await lines.press('Control+Enter');
  await page.getByRole('alert').getByText('This stands for 64 prompts; at most 50 are made at once.').waitFor();
  expect(await page.locator('.run-card').count()).toBe(3);
});

test.each([
  [390, 844],
  [320, 640],
])(
  'in a window of %i×%i the closed sheet covers neither the strip nor what can be done, and the facts are whole',
  async (width, height) => {
    const page = await web().visit(quick, { viewport: { width, height }, hasTouch: true });
    await make(page, 'a leaf that is not covered');
    await untilDone(page);
    await page.getByLabel('Prompt', { exact: true }).blur();
    const boxOf = async (place: string) => {
      const box = await page.locator(place).boundingBox();
      if (box === null) throw new Error(`${place} is not there`);
      const { x, y, width: across, height: down } = box;
      return { top: y, right: x + across, bottom: y + down, across };
    };
    const roomBelow = async () => {
      // Where the window is too low for all of it, the end is above the sheet, too.
      if (height < 700) await page.evaluate('window.scrollTo(0, document.documentElement.scrollHeight)');
      return (await boxOf('.sheet-body')).top - (await boxOf('.strip')).bottom;
    };
    await expect.poll(roomBelow).toBeGreaterThanOrEqual(-1);
    expect((await boxOf('.strip')).top).toBeGreaterThanOrEqual((await boxOf('.stage-actions')).bottom);
    expect((await boxOf('.stage-run .picture')).across).toBeGreaterThan(width / 2);
    // No label is broken into two lines.
    const heights = await page
      .locator('.stage-actions button:visible')
      .evaluateAll((all) => all.map((button) => button.getBoundingClientRect().height));
    expect(new Set(heights).size).toBe(1);
    await page.getByRole('button', { name: 'Details' }).tap();
    const facts = page.locator('.run-facts');
    expect(await facts.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    expect((await boxOf('.run-facts')).right).toBeLessThanOrEqual(width);
  },
);

test('on a phone the picture comes first, the form is a sheet that keeps the focus, and a swipe goes on', async () => {
  const page = await web().visit(quick, { viewport: { width: 390, height: 844 }, hasTouch: true });
  for (const prompt of ['a first leaf', 'a second leaf']) await make(page, prompt);
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  const generate = page.getByRole('button', { name: 'Generate a picture' });
  const pictureBox = await stage(page).locator('.picture').boundingBox();
  const buttonBox = await generate.boundingBox();
  expect(pictureBox?.width).toBeGreaterThan(340);
  expect((pictureBox?.y ?? 0) + (pictureBox?.height ?? 0)).toBeLessThan(buttonBox?.y ?? 0);
  expect((buttonBox?.y ?? 0) + (buttonBox?.height ?? 0)).toBeLessThanOrEqual(844);
  // The swipe is one of a finger: from the right to the left.
  const touch = await page.context().newCDPSession(page);
  const point = (x: number) => [{ x, y: (pictureBox?.y ?? 0) + 100 }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(300) });
  for (const x of [250, 180, 120])
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: point(x) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect.poll(() => stage(page).locator('.prompt').textContent()).toBe('a first leaf');
  const steps = page.getByRole('spinbutton', { name: 'Steps value' });
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  for (const close of [() => page.keyboard.press('Escape'), () => page.goBack()]) {
    expect(await steps.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'All settings' }).tap();
    await sheet.waitFor();
    await steps.waitFor();
    for (let press = 0; press < 30; press += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.matches("body, .sheet *")')).toBe(true);
    }
    await close();
    await sheet.waitFor({ state: 'detached' });
  }
  // Of a dialog that was opened from the sheet Escape closes the dialog alone.
  await page.getByRole('button', { name: 'All settings' }).tap();
  await page.getByRole('button', { name: 'Samples…' }).tap();
  const styles = page.getByRole('dialog', { name: 'Styles' });
  await styles.waitFor();
  await page.keyboard.press('Escape');
  await styles.waitFor({ state: 'detached' });
  expect(await sheet.isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  expect(new URL(page.url()).pathname).toBe('/');
});
