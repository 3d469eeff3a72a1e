import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const small = { num_inference_steps: 2, img_width: 64, img_height: 64 };

async function openPicture(body: object, viewport: { width: number; height: number }): Promise<Page> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const reply = await fetch(`${url}/api/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...small, ...body }),
  });
  const { id }: { id: string } = JSON.parse(await reply.text());
  await fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
  const page = await web().visit('/gallery', { viewport });
  await page.locator('.entry .picture').first().click();
  await page.getByRole('dialog', { name: 'Picture' }).waitFor();
  return page;
}

async function isInSight(page: Page, name: string): Promise<boolean> {
  const box = await page.getByRole('button', { name, exact: true }).boundingBox();
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');

test.each([60, 300])('with a prompt of %i words all that can be done with a picture is in sight', async (count) => {
  const body = { prompt: words(count), negative_prompt: words(60) };
  const page = await openPicture(body, { width: 1280, height: 720 });
  for (const name of ['Close', 'Regenerate', 'Use as start image', 'PNG', 'Link'])
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
  ]) {
    const page = await openPicture({ prompt: words(60) }, viewport);
    expect(await isInSight(page, 'Close')).toBe(true);
    await page.getByText('Copy', { exact: true }).scrollIntoViewIfNeeded();
    expect(await isInSight(page, 'Close')).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
  }
});

test('a click beside the picture closes it, one on it does not', async () => {
  const page = await openPicture({ prompt: 'a key' }, { width: 1280, height: 720 });
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  await viewer.locator('.facts').click();
  expect(await viewer.count()).toBe(1);
  await page.mouse.click(8, 8);
  await viewer.waitFor({ state: 'detached' });
});

test('the facts say which model drew, on what, and under which name the API has it', async () => {
  const page = await openPicture({ prompt: 'a key' }, { width: 1280, height: 720 });
  const facts = page.getByRole('dialog', { name: 'Picture' }).locator('.facts');
  await facts.getByText('easel-demo (small embedded model)').waitFor();
  await facts.getByText('playground-v2.5', { exact: true }).waitFor();
  await facts.locator('div', { hasText: 'Device' }).getByText('CPU', { exact: true }).waitFor();
});

test('with the arrow keys one steps through the pictures; in an enlarged one they scroll', async () => {
  const page = await openPicture({ prompt: 'a key', samples: 2, seed: 5 }, { width: 1280, height: 720 });
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  const seed = viewer.locator('.facts div', { hasText: 'Seed' }).locator('dd');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => seed.textContent()).toBe('6');
  await viewer.getByRole('button', { name: 'Zoom' }).click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await seed.textContent()).toBe('6');
});

test('a press enlarges the place that was pressed', async () => {
  const page = await openPicture({ prompt: 'a key', seed: 5 }, { width: 1280, height: 720 });
  const stage = page.getByRole('button', { name: 'Zoom' });
  const { x, y, width, height } = (await stage.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  // A square in the middle of the stage.
  const side = Math.min(width, height);
  await page.mouse.click(x + width / 2 + side * 0.25, y + height / 2 - side * 0.1);
  const middle = () =>
    stage.evaluate((element) => [
      (element.scrollLeft + element.clientWidth / 2) / element.scrollWidth,
      (element.scrollTop + element.clientHeight / 2) / element.scrollHeight,
    ]);
  const [across = 0, down = 0] = await middle();
  expect(across).toBeCloseTo(0.75, 1);
  expect(down).toBeCloseTo(0.4, 1);
  await stage.press('Enter');
  await stage.press('Enter');
  for (const share of await middle()) expect(share).toBeCloseTo(0.5, 1);
});
