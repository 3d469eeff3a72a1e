import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GenerationParameters, writeParameters } from '@easel/parameters';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

const parameters: Omit<GenerationParameters, 'prompt' | 'seed'> = {
  ...{ width: 96, height: 64, steps: 30, guidanceScale: 5 },
  ...{ scheduler: 'edm_euler', model: 'Playground v2.5', easelVersion: '1.0.0' },
};

/** A picture of its own, which says that it was made with this prompt and seed. */
async function pictureFile(prompt: string, seed: number): Promise<Buffer> {
  const background = { r: (seed * 37) % 256, g: (seed * 91) % 256, b: 120 };
  const file = await sharp({ create: { width: 96, height: 64, channels: 3, background } })
    .png()
    .toBuffer();
  return Buffer.from(writeParameters(file, { ...parameters, prompt, seed: BigInt(seed) }));
}

async function importAll(files: readonly Buffer[]): Promise<void> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  for (const file of files) {
    const body = JSON.stringify({ image: file.toString('base64') });
    const reply = await fetch(`${url}/api/imports`, { method: 'POST', headers, body });
    expect(reply.status, await reply.text()).toBe(201);
  }
}

beforeAll(async () => {
  const plums = [1, 2, 3, 4, 5, 6].map((seed) => pictureFile(`a plum number ${seed}`, seed));
  await importAll(await Promise.all(plums));
}, 300_000);

const bar = (page: Page) => page.getByRole('region', { name: 'Selected pictures' });
const tile = (page: Page, number: number) =>
  page.getByRole('button', { name: `Open picture 1 of 1: a plum number ${number}` });
const mark = (page: Page, number: number) =>
  page.getByRole('button', { name: `Select picture 1 of 1: a plum number ${number}` });
const opened = (page: Page) => page.getByRole('button', { name: /^Open picture/ });
const select = async (page: Page, number: number, modifiers: readonly 'Shift'[] = []) => {
  await mark(page, number).click({ modifiers: [...modifiers] });
};

test('pictures are selected by their marks, in ranges with Shift, and all of them or none by keys', async () => {
  const page = await web().visit('/gallery?words=plum');
  await tile(page, 6).waitFor();
  await select(page, 5);
  await bar(page).getByText('1 picture selected').waitFor();
  await select(page, 2, ['Shift']);
  await bar(page).getByText('4 pictures selected').waitFor();
  expect(await mark(page, 3).getAttribute('aria-pressed')).toBe('true');
  expect(await mark(page, 6).getAttribute('aria-pressed')).toBe('false');
  await page.keyboard.press('Control+a');
  await bar(page).getByText('6 pictures selected').waitFor();
  await page.keyboard.press('Escape');
  await bar(page).waitFor({ state: 'detached' });
  // In a field the keys belong to the text.
  await page.getByRole('searchbox', { name: 'Search prompts' }).press('Control+a');
  expect(await bar(page).count()).toBe(0);
});

test('selected pictures become favourites, a collection and a ZIP file with the settings of each', async () => {
  const page = await web().visit('/gallery?words=plum');
  await select(page, 1);
  await select(page, 3);
  await bar(page).getByRole('button', { name: 'Favourite' }).click();
  await bar(page).getByRole('button', { name: 'Remove from favourites' }).waitFor();
  await bar(page).getByRole('button', { name: 'Add to collection…' }).click();
  const adding = page.getByRole('dialog', { name: 'Add to a collection' });
  await adding.getByLabel('Name of a new collection').fill('Plums');
  await adding.getByRole('button', { name: 'Create and add' }).click();
  await bar(page).getByText('2 pictures added to Plums').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    bar(page).getByRole('button', { name: 'Download ZIP' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^easel-\d{4}-\d\d-\d\d\.zip$/);
  const zip = await readFile(await download.path());
  for (const file of [await pictureFile('a plum number 1', 1), await pictureFile('a plum number 3', 3)])
    expect(zip.includes(file)).toBe(true);
  for (const name of ['a-plum-number-1-1.png', 'a-plum-number-3-3.png', 'metadata.json'])
    expect(zip.includes(name)).toBe(true);
  await bar(page).getByText('2 pictures downloaded').waitFor();

  await page.getByRole('combobox', { name: 'Collection' }).selectOption({ label: 'Plums (2)' });
  await expect.poll(() => opened(page).count()).toBe(2);
  await page.reload();
  await expect.poll(() => opened(page).count()).toBe(2);
  await select(page, 3);
  await bar(page).getByRole('button', { name: 'Remove from collection' }).click();
  await expect.poll(() => opened(page).count()).toBe(1);
  await page.getByRole('button', { name: 'Manage collections' }).click();
  const managing = page.getByRole('dialog', { name: 'Collections' });
  await managing.getByLabel('Name of Plums').fill('Ripe plums');
  await managing.getByRole('button', { name: 'Rename' }).click();
  await managing.getByRole('button', { name: 'Delete collection Ripe plums' }).click();
  await managing.getByRole('button', { name: 'Delete collection Ripe plums: Really delete?' }).click();
  await managing.getByText('No collections.').waitFor();
  await managing.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => opened(page).count()).toBe(6);
  expect(new URL(page.url()).searchParams.has('collection')).toBe(false);
});

test('chosen files are imported with their settings, and what is known or no picture is told', async () => {
  const page = await web().visit('/gallery');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import pictures' });
  const png = { mimeType: 'image/png' };
  await dialog.getByLabel('Files to import').setInputFiles([
    { ...png, name: 'cherry.png', buffer: await pictureFile('a cherry in a bowl', 77) },
    { ...png, name: 'plum.png', buffer: await pictureFile('a plum number 1', 1) },
    { ...png, name: 'broken.png', buffer: Buffer.from('not a picture') },
    { mimeType: 'text/plain', name: 'notes.txt', buffer: Buffer.from('notes') },
  ]);
  await dialog.getByText('1 picture imported').waitFor();
  await dialog.getByText('1 picture left out: already in the gallery').waitFor();
  await dialog.getByText('1 other file left out: no pictures').waitFor();
  await dialog.getByText(/^broken\.png: .*PNG, JPEG or WebP/).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Open picture 1 of 1: a cherry in a bowl' }).waitFor();
});

test('a folder is imported with the pictures of its folders', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-import-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'older/summer'), { recursive: true });
  await writeFile(join(folder, 'first.png'), await pictureFile('a quince on a plate', 91));
  await writeFile(join(folder, 'older/summer/second.png'), await pictureFile('a quince in a basket', 92));
  await writeFile(join(folder, 'older/notes.txt'), 'notes');
  const page = await web().visit('/gallery?words=quince');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import pictures' });
  await dialog.getByLabel('Folder to import').setInputFiles(folder);
  await dialog.getByText('2 pictures imported').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  for (const place of ['on a plate', 'in a basket'])
    await page.getByRole('button', { name: `Open picture 1 of 1: a quince ${place}` }).waitFor();
});

test('selected pictures are deleted after a question that says how many', async () => {
  const page = await web().visit('/gallery?words=plum');
  await select(page, 6);
  await select(page, 4, ['Shift']);
  await bar(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await bar(page).getByRole('button', { name: 'Really delete 3 pictures?' }).click();
  await page.getByText('3 pictures deleted').waitFor();
  await expect.poll(() => opened(page).count()).toBe(3);
  await page.reload();
  await expect.poll(() => opened(page).count()).toBe(3);
});
