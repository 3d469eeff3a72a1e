import type { Page, Request } from 'playwright-core';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const red = { r: 220, g: 30, b: 30 };
const blue = { r: 30, g: 30, b: 220 };
const green = { r: 30, g: 160, b: 30 };

/** Red on the left, green in the middle, blue on the right: a third of the width each. */
function threeColours(width: number, height: number): Sharp {
  const third = { height, width: Math.round(width / 3), channels: 3 } as const;
  return sharp({ create: { width, height, channels: 3, background: green } }).composite([
    { input: { create: { ...third, background: red } }, left: 0, top: 0 },
    { input: { create: { ...third, background: blue } }, left: width - third.width, top: 0 },
  ]);
}

async function choose(page: Page, buffer: Buffer, name = 'photo.png'): Promise<void> {
  const file = { name, mimeType: `image/${name.split('.')[1]}`, buffer };
  await page.getByLabel('Choose or drop a picture').setInputFiles(file);
  await page.getByAltText('Start image, as it will be sent').waitFor();
}

/** The picture that the page sends with the next run, and what else it says. */
async function sentPicture(page: Page): Promise<{ body: { img_width: number; img_height: number }; file: Buffer }> {
  const isRun = (request: Request) => request.method() === 'POST' && request.url().endsWith('/api/jobs');
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('2');
  await page.getByLabel('Prompt', { exact: true }).fill('a castle');
  const [request] = await Promise.all([
    page.waitForRequest(isRun),
    page.getByRole('button', { name: 'Generate a picture' }).click(),
  ]);
  const body: { image: string; img_width: number; img_height: number } = JSON.parse(request.postData() ?? '{}');
  expect(body.image).toMatch(/^data:image\/png;base64,/);
  return { body, file: Buffer.from(body.image.split(',')[1] ?? '', 'base64') };
}

/** Gives the page a file as another program does: by dragging, or from the clipboard. */
async function give(page: Page, how: 'dragover' | 'drop' | 'paste', file: Buffer, name: string): Promise<void> {
  const data = JSON.stringify({ base64: file.toString('base64'), name, how });
  await page.evaluate(`(() => {
    const { base64, name, how } = ${data};
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/' + name.split('.')[1] }));
    const options = { bubbles: true, cancelable: true };
    const event = how === 'paste'
      ? new ClipboardEvent(how, { ...options, clipboardData: transfer })
      : new DragEvent(how, { ...options, dataTransfer: transfer });
    document.querySelector('textarea').dispatchEvent(event);
  })()`);
}

async function colourAt(file: Buffer, x: number, y: number): Promise<'red' | 'green' | 'blue'> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const place = 3 * (Math.floor(y * info.height) * info.width + Math.floor(x * info.width));
  const [r = 0, g = 0, b = 0] = data.subarray(place, place + 3);
  return r > g && r > b ? 'red' : g > b ? 'green' : 'blue';
}

test('a start image of another shape has the nearest shape chosen for it, and is cropped, never squashed', async () => {
  const page = await web().visit();
  await choose(page, await threeColours(900, 600).png().toBuffer());
  await page.getByText('256×176', { exact: true }).waitFor();
  const { body, file } = await sentPicture(page);
  expect(body).toMatchObject({ img_width: 256, img_height: 176 });
  expect(await sharp(file).metadata()).toMatchObject({ width: 256, height: 176 });
  await page.locator('.run-card.succeeded').waitFor();
  // A square inside of it is still a square: a third of 900 is half of 600.
  for (const [x, colour] of [
    [0.02, 'red'],
    [0.5, 'green'],
    [0.98, 'blue'],
  ] as const)
    expect(await colourAt(file, x, 0.5), String(x)).toBe(colour);
});

