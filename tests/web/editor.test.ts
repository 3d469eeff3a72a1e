import axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const colours = { red: { r: 220, g: 30, b: 30 }, green: { r: 30, g: 160, b: 30 }, blue: { r: 30, g: 30, b: 220 } };

/** A page with a start image of 900×300, a third of it red, green and blue, in a square frame. */
async function withStart(options: Parameters<ReturnType<typeof web>['visit']>[1] = {}): Promise<Page> {
  const page = await web().visit('/', options);
  if ((options.viewport?.width ?? 1280) < 800) await page.getByRole('button', { name: 'All settings' }).click();
  await page.getByText('1:1', { exact: true }).click();
  const part = (background: object) => ({ create: { width: 300, height: 300, channels: 3, background } }) as const;
  const buffer = await sharp({ create: { width: 900, height: 300, channels: 3, background: colours.green } })
    .composite([
      { input: part(colours.red), left: 0, top: 0 },
      { input: part(colours.blue), left: 600, top: 0 },
    ])
    .png()
    .toBuffer();
  await page.getByLabel('Choose or drop a picture').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer });
  await page.getByAltText('Start image, as it will be sent').waitFor();
  return page;
}

const editorOf = (page: Page) => page.getByRole('dialog', { name: 'Edit picture' });

interface Sent {
  readonly img_width: number;
  readonly img_height: number;
  readonly image: string;
  readonly mask?: string;
  readonly strength: number;
  readonly mask_blur?: number;
}

/** What a press of the editor's button sends. */
async function generate(page: Page): Promise<Sent> {
  await editorOf(page).getByLabel('Prompt', { exact: true }).fill('a castle');
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/api/jobs')),
    editorOf(page).getByRole('button', { name: 'Generate' }).click(),
  ]);
  await editorOf(page).waitFor({ state: 'detached' });
  return JSON.parse(request.postData() ?? '{}');
}

/** A picture of the gallery, and the newest one there. */
async function paint(prompt: string): Promise<void> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt, num_inference_steps: 2, img_width: 256, img_height: 256 });
  const reply = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body });
  const { id }: { id: string } = JSON.parse(await reply.text());
  await fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
}

const bytesOf = (address: string | undefined) => Buffer.from(address?.split(',')[1] ?? '', 'base64');

/** A mask's brightness by column and row, and how much of it is white. */
async function readMask(sent: Sent) {
  const { data, info } = await sharp(bytesOf(sent.mask))
    .removeAlpha()
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([sent.img_width, sent.img_height]);
  const at = (x: number, y: number) => data[y * info.width + x] ?? 0;
  const share = data.reduce((sum, value) => sum + value, 0) / (255 * data.length);
  return { at, share };
}

