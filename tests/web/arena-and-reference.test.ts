import { readFile } from 'node:fs/promises';
import { readParameters } from '@easel/parameters';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

test('a study draws pairs with equal seeds, takes blind votes, and tells the tally with its interval', async () => {
  const page = await web().visit('/arena');
  for (const [index, steps] of [4, 2].entries()) {
    await page.getByRole('spinbutton', { name: 'Steps value' }).nth(index).fill(String(steps));
  }
  await page.getByLabel('Prompts, one per line').fill('a red apple\n\n  a fox  ');
  await page.getByRole('button', { name: 'Start comparison' }).click();
  await page.getByText('1 of 2').waitFor();
  const left = page.getByRole('button', { name: 'Left is better' });
  await left.click();
  await page.getByText('2 of 2').waitFor();
  // Nothing says yet which setting that vote was for.
  expect(await page.getByText(/A: playground|guidance 3/).count()).toBe(0);
  await page.getByRole('button', { name: 'Undo last vote' }).click();
  await page.getByText('1 of 2').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText('Voting complete.').waitFor();
  await page.getByText(/A \d, B \d, no difference 1\. A has (25|75) % \(95 % confidence: \d+ % to \d+ %/).waitFor();
  await page
    .getByText(
      /A: playground-v2.5 \(easel-demo\), 4 steps, guidance 3, DPM-Solver.. 2M. B: playground-v2.5 \(easel-demo\), 2 steps/,
    )
    .waitFor();

  const headers = { 'x-api-key': web().server.devKey };
  const text = await fetch(`${web().server.url}/api/jobs`, { headers }).then((reply) => reply.text());
  const page1: { jobs: { prompt: string; seed: number; num_inference_steps: number }[] } = JSON.parse(text);
  const [apples, foxes] = ['a red apple', 'a fox'].map((prompt) => page1.jobs.filter((job) => job.prompt === prompt));
  for (const pair of [apples, foxes]) {
    expect(new Set(pair?.map(({ seed }) => seed)).size).toBe(1);
    expect(pair?.map(({ num_inference_steps: steps }) => steps).sort()).toEqual([2, 4]);
  }
  await page.reload();
  await page.getByText('Voting complete.').waitFor();
  await theGraphicAgreesWithTheText(page);
  await page.getByRole('button', { name: 'Start a new comparison' }).click();
  await page.getByRole('button', { name: 'Discard 2 votes?' }).click();
  await page.getByRole('button', { name: 'Start comparison' }).waitFor();
});

interface ListedJob {
  readonly prompt: string;
  readonly seed: number;
  readonly num_inference_steps: number;
  readonly status: string;
}

/** The newest jobs of the page's account. */
async function listJobs(): Promise<{ readonly jobs: readonly ListedJob[] }> {
  const reply = await fetch(`${web().server.url}/api/jobs`, { headers: { 'x-api-key': web().server.devKey } });
  return JSON.parse(await reply.text());
}

/** In pixels of the screen, each to within what rounding to whole percents can do. */
async function theGraphicAgreesWithTheText(page: Page): Promise<void> {
  const graphic = page.locator('.interval');
  const [share = 0, low = 0, high = 0] = [
    ...((await graphic.getAttribute('aria-label')) ?? '').matchAll(/(\d+) %/g),
  ].map(([, text]) => Number(text));
  expect(low).toBeLessThan(share);
  const box = async (place: string) => (await graphic.locator(place).boundingBox()) ?? { x: 0, width: 0 };
  const whole = (await graphic.boundingBox()) ?? { x: 0, width: 0 };
  const percentAt = (x: number) => (100 * (x - whole.x)) / whole.width;
  const [range, point] = [await box('.range'), await box('.point')];
  expect(Math.abs(percentAt(point.x + point.width / 2) - share)).toBeLessThan(1);
  expect(Math.abs(percentAt(range.x) - low)).toBeLessThan(1);
  expect(Math.abs(percentAt(range.x + range.width) - high)).toBeLessThan(1);
}

test('on a phone the pictures of a result can be told apart, and a press makes them large', async () => {
  const page = await web().visit('/arena', { viewport: { width: 390, height: 844 } });
  for (const side of [0, 1]) await page.getByRole('spinbutton', { name: 'Steps value' }).nth(side).fill('2');
  await page.getByLabel('Prompts, one per line').fill('a pear');
  await page.getByRole('button', { name: 'Start comparison' }).click();
  await page.getByRole('button', { name: 'No difference' }).click();
  for (const side of ['A', 'B']) {
    const picture = page.getByAltText(`Generated with ${side}`, { exact: true });
    // It has no height before it is loaded.
    await expect.poll(async () => (await picture.boundingBox())?.height).toBeGreaterThan(100);
    const box = await picture.boundingBox();
    expect(box?.width).toBeGreaterThan(100);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
  }
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await page.getByRole('button', { name: 'Enlarge B: a pear' }).click();
  await page.getByAltText('Enlarged, generated with B').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByAltText('Enlarged, generated with B').waitFor({ state: 'detached' });
});

test('a prompt that cannot be drawn is passed over and told of, and the others are not kept waiting', async () => {
  const page = await web().visit('/arena');
  for (const side of [0, 1]) await page.getByRole('spinbutton', { name: 'Steps value' }).nth(side).fill('2');
  await page.getByLabel('Prompts, one per line').fill(`${'x'.repeat(10_001)}\na good one`);
  await page.getByRole('button', { name: 'Start comparison' }).click();
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText(/^Failed: x+/).waitFor();
});

test('a study that is ended makes no more pictures, and none of them comes into the next', async () => {
  const page = await web().visit('/arena');
  const begin = async (steps: number, prompts: string) => {
    for (const side of [0, 1])
      await page.getByRole('spinbutton', { name: 'Steps value' }).nth(side).fill(String(steps));
    await page.getByLabel('Prompts, one per line').fill(prompts);
    await page.getByRole('button', { name: 'Start comparison' }).click();
  };
  await begin(100, 'an old lamp\nan old boat');
  await page.getByText('1 of 2').waitFor();
  await page.getByRole('button', { name: 'Start a new comparison' }).click();
  await page.getByRole('button', { name: 'Really start over?' }).click();
  await begin(2, 'a new lamp\na new boat');
  for (const text of ['1 of 2', '2 of 2']) {
    await page.getByText(text).waitFor();
    await page.getByRole('button', { name: 'No difference' }).click();
  }
  await page.getByText('Voting complete.').waitFor();
  const headers = { 'x-api-key': web().server.devKey };
  const text = await fetch(`${web().server.url}/api/jobs`, { headers }).then((reply) => reply.text());
  const { jobs }: { jobs: { prompt: string; status: string; images: { url: string }[] }[] } = JSON.parse(text);
  expect(jobs.filter(({ prompt, status }) => prompt.startsWith('an old') && status === 'succeeded')).toEqual([]);
  const fresh = jobs.filter(({ prompt }) => prompt.startsWith('a new')).flatMap(({ images }) => images);
  const shown = await page
    .getByRole('img', { name: /^Generated with/ })
    .evaluateAll((all) => all.map((one) => one.getAttribute('src')));
  expect(shown.toSorted()).toEqual(fresh.map(({ url }) => new URL(url).pathname).toSorted());
});

test('a sheet varies two settings, is downloaded with its labels and settings, and two of its pictures go to the arena', async () => {
  const page = await web().visit('/arena/sheet');
  await page.getByRole('textbox', { name: 'Prompt' }).fill('a red apple');
  await page.getByLabel('Columns (X): values').fill('2-3');
  await page.getByLabel('Rows (Y) vary').selectOption('Part of the prompt');
  const parts = page.getByLabel('Rows (Y): values');
  await parts.fill('pear, green');
  await page.getByText('The prompt does not contain “pear”').waitFor();
  expect(await page.getByRole('button', { name: 'Generate the sheet' }).isDisabled()).toBe(true);
  await parts.fill('red, green');
  await page.getByText(/^2 × 2 = 4 pictures, 0\.0000\d+ credits$/).waitFor();
  await page.getByRole('button', { name: 'Generate the sheet' }).click();
  await page.getByText('The sheet is complete.').waitFor();
  const { jobs } = await listJobs();
  const made = jobs.filter(({ prompt }) => /^a (red|green) apple$/.test(prompt)).slice(0, 4);
  expect(new Set(made.map(({ seed }) => seed)).size).toBe(1);
  const settings = made.map(({ prompt, num_inference_steps: steps }) => `${prompt} ${steps}`);
  expect(settings.toSorted()).toEqual(['a green apple 2', 'a green apple 3', 'a red apple 2', 'a red apple 3']);

  await page.reload();
  await page.getByText('The sheet is complete.').waitFor();
  await page.getByRole('button', { name: 'Open Steps: 3, green' }).click();
  await page.getByRole('dialog').getByText('a green apple').first().waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('dialog').getByText('a red apple').first().waitFor();
  await page.keyboard.press('Escape');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as PNG' }).click();
  const file = await readFile(await (await saved).path());
  expect(file.readUInt32BE(16)).toBeGreaterThan(2 * 256);
  // Two rows of pictures, the labels of the columns, and a title above them.
  expect(file.readUInt32BE(20)).toBeGreaterThan(2 * (256 + 8) + 3 * 18 + 4 * 18);
  // The title is of dark letters on white.
  const { info, data } = await sharp(file).greyscale().raw().toBuffer({ resolveWithObject: true });
  const band = data.subarray(0, 60 * info.width);
  expect(Math.min(...band)).toBeLessThan(100);
  expect(band.filter((value) => value > 250).length / band.length).toBeGreaterThan(0.8);
  expect(readParameters(file)).toMatch(/^a red apple\n.*X Type: Steps, X Values: "2, 3", Y Type: Part of the prompt/);

  for (const title of ['Steps: 2, red', 'Steps: 3, green'])
    await page.getByRole('button', { name: `Choose ${title} for the arena` }).click();
  await page.getByRole('button', { name: 'Vote blind on these two' }).click();
  await page.getByRole('button', { name: 'Replace the comparison in the arena?' }).click();
  await page.getByText('1 of 1').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('Voting complete.').waitFor();
  await page.getByText(/A: .*, 2 steps.*\(Steps: 2, red\)\. B: .*, 3 steps.*\(Steps: 3, green\)/).waitFor();
});

test('a sheet goes on after a reload, until all of it is cancelled', async () => {
  const page = await web().visit('/?size=96x96');
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  await page.goto(`${web().server.url}/arena/sheet`);
  await page.getByRole('textbox', { name: 'Prompt' }).fill('a slow sheet');
  await page.getByLabel('Columns (X): values').fill('100');
  await page.getByLabel('Rows (Y) vary').selectOption('Seed');
  await page.getByLabel('Rows (Y): values').fill('1-200');
  await page.getByText('Seed: more than 100 values').waitFor();
  await page.getByLabel('Rows (Y): values').fill('1-30');
  await page.getByRole('button', { name: 'Generate the sheet' }).click();
  await page.getByRole('button', { name: 'Open Steps: 100, Seed: 1', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Open Steps: 100, Seed: 1', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Cancel all' }).click();
  await page.getByRole('button', { name: /^Cancel \d+ pictures\?$/ }).click();
  await page.getByText(/^Cancelled; \d+ of 30 are missing\.$/).waitFor();
  await expect
    .poll(async () => (await listJobs()).jobs.filter(({ status }) => /queued|running/.test(status)).length)
    .toBe(0);
  await page.reload();
  await page.getByText(/^Cancelled; \d+ of 30 are missing\.$/).waitFor();
  // Each was made once, whatever the reload interrupted.
  const slow = (await listJobs()).jobs.filter(
    ({ prompt, status }) => prompt === 'a slow sheet' && status === 'succeeded',
  );
  expect(new Set(slow.map(({ seed }) => seed)).size).toBe(slow.length);
});

test('the API page is a form and JSON, each of which changes the other, and both are sent', async () => {
  const page = await web().visit('/reference');
  const field = page.getByLabel('num_inference_steps');
  await page.getByText('integer, 20 – 100; default 25').waitFor();
  const request = page.getByLabel('Request body');
  await request.fill('{"prompt": "a red apple", "base64": false, "seed": 3}');
  expect(await field.inputValue()).toBe('');
  await field.fill('20');
  expect(JSON.parse(await request.inputValue())).toEqual({
    prompt: 'a red apple',
    base64: false,
    seed: 3,
    num_inference_steps: 20,
  });
  await page.getByLabel('seed', { exact: true }).fill('');
  expect(JSON.parse(await request.inputValue())).not.toHaveProperty('seed');
  await page.getByRole('button', { name: 'Send request' }).click();
  await page.getByAltText('Response').waitFor();
  await page.getByText(/^200 · \d+ kB/).waitFor();
  await page.getByText('x-remaining-credits').waitFor();
  await page.getByRole('button', { name: 'axios' }).click();
  const code = page.getByRole('region', { name: 'Code samples' }).locator('pre');
  expect(await code.textContent()).toContain("responseType: 'arraybuffer'");
  await request.fill('{"prompt": "a red apple", "base64": true, "samples": 2, "num_inference_steps": 20}');
  await page.getByRole('button', { name: 'Send request' }).click();
  await page.getByAltText('Response').nth(1).waitFor();
  await request.fill('{"prompt": "a", "samples": 9}');
  await page.getByRole('button', { name: 'Send request' }).click();
  await page.getByText(/samples must be an integer from 1 to 4/).waitFor();
  await request.fill('{"prompt": "a",\n  samples: 9}');
  await page.getByText(/^Not valid at line 2, column 3: a name in double quotes is expected/).waitFor();
  expect(await field.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await request.evaluate((area) => Reflect.get(area, 'selectionStart'))).toBe(18);
  for (const language of ['curl', 'TypeScript', 'axios', 'Python']) {
    await page.getByRole('button', { name: language }).click();
    expect(await code.textContent()).toMatch(/"samples": ?9/);
  }
});

test('the API page also sends jobs and OpenAI’s requests, follows a job and shows its picture', async () => {
  const page = await web().visit('/reference');
  const operation = page.getByLabel('Operation');
  await operation.selectOption(await labelOf(operation, 'POST /api/jobs '));
  await page.getByLabel('num_inference_steps').fill('2');
  await page.getByRole('button', { name: 'Send request' }).click();
  await page.getByText(/^202 · /).waitFor();
  await page.getByRole('button', { name: 'Get this job' }).click();
  await page.getByText(/^GET \/api\/jobs\/[0-9a-f-]{36}$/).waitFor();
  await expect
    .poll(async () => {
      await page.getByRole('button', { name: 'Send request' }).click();
      await page.getByText(/^200 · /).waitFor();
      return page.getByAltText('Response').count();
    })
    .toBe(1);
  await operation.selectOption(await labelOf(operation, 'POST /v1/images/generations '));
  await page.getByLabel('num_inference_steps').fill('2');
  await page.getByRole('button', { name: 'Python' }).click();
  await page.getByText('/v1/images/generations"').waitFor();
  await page.getByRole('button', { name: 'Send request' }).click();
  await page.getByAltText('Response').waitFor();
});

/** Of the choice that begins so. */
async function labelOf(select: Locator, start: string): Promise<string> {
  await select.locator('option').first().waitFor({ state: 'attached' });
  return (await select.locator('option').allTextContents()).find((label) => label.startsWith(start)) ?? start;
}