test('a shape that somebody has chosen stays; the small picture shows exactly the part that is sent', async () => {
  const page = await web().visit();
  await page.getByText('1:1', { exact: true }).click();
  await choose(page, await threeColours(900, 300).png().toBuffer());
  await page.getByText('cropped to its centre').waitFor();
  const used = page.getByAltText('Start image, as it will be sent');
  const box = await used.boundingBox();
  expect(box?.width).toBe(box?.height);
  const seen = await used.screenshot();
  const { body, file } = await sentPicture(page);
  expect(body).toMatchObject({ img_width: 256, img_height: 256 });
  // Only the green third is left of it, in both.
  for (const [x, y] of [
    [0.1, 0.5],
    [0.5, 0.1],
    [0.9, 0.9],
  ] as const) {
    expect(await colourAt(file, x, y)).toBe('green');
    expect(await colourAt(seen, x, y)).toBe('green');
  }
  const before = await used.getAttribute('src');
  await page.getByText('21:9', { exact: true }).click();
  await expect.poll(() => used.getAttribute('src')).not.toBe(before);
  const wide = await used.screenshot();
  expect([await colourAt(wide, 0.05, 0.5), await colourAt(wide, 0.95, 0.5)]).toEqual(['red', 'blue']);
});

test('a photo that a phone has turned stands upright', async () => {
  const page = await web().visit();
  // Lying on its side; orientation 6 says: turn it to the right (EXIF 2.32, 4.6.4).
  const lying = await threeColours(900, 600).jpeg().withMetadata({ orientation: 6 }).toBuffer();
  await choose(page, lying, 'photo.jpeg');
  await page.getByText('176×256', { exact: true }).waitFor();
  const { file } = await sentPicture(page);
  expect([await colourAt(file, 0.5, 0.02), await colourAt(file, 0.5, 0.98)]).toEqual(['red', 'blue']);
});