async function colourAt(sent: Sent, x: number, y: number): Promise<keyof typeof colours> {
  const { data, info } = await sharp(bytesOf(sent.image)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const place = 3 * (Math.floor(y * info.height) * info.width + Math.floor(x * info.width));
  const [r = 0, g = 0, b = 0] = data.subarray(place, place + 3);
  return r > g && r > b ? 'red' : g > b ? 'green' : 'blue';
}

/** Where an element is on the stage of the editor. It is visible before it has the size of the stage. */
async function boxOf(element: Locator, wider = 20) {
  await expect.poll(async () => (await element.boundingBox())?.width ?? 0).toBeGreaterThan(wider);
  const box = await element.boundingBox();
  if (box === null) throw new Error('it is not in sight');
  return box;
}

/** Moves the pointer with the button down, between points of an element, in shares of its sides. */
async function drag(page: Page, element: Locator, ...points: readonly (readonly [number, number])[]): Promise<void> {
  const box = await boxOf(element);
  for (const [index, [x, y]] of points.entries()) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 });
    if (index === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

test('what is painted is sent as a mask of exactly the size of the picture; undo, redo and keys do what they say', async () => {
  const page = await withStart();
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  const editor = editorOf(page);
  const stage = editor.getByRole('application', { name: 'Mask' });
  const sheet = editor.locator('.mask-sheet');
  await sheet.waitFor();
  await editor.getByText('Paint over what is to be repainted.').waitFor();
  // A stroke across the upper quarter, and one that is taken back.
  await drag(page, sheet, [0.1, 0.25], [0.9, 0.25]);
  await editor.getByText(/^\d+ % of the picture will be repainted/).waitFor();
  await drag(page, sheet, [0.5, 0.1], [0.5, 0.9]);
  await page.keyboard.press('Control+z');
  await editor.getByRole('button', { name: 'Redo' }).click();
  await editor.getByRole('button', { name: 'Undo' }).click();
  // By keyboard: from where the pointer was last, down by the brush's size, and a dot.
  await stage.focus();
  for (const key of ['ArrowDown', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  await page.keyboard.press('[');
  await page.keyboard.down(' ');
  for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.up(' ');
  // The eraser takes the right end of the stroke away.
  await page.keyboard.press('e');
  await drag(page, sheet, [0.85, 0.2], [0.95, 0.3]);
  const sent = await generate(page);
  expect(sent.strength).toBe(1);
  const { at, share } = await readMask(sent);
  expect(at(128, 64)).toBe(255); // the stroke
  expect(at(128, 128)).toBe(0); // what was taken back
  expect(at(230, 64)).toBe(0); // what was erased
  expect(at(16, 200)).toBe(0);
  expect(Math.max(...[90, 100, 110].map((x) => at(x, 238)))).toBe(255); // by keyboard
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.3);
  // The form has it, too, and opens it again as it was.
  await page.getByRole('button', { name: 'Edit the mask' }).click();
  await editor.getByRole('button', { name: 'Invert' }).click();
  const inverted = await readMask(await generate(page));
  expect([inverted.at(128, 64), inverted.at(16, 200)]).toEqual([0, 255]);
  expect(inverted.share).toBeCloseTo(1 - share, 2);
});

test('what is in the frame is what is sent, by mouse and by keyboard, and the frame meets the edges exactly', async () => {
  const page = await withStart();
  await page.getByText('Crop…', { exact: true }).click();
  const editor = editorOf(page);
  const frame = editor.getByRole('application', { name: 'Frame, 256×256' });
  await frame.waitFor();
  const picture = editor.locator('.framed-picture');
  const [before, whole] = [await boxOf(frame), await boxOf(picture)];
  expect(before.width / whole.width).toBeCloseTo(1 / 3, 2);
  // A little less than a whole frame to the left: the last pixels are taken by themselves.
  await drag(page, frame, [0.5, 0.5], [-0.48, 0.51]);
  await expect.poll(async () => Math.abs((await boxOf(frame)).x - (await boxOf(picture)).x)).toBeLessThan(1);
  const left = await generate(page);
  expect(left).toMatchObject({ img_width: 256, img_height: 256 });
  expect(left).not.toHaveProperty('mask');
  for (const x of [0.005, 0.5, 0.995]) expect(await colourAt(left, x, 0.5)).toBe('red');

  await page.getByText('Crop…', { exact: true }).click();
  await frame.focus();
  for (let step = 0; step < 40; step++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('-');
  const right = await generate(page);
  for (const y of [0.05, 0.95]) expect(await colourAt(right, 0.5, y)).toBe('blue');
});

test('the frame is dragged beyond the picture: what is beyond is painted, and the size is one that the model draws', async () => {
  const page = await withStart();
  await page.getByText('Crop…', { exact: true }).click();
  const editor = editorOf(page);
  const handle = editor.getByRole('button', { name: 'Bottom edge of the frame' });
  await handle.focus();
  for (let step = 0; step < 6; step++) await page.keyboard.press('ArrowDown');
  await editor.getByLabel('Around the picture').selectOption('Painted by the model');
  const sent = await generate(page);
  expect(sent.img_width % 8).toBe(0);
  expect(sent.img_height).toBe(256);
  expect(sent.img_width).toBeLessThan(256);
  const { at } = await readMask(sent);
  expect([at(50, 10), at(50, 250)]).toEqual([0, 255]);
});

test('one finger paints the mask, two enlarge it and paint nothing', async () => {
  const page = await withStart({ hasTouch: true });
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  const sheet = editorOf(page).locator('.mask-sheet');
  const { x, y, width, height } = await boxOf(sheet, 100);
  const touch = await page.context().newCDPSession(page);
  /** In shares of the sheet's sides. */
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...places: readonly (readonly [number, number])[]) =>
    touch.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: places.map(([right, down], id) => ({ id, x: x + right * width, y: y + down * height })),
    });
  await send('touchStart', [0.1, 0.25]);
  for (const right of [0.3, 0.6, 0.9]) await send('touchMove', [right, 0.25]);
  await send('touchEnd');
  await send('touchStart', [0.4, 0.75]);
  await send('touchStart', [0.4, 0.75], [0.6, 0.75]);
  for (const apart of [0.15, 0.2]) await send('touchMove', [0.5 - apart, 0.75], [0.5 + apart, 0.75]);
  await send('touchEnd');
  await expect.poll(async () => ((await sheet.boundingBox())?.width ?? 0) / width).toBeCloseTo(2, 1);
  const { at } = await readMask(await generate(page));
  expect([at(128, 64), at(102, 192), at(154, 192)]).toEqual([255, 0, 0]);
});

