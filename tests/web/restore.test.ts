import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { encodeImage, readParameters } from '@easel/engine';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

const fixture = (name: string) => readFile(new URL(`../../packages/parameters/test/fixtures/${name}`, import.meta.url));

async function drop(page: Page, name: string, buffer: Buffer): Promise<void> {
  const mimeType = `image/${extname(name).slice(1).replace('jpg', 'jpeg')}`;
  await page.getByLabel('Choose or drop a picture').setInputFiles({ name, mimeType, buffer });
}

/** A form in which something is typed that must not be mistaken for what the file says. */
async function typedForm(): Promise<Page> {
  const page = await web().visit();
  await page.getByLabel('Prompt', { exact: true }).fill('an old prompt');
  await page.getByLabel('Negative prompt').fill('an old negative prompt');
  return page;
}

const promptOf = (page: Page) => page.getByLabel('Prompt', { exact: true }).inputValue();
const negativeOf = (page: Page) => page.getByLabel('Negative prompt').inputValue();
const seedOf = (page: Page) => page.getByLabel('Seed', { exact: true }).inputValue();
const numberOf = (page: Page, label: string) => page.getByRole('spinbutton', { name: `${label} value` }).inputValue();
const noteOf = (page: Page) => page.locator('.notice.hint').textContent();
/** By its button, which is there together with the note; its small picture takes a moment more. */
const hasStartImage = (page: Page) => page.getByRole('button', { name: 'Remove start image' }).isVisible();