test('a photo of any size is taken: it is scaled down before it is sent', async () => {
  const page = await web().visit();
  const pixels = { width: 3000, height: 2400, channels: 3 } as const;
  const noise = await sharp({
    create: { ...pixels, background: red, noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  // Without scaling the server would refuse it: in base64 it is a third larger, and 25 MB are the limit.
  expect(noise.length).toBeGreaterThan(18_000_000);
  await choose(page, noise, 'photo.jpeg');
  const { file } = await sentPicture(page);
  expect(file.length).toBeLessThan(400_000);
  await page.locator('.run-card.succeeded').waitFor();
});

test('a file that the browser cannot open is refused at once, in words', async () => {
  const page = await web().visit();
  const file = { name: 'photo.heic', mimeType: 'image/heic', buffer: Buffer.from('not a picture') };
  await page.getByLabel('Choose or drop a picture').setInputFiles(file);
  await page.getByRole('alert').getByText('Cannot open “photo.heic” as a picture; use PNG, JPEG or WebP.').waitFor();
});

test('a picture of this server is the start image at its own size, and of another shape it is cropped like any other', async () => {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('2');
  await page.getByLabel('Prompt', { exact: true }).fill('a pear');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  await page.getByRole('button', { name: 'Use as start image' }).click();
  await page.getByText('16:9', { exact: true }).click();
  await page.getByText('cropped to its centre').waitFor();
  const { body, file } = await sentPicture(page);
  expect(body).toMatchObject({ img_width: 256, img_height: 144 });
  expect(await sharp(file).metadata()).toMatchObject({ width: 256, height: 144 });
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  // and it is enlarged as it is
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/api/jobs')),
    page.getByRole('button', { name: 'Upscale 2×' }).click(),
  ]);
  const enlarged: unknown = JSON.parse(request.postData() ?? '{}');
  expect(enlarged).toMatchObject({ upscale: 2, samples: 1, image: expect.stringContaining('/api/images/') });
  expect(enlarged).not.toHaveProperty('img_width');
  await page.locator('.run-card.succeeded').nth(2).waitFor();
});

test('a mask is cropped with its start image, and only what it says is repainted', async () => {
  const page = await web().visit();
  await choose(page, await threeColours(900, 300).png().toBuffer());
  const third = await sharp({ create: { width: 30, height: 10, channels: 3, background: 'black' } })
    .composite([{ input: { create: { width: 10, height: 10, channels: 3, background: 'white' } }, left: 20, top: 0 }])
    .png()
    .toBuffer();
  await page.getByLabel('Mask from a file').setInputFiles({ name: 'mask.png', mimeType: 'image/png', buffer: third });
  await page.getByAltText('Mask, as it will be sent').waitFor();
  expect(await page.getByRole('spinbutton', { name: 'Strength value' }).inputValue()).toBe('1');
  const { body } = await sentPicture(page);
  const mask = Buffer.from(Object(body).mask.split(',')[1], 'base64');
  const { width, height } = await sharp(mask).metadata();
  expect([width, height]).toEqual([body.img_width, body.img_height]);
  const grey = await sharp(mask).removeAlpha().greyscale().raw().toBuffer();
  const row = grey.subarray(0, body.img_width);
  expect([row[2], row[Math.floor(body.img_width / 2)], row[body.img_width - 2]]).toEqual([0, 0, 255]);
  await page.locator('.run-card.succeeded').waitFor();
  await page.getByRole('button', { name: 'Remove mask' }).click();
  await page.getByLabel('Mask from a file').waitFor();
});

test('a picture is taken that is dropped or pasted; while it is dragged nothing moves', async () => {
  const page = await web().visit();
  const file = await threeColours(300, 300).png().toBuffer();
  const button = page.getByRole('button', { name: 'Generate a picture' });
  await button.waitFor();
  // What the server tells of price and drafts, in one reply, makes the form longer.
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  const before = await button.boundingBox();
  await give(page, 'dragover', file, 'photo.png');
  await page.getByText('Drop a picture to restore its settings').waitFor();
  expect(await button.boundingBox()).toEqual(before);
  await give(page, 'drop', file, 'photo.png');
  await page.getByText('Drop a picture to restore its settings').waitFor({ state: 'detached' });
  await page.getByAltText('Start image, as it will be sent').waitFor();
  await page.getByRole('button', { name: 'Remove start image' }).click();
  await give(page, 'paste', await threeColours(300, 900).png().toBuffer(), 'pasted.png');
  await page.getByAltText('Start image, as it will be sent').waitFor();
  const { body } = await sentPicture(page);
  expect(body).toMatchObject({ img_width: 104, img_height: 256 });
});

test('of a picture that is fitted all is sent, and around it what the form says', async () => {
  const page = await web().visit();
  await page.getByText('1:1', { exact: true }).click();
  await choose(page, await threeColours(900, 300).png().toBuffer());
  await page.getByText('Fit', { exact: true }).click();
  await page.getByText('all of it, with the colours of its edges around it').waitFor();
  const edges = await sentPicture(page);
  // The picture is in the middle third; its columns go on above and below it.
  for (const y of [0.02, 0.5, 0.98]) {
    expect(await colourAt(edges.file, 0.1, y)).toBe('red');
    expect(await colourAt(edges.file, 0.5, y)).toBe('green');
    expect(await colourAt(edges.file, 0.9, y)).toBe('blue');
  }
  expect(edges.body).not.toHaveProperty('mask');
  await page.getByLabel('Around the picture').selectOption('Painted by the model');
  expect(await page.getByRole('spinbutton', { name: 'Strength value' }).inputValue()).toBe('1');
  const { body } = await sentPicture(page);
  const mask = Buffer.from(Object(body).mask.split(',')[1], 'base64');
  const grey = await sharp(mask).removeAlpha().greyscale().raw().toBuffer();
  expect([2, 80, 100, 128, 160, 180, 253].map((y) => grey[y * 256 + 128])).toEqual([255, 255, 0, 0, 0, 255, 255]);
});

test('of an animated file the first picture is taken, and the page says so', async () => {
  const page = await web().visit();
  const pages = await Promise.all(
    [red, blue].map((background) =>
      sharp({ create: { width: 64, height: 64, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const file = await sharp(pages, { join: { animated: true } })
    .gif()
    .toBuffer();
  await choose(page, file, 'photo.gif');
  await page.getByText('It is animated; its first picture is used.').waitFor();
  expect(await colourAt((await sentPicture(page)).file, 0.5, 0.5)).toBe('red');
});