test('two fingers move the frame and change its size', async () => {
  const page = await withStart({ hasTouch: true });
  await page.getByText('Crop…', { exact: true }).click();
  const frame = editorOf(page).getByRole('application', { name: 'Frame, 256×256' });
  const { x, y, width, height } = await boxOf(frame);
  const touch = await page.context().newCDPSession(page);
  /** Beside each other, so far apart, at a place of the frame, in shares of its width. */
  const fingers = (apart: number, at: number) =>
    [-apart, apart].map((by, id) => ({ id, x: x + (at + by / 2) * width, y: y + height / 2 }));
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: ReturnType<typeof fingers>) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints });
  await send('touchStart', fingers(0.4, 0.5).slice(0, 1));
  await send('touchStart', fingers(0.4, 0.5));
  // Apart by half as much again, and a frame's width to the right, where the picture is blue.
  for (const step of [0.25, 0.5, 0.75, 1]) await send('touchMove', fingers(0.4 + 0.2 * step, 0.5 + step));
  await send('touchEnd', []);
  const picture = editorOf(page).locator('.framed-picture');
  await expect.poll(async () => (await boxOf(frame)).width / (await boxOf(picture)).width).toBeCloseTo(1.5 / 3, 2);
  const sent = await generate(page);
  expect([sent.img_width, sent.img_height]).toEqual([256, 256]);
  expect(await colourAt(sent, 0.1, 0.5)).toBe('green');
  expect(await colourAt(sent, 0.5, 0.5)).toBe('blue');
});

