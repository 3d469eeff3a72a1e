import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage({ env: { EASEL_PRICING_PROFILES_FAST: '0.25' } });

const select = (page: Page) => page.getByRole('combobox', { name: 'Profile' });
const price = (page: Page) => page.locator('.run small');

test('a profile changes the price, is remembered, is shown with the picture and comes back with its settings', async () => {
  const page = await web().visit('/?steps=20&size=256x256');
  await expect.poll(() => price(page).textContent()).toBe('0.000185 credits');
  const times = page.getByRole('list', { name: 'Time of each profile' }).getByRole('listitem');
  await times.filter({ hasText: 'Fast: not measured yet' }).waitFor();
  expect(await select(page).locator('option').allTextContents()).toEqual([
    'Exact: full precision',
    'int8: faster, nearly the same picture',
    'Fast: fastest, a similar picture',
  ]);
  await select(page).selectOption('fast');
  await expect.poll(() => price(page).textContent()).toBe('0.000047 credits');
  await page.reload();
  await expect.poll(() => select(page).inputValue()).toBe('fast');
  await page.getByLabel('Prompt', { exact: true }).fill('a panda');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').first().waitFor();
  await page.reload();
  await times.filter({ hasText: /^Fast: about \d/ }).waitFor();
  await select(page).selectOption('exact');
  await page.locator('.stage-run .picture').first().click();
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  const fact = viewer.locator('.facts div', { hasText: 'Profile' }).locator('dd');
  expect(await fact.textContent()).toBe('fast');
  await viewer.getByRole('button', { name: 'Remix' }).click();
  await expect.poll(() => select(page).inputValue()).toBe('fast');
  await page.goto(`${web().server.url}/?profile=int8`);
  await expect.poll(() => select(page).inputValue()).toBe('int8');
});

test('a style is chosen by its sample, and one of your own is saved, used and deleted', async () => {
  const page = await web().visit('/?prompt=a%20panda&negative=blurry');
  const style = page.getByRole('combobox', { name: 'Style' });
  await style.waitFor();
  const runs = await page.locator('.run-card').count();
  await page.getByRole('button', { name: 'Samples…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Styles' });
  await dialog.getByRole('button', { name: 'stained-glass' }).waitFor();
  const sheets: string[] = await page.evaluate(
    `[...document.querySelectorAll('.style-sample')].map((sample) => getComputedStyle(sample).backgroundImage)`,
  );
  expect(sheets.length).toBeGreaterThan(24);
  const [sheet] = new Set(sheets);
  expect(new Set(sheets).size).toBe(1);
  expect((await page.request.get(/url\("(.*)"\)/.exec(sheet ?? '')?.[1] ?? '')).headers()['content-type']).toBe(
    'image/webp',
  );
  await dialog.getByRole('button', { name: 'watercolour' }).click();
  await expect.poll(() => style.inputValue()).toBe('watercolour');
  await page.getByRole('button', { name: 'Samples…' }).click();
  expect(await dialog.getByRole('button', { name: 'watercolour' }).getAttribute('aria-pressed')).toBe('true');
  await dialog.getByText('Save a style of your own').click();
  expect(await dialog.getByLabel('Prompt of the style').inputValue()).toBe('{prompt}, a panda');
  expect(await dialog.getByLabel('Added to the negative prompt').inputValue()).toBe('blurry');
  await dialog.getByLabel('Name').fill('Watercolour');
  await dialog.getByRole('button', { name: 'Save style' }).click();
  await dialog.getByText(/is a style of Easel's own/).waitFor();
  await dialog.getByLabel('Name').fill('my pandas');
  await dialog.getByRole('button', { name: 'Save style' }).click();
  await dialog.getByText('Saved as my-pandas.').waitFor();
  // What is sent in the dialog does not generate a picture.
  expect(await page.locator('.run-card').count()).toBe(runs);
  await dialog.getByRole('button', { name: 'my-pandas', exact: true }).click();
  await expect.poll(() => style.inputValue()).toBe('my-pandas');
  await page.getByRole('button', { name: 'Samples…' }).click();
  await dialog.getByRole('button', { name: 'Delete style my-pandas' }).click();
  await dialog.getByRole('button', { name: 'Delete style my-pandas: Really delete?' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await style.inputValue()).toBe('');
});

test('keys change the weight of the selected words, and offer weighting where it is off', async () => {
  const page = await web().visit('/?prompt=a%20red%20fox');
  const prompt = page.getByLabel('Prompt', { exact: true });
  const selected = () =>
    prompt.evaluate((area: { value: string; selectionStart: number; selectionEnd: number }) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    );
  await prompt.focus();
  await prompt.evaluate((area: { setSelectionRange: (start: number, end: number) => void }) =>
    area.setSelectionRange(2, 5),
  );
  await prompt.press('Control+ArrowUp');
  expect(await prompt.inputValue()).toBe('a red fox');
  await page.getByRole('button', { name: 'Turn on prompt weighting' }).click();
  await prompt.focus();
  await prompt.evaluate((area: { setSelectionRange: (start: number, end: number) => void }) =>
    area.setSelectionRange(2, 5),
  );
  for (const [key, text] of [
    ['Control+ArrowUp', 'a (red:1.1) fox'],
    ['Control+ArrowUp', 'a (red:1.2) fox'],
    ['Control+ArrowDown', 'a (red:1.1) fox'],
    ['Control+ArrowDown', 'a red fox'],
    ['Control+ArrowDown', 'a (red:0.9) fox'],
  ] as const) {
    await prompt.press(key);
    await expect.poll(() => prompt.inputValue()).toBe(text);
    expect(await selected()).toBe('red');
  }
});
