import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage({ env: { EASEL_PRICING_PROFILES_FAST: '0.25' } });

const select = (page: Page) => page.getByRole('combobox', { name: 'Profile' });
const price = (page: Page) => page.locator('.run small');

test('a profile changes the price, is remembered, is shown with the picture and comes back with its settings', async () => {
  const page = await web().visit('/?steps=20&size=256x256');
  await expect.poll(() => price(page).textContent()).toBe('0.000185 credits');
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
  await select(page).selectOption('exact');
  await page.locator('.stage-run .picture').first().click();
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  const fact = viewer.locator('.facts div', { hasText: 'Profile' }).locator('dd');
  expect(await fact.textContent()).toBe('fast');
  await viewer.getByRole('button', { name: 'Use these settings' }).click();
  await expect.poll(() => select(page).inputValue()).toBe('fast');
  await page.goto(`${web().server.url}/?profile=int8`);
  await expect.poll(() => select(page).inputValue()).toBe('int8');
});