test('a picture is zoomed out: its price is shown, it is painted around, and what it was stays', async () => {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('2');
  await page.getByLabel('Prompt', { exact: true }).fill('a pear');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').first().waitFor();
  await page.locator('.picture').first().click();
  const viewer = page.getByRole('dialog', { name: 'Picture', exact: true });
  const address = await viewer.locator('img').first().getAttribute('src');
  await viewer.getByRole('button', { name: 'Zoom out 2×' }).click();
  const editor = editorOf(page);
  await editor.getByText(/^256×256, 0\.\d+ credits$/).waitFor();
  expect(await editor.getByLabel('Prompt', { exact: true }).inputValue()).toBe('a pear');
  const [reply] = await Promise.all([
    page.waitForResponse((each) => each.request().method() === 'POST' && each.url().endsWith('/api/jobs')),
    generate(page),
  ]);
  const sent: Sent = JSON.parse(reply.request().postData() ?? '{}');
  const { at } = await readMask(sent);
  expect([at(63, 128), at(64, 128), at(191, 128), at(192, 128)]).toEqual([255, 0, 0, 255]);
  await viewer.waitFor({ state: 'detached' });
  const { id }: { id: string } = await reply.json();
  const jobs = `fetch('/api/jobs/${id}').then((reply) => reply.json())`;
  await expect.poll(async () => Object(await page.evaluate(jobs)).status).toBe('succeeded');
  const job = Object(await page.evaluate(jobs));
  const pixels = async (path: string) =>
    sharp(Buffer.from(await (await fetch(new URL(path, web().server.url))).arrayBuffer())).removeAlpha();
  const middle = { left: 96, top: 96, width: 64, height: 64 };
  const drawn = await (await pixels(job.images[0].url)).extract(middle).raw().toBuffer();
  const start = await sharp(bytesOf(sent.image)).removeAlpha().extract(middle).raw().toBuffer();
  const difference = drawn.reduce((most, value, i) => Math.max(most, Math.abs(value - (start[i] ?? 0))), 0);
  expect(difference).toBeLessThanOrEqual(job.image_format === 'png' ? 1 : 24);
  // What was sent is the picture at half its size.
  const half = await (await pixels(address ?? ''))
    .resize(128, 128)
    .extract({ left: 32, top: 32, width: 64, height: 64 })
    .raw()
    .toBuffer();
  const mean = half.reduce((sum, value, i) => sum + Math.abs(value - (start[i] ?? 0)), 0) / half.length;
  expect(mean).toBeLessThan(4);
});

test('an edit that was closed is there when the picture is edited again, and a picture can be dragged to be the start image', async () => {
  await paint('a kite');
  const page = await web().visit('/gallery');
  await page.getByRole('button', { name: 'Open picture 1 of 1: a kite' }).click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const editor = editorOf(page);
  const sheet = editor.locator('.mask-sheet');
  await sheet.waitFor();
  await drag(page, sheet, [0.2, 0.5], [0.8, 0.5]);
  await editor.getByText(/% of the picture will be repainted/).waitFor();
  await page.keyboard.press('Escape');
  await editor.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await editor.getByText('Your last edit of this picture.').waitFor();
  await editor.getByText(/% of the picture will be repainted/).waitFor();
  await editor.getByRole('button', { name: 'Start over' }).click();
  await editor.getByText('Paint over what is to be repainted.').waitFor();
  await page.keyboard.press('Escape');
  await editor.waitFor({ state: 'detached' });
  await page.goto(`${web().server.url}/gallery`);

  const kite = page.getByRole('button', { name: 'Open picture 1 of 1: a kite' });
  const from = await kite.locator('img').boundingBox();
  // In the middle: what can be done with it stands in the corners.
  await page.mouse.move((from?.x ?? 0) + (from?.width ?? 0) / 2, (from?.y ?? 0) + (from?.height ?? 0) / 2);
  await page.mouse.down();
  await page.mouse.move(640, 700, { steps: 5 });
  const bar = page.getByText('Drop here to use it as the start image');
  await bar.waitFor();
  const to = await bar.boundingBox();
  await page.mouse.move((to?.x ?? 0) + 40, (to?.y ?? 0) + 20, { steps: 5 });
  await page.mouse.up();
  await page.getByAltText('Start image, as it will be sent').waitFor();
});

test.each([
  [{ width: 1280, height: 900 }, 'light'],
  [{ width: 320, height: 640 }, 'dark'],
] as const)('axe finds nothing in the editor at %o, and nothing is cut off', async (viewport, colorScheme) => {
  const page = await withStart({ viewport, colorScheme });
  await page.getByRole('button', { name: 'Paint a mask' }).click();
  await editorOf(page).locator('.mask-sheet').waitFor();
  const findings = async () => {
    await page.evaluate(axe.source);
    return page.evaluate(
      `axe.run(document.querySelector('dialog')).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
    );
  };
  expect(await findings()).toEqual([]);
  await editorOf(page).getByRole('button', { name: 'Frame' }).click();
  await editorOf(page).getByRole('application', { name: 'Frame, 256×256' }).waitFor();
  expect(await findings()).toEqual([]);
  expect(await page.evaluate(`document.querySelector('.editor').scrollWidth <= window.innerWidth`)).toBe(true);
});
