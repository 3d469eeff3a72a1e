import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Model } from '@easel/contract';
import { afterAll, expect, test } from 'vitest';
import { newDataDir } from '../support/easel-server.ts';
import { modelOfSide } from '../support/model-of-side.ts';
import { replyTo, useWebPage } from '../support/web-page.ts';

const peft = fileURLToPath(new URL('../fixtures/goldens/loras/peft.safetensors', import.meta.url));
const dataDir = await newDataDir();
const model = await modelOfSide(64);
await mkdir(join(dataDir, 'loras'));
await copyFile(peft, join(dataDir, 'loras', 'oil_lcm.safetensors'));
await writeFile(join(dataDir, 'loras', 'ink.safetensors'), withLicence(await readFile(peft), 'CC-BY-4.0'));
afterAll(async () => {
  for (const folder of [dataDir, model]) await rm(folder, { recursive: true, force: true });
});

const web = useWebPage({ dataDir, env: { EASEL_MODELS: JSON.stringify({ tiny: { path: model } }) } });

test('the LoRAs of a model are ticked with a weight, drawn with, told with the picture and restored from it', async () => {
  const page = await web().visit('/?model=tiny&steps=2&size=64x64');
  await page.getByText('Advanced').click();
  const picker = page.getByRole('group', { name: 'LoRAs' });
  await picker.getByRole('checkbox', { name: 'ink' }).check();
  await picker.getByText(/^\d+ (kB|B) · licence CC-BY-4\.0$/).waitFor();
  await picker.getByText(/^\d+ (kB|B) · licence not stated$/).waitFor();
  await picker.getByRole('slider', { name: 'Weight of ink' }).fill('0.5');
  await picker.getByRole('checkbox', { name: 'oil_lcm' }).check();
  await picker.getByText(/is LCM, made for 4 to 8 steps/).waitFor();
  await picker.getByRole('checkbox', { name: 'oil_lcm' }).uncheck();
  await page.getByLabel('Prompt', { exact: true }).fill('a (red:1.4) fox');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').first().waitFor();
  const card = page.locator('.stage-run');
  await card.getByText('Note: prompt syntax of other tools was read as plain text: "(red:1.4)"').waitFor();
  const jobs: unknown = await fetch(`${web().server.url}/api/jobs`, {
    headers: { 'x-api-key': web().server.devKey },
  }).then((reply) => reply.json());
  expect(jobs).toMatchObject({ jobs: [{ model: 'tiny', loras: [{ name: 'ink', weight: 0.5 }] }] });
  await picker.getByRole('checkbox', { name: 'ink' }).uncheck();
  await card.locator('.picture').first().click();
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  await viewer.getByRole('button', { name: 'Remix' }).click();
  await expect.poll(() => picker.getByRole('checkbox', { name: 'ink' }).isChecked()).toBe(true);
  expect(await picker.getByLabel('Weight of ink value').inputValue()).toBe('0.5');
  await page
    .getByText(/^family playground-v2.5 · licence .* · \d/)
    .first()
    .waitFor();
  // A model without LoRAs keeps what was chosen, and says that it has none of this name.
  await page.getByText('Model tiny').click();
  const models = page.getByRole('group', { name: 'Model' });
  await models.getByText(/^family .* · licence not stated · \d.* · 0\.\d+ credits per picture/).waitFor();
  await models.getByText(/^family .* · licence mit · \d.* · 0\.\d+ credits per picture/i).waitFor();
  await models.getByRole('radio', { name: /^playground-v2\.5/ }).check();
  await picker.getByText('not available for this model').waitFor();
});

test('Enter where a model or a LoRA is looked for or chosen does not generate', async () => {
  const page = await web().visit('/');
  await page.route('**/api/models', async (route) => {
    const reply = await replyTo(route);
    const { models }: { models: readonly Model[] } = await reply.json();
    const many = models.map((each) => ({
      ...each,
      loras: each.loras.slice(0, 1).flatMap((lora) => names.map((name) => ({ ...lora, name }))),
    }));
    await route.fulfill({ response: reply, json: { models: [...many, ...many.map(renamed)] } });
  });
  const names = Array.from({ length: 8 }, (_, index) => `wash ${index}`);
  const renamed = (each: Model) => ({ ...each, id: `${each.id}-again`, is_default: false });
  await page.goto(`${web().server.url}/?model=tiny&steps=2&size=64x64`);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/jobs')) sent.push(request.postData() ?? '');
  });
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('a fox');
  await page.getByText('Advanced').click();
  const picker = page.getByRole('group', { name: 'LoRAs' });
  await picker.getByRole('searchbox', { name: 'Search LoRAs' }).fill('wash 3');
  await picker.getByRole('searchbox', { name: 'Search LoRAs' }).press('Enter');
  await picker.getByRole('checkbox', { name: 'wash 3' }).press('Enter');
  await page.getByText('Model tiny').click();
  await page.getByRole('group', { name: 'Model' }).getByRole('radio', { checked: true }).press('Enter');
  await prompt.press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  expect(sent).toHaveLength(1);
});

test('models that the arrow keys pass take nothing along, and what is typed between two choices stays', async () => {
  const page = await web().visit('/?model=tiny&steps=2&size=72x64');
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('a first fox');
  await page.getByText('Model tiny').click();
  const models = page.getByRole('group', { name: 'Model' });
  const tiny = models.getByRole('radio', { name: /^tiny/ });
  await tiny.press('ArrowDown');
  await expect.poll(() => models.getByRole('radio', { name: /^playground-v2\.5/ }).isChecked()).toBe(true);
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => tiny.isChecked()).toBe(true);
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/api/jobs')),
    prompt.press('Enter'),
  ]);
  expect(request.postDataJSON()).toMatchObject({
    model: 'tiny',
    img_width: 72,
    img_height: 64,
    num_inference_steps: 2,
  });
  await models.getByRole('radio', { name: /^playground-v2\.5/ }).check();
  await prompt.fill('a second fox');
  await tiny.check();
  expect(await prompt.inputValue()).toBe('a second fox');
  await page.locator('.run-card.succeeded').waitFor();
});

/** The same weights, whose header says under which licence they are (https://github.com/Stability-AI/ModelSpec). */
function withLicence(file: Buffer, licence: string): Buffer {
  const length = Number(file.readBigUInt64LE());
  const { __metadata__: before, ...tensors } = JSON.parse(file.toString('utf8', 8, 8 + length));
  const header = Buffer.from(JSON.stringify({ __metadata__: { ...before, 'modelspec.license': licence }, ...tensors }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, file.subarray(8 + length)]);
}