test('a picture that is downloaded, in any format, and dropped again restores how it was made', async () => {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('7');
  await page.getByRole('spinbutton', { name: 'Guidance value' }).fill('4.5');
  await page.getByLabel('Seed', { exact: true }).fill('1234');
  await page.getByLabel('Negative prompt').fill('clouds');
  await page.getByLabel('Prompt', { exact: true }).fill('a rocket in 東京');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').first().waitFor();
  await page.locator('.stage-run .picture').first().click();
  for (const [button, name] of [
    ['PNG', '1234.png'],
    ['JPEG', '1234.jpg'],
    ['WebP', '1234.webp'],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(name);
    const file = await readFile(await download.path());
    expect(readParameters(file)).toMatch(/^a rocket in 東京\nNegative prompt: clouds\nSteps: 7,/);
    const other = await typedForm();
    await drop(other, name, file);
    await other.getByText('Settings restored from the picture.').waitFor();
    expect(await promptOf(other)).toBe('a rocket in 東京');
    expect(await negativeOf(other)).toBe('clouds');
    expect(await seedOf(other)).toBe('1234');
    expect(await numberOf(other, 'Steps')).toBe('7');
    expect(await numberOf(other, 'Guidance')).toBe('4.5');
    expect(await hasStartImage(other)).toBe(false);
  }
});

test('what a file of ours says and the form does not have is named', async () => {
  const page = await typedForm();
  await drop(page, 'own.png', await fixture('easel-own-extra-settings.png'));
  await page.getByText('Settings restored from the picture.').waitFor();
  expect(await noteOf(page)).toContain(
    'Not restored: the empty negative prompt, second prompt flat colours, guidance rescale 0.7, schedule Exponential',
  );
  expect(await promptOf(page)).toBe('a fox');
  expect(await negativeOf(page)).toBe('');
});

test('a JPEG of the API is restored, and is no start image', async () => {
  const page = await typedForm();
  await drop(page, 'own.jpg', await fixture('easel-own-picture.jpg'));
  await page.getByText('From Easel: prompt').waitFor();
  expect(await promptOf(page)).not.toBe('an old prompt');
  expect(await hasStartImage(page)).toBe(false);
});

test.each([
  ['swarmui-parameters-json.png', 'a wooden boat', 'fog', '1234', 'SwarmUI'],
  ['comfyui-controlnet-between-text-and-sampler.png', 'a wooden boat', 'fog', '77', 'ComfyUI'],
  ['comfyui-seed-from-a-node.png', 'a wooden boat', 'fog', '99', 'ComfyUI'],
  ['single-line-parameters.png', 'a wooden boat.', 'fog.', '1234', 'AUTOMATIC1111'],
  ['jpeg-usercomment-unicode-marker-utf8.jpg', '一只猫 🐱, café', 'blurry', '42', 'AUTOMATIC1111'],
])('%s is read', async (name, prompt, negativePrompt, seed, tool) => {
  const page = await typedForm();
  await drop(page, name, await fixture(name));
  await page.getByText(`From ${tool}`).waitFor();
  expect(await promptOf(page)).toBe(prompt);
  expect(await negativeOf(page)).toBe(negativePrompt);
  expect(await seedOf(page)).toBe(seed);
  expect(await hasStartImage(page)).toBe(false);
});

/** A file of ours whose text is then another one of the same length: the parameters of no tool that is known here. */
async function pictureWith(text: string): Promise<Buffer> {
  const own = { steps: 4, scheduler: 'edm_euler', guidanceScale: 3, seed: 1n, width: 64, height: 64 } as const;
  const picture = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
  const parameters = { ...own, prompt: 'x'.repeat(text.length), model: 'm', easelVersion: '1' };
  const file = Buffer.from(await encodeImage(picture, { format: 'webp', parameters }));
  const whole = readParameters(file) ?? '';
  const at = file.indexOf(Buffer.from(whole, 'utf16le').swap16());
  file.write(text.padEnd(whole.length), at, 'utf16le');
  file.subarray(at, at + 2 * whole.length).swap16();
  return file;
}

test('other samplers, LoRAs, weights, second passes and sizes are named, and change nothing', async () => {
  const page = await typedForm();
  const text =
    '(a lighthouse:1.2), <lora:add_detail:0.8> BREAK at night\nNegative prompt: dark\n' +
    'Steps: 31, Sampler: Euler a, CFG scale: 5, Seed: 77, Size: 832x1216, Model: sdxl, Clip skip: 2, Hires upscale: 2, Denoising strength: 0.5';
  await drop(page, 'other.webp', await pictureWith(text));
  await page.getByText('Settings restored from the picture.').waitFor();
  const note = await noteOf(page);
  for (const named of [
    'sampler Euler a',
    'LoRA <lora:add_detail:0.8>',
    'weight (a lighthouse:1.2)',
    'keyword BREAK',
    'Clip skip 2',
    'Hires upscale 2',
    'Denoising strength 0.5',
    'size 832×1216',
    'model sdxl',
  ])
    expect(note).toContain(named);
  expect(await numberOf(page, 'Steps')).toBe('31');
  expect(await page.getByLabel('Scheduler').inputValue()).toBe('edm_dpmpp_2m');
  await page.getByText('256×256', { exact: true }).waitFor();
  // The hint of the prompt itself, whoever wrote it.
  await page.getByText('read as plain text: (a lighthouse:1.2), <lora:add_detail:0.8>, BREAK').waitFor();
});

test('a graph whose prompt is not found empties the field', async () => {
  const page = await typedForm();
  const sampler = { seed: 5, steps: 12, cfg: 3, sampler_name: 'euler', scheduler: 'karras', positive: ['2', 0] };
  const graph = { 1: { class_type: 'KSampler', inputs: sampler }, 2: { class_type: 'Mystery', inputs: {} } };
  await drop(page, 'graph.webp', await pictureWith(`prompt:${JSON.stringify(graph)}`));
  await page.getByText('Its prompt was not found, so the prompt field is empty.').waitFor();
  expect(await promptOf(page)).toBe('');
  expect(await negativeOf(page)).toBe('');
  expect(await seedOf(page)).toBe('5');
});

test('JSON of an unknown tool is no prompt: the picture is the start image, and the note says so', async () => {
  const page = await typedForm();
  await drop(page, 'unknown.webp', await pictureWith(JSON.stringify({ prompt: 'a cat', uc: 'fog' })));
  await page.getByText('so it is used as the start image').waitFor();
  expect(await promptOf(page)).toBe('an old prompt');
  expect(await hasStartImage(page)).toBe(true);
});
