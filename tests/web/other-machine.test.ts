import { type BrowserContext, chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { chromiumPath } from '../support/chromium.ts';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

/** A browser to which the server has a name that is not this machine's: plain http, without what browsers give only to safe pages. */
async function elsewhere(): Promise<BrowserContext> {
  const browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: ['--host-resolver-rules=MAP easel.test 127.0.0.1'],
  });
  onTestFinished(() => browser.close());
  return browser.newContext({ viewport: { width: 1280, height: 900 } });
}

test('by plain http from another machine the page asks for a key, and then does all that it does at home', async () => {
  const { url, devKey } = web().server;
  const page = await (await elsewhere()).newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(url.replace('127.0.0.1', 'easel.test'));
  expect(await page.evaluate('window.isSecureContext')).toBe(false);
  await page.getByLabel('API key').fill(devKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  expect(await page.evaluate("localStorage.getItem('easel.key')")).toBeNull();
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  await page.locator('.picture').click();
  const copied = page.getByText('copied ✓').waitFor(); // it stands there for a moment only
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  await copied;
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Arena' }).click();
  for (const side of [0, 1]) await page.getByRole('spinbutton', { name: 'Steps value' }).nth(side).fill('2');
  await page.getByLabel('Prompts, one per line').fill('a pear');
  await page.getByRole('button', { name: 'Start comparison' }).click();
  await page.getByRole('button', { name: 'No difference' }).click();
  await page.getByText('Voting complete.').waitFor();
  expect(faults).toEqual([]);
});

test('a key that is remembered on the device serves the next tab too, until all of them forget it', async () => {
  const { url, devKey } = web().server;
  const context = await elsewhere();
  const address = url.replace('127.0.0.1', 'easel.test');
  const first = await context.newPage();
  await first.goto(address);
  const field = first.getByLabel('API key');
  // What password managers look for.
  expect(await field.getAttribute('autocomplete')).toBe('current-password');
  expect(await first.locator('form input[autocomplete="username"]').inputValue()).toBe('Easel');
  await field.fill(devKey);
  await first.getByLabel('Remember on this device').check();
  await first.getByText('Kept in this browser until you choose “Forget key”').waitFor();
  await first.getByRole('button', { name: 'Sign in' }).click();
  await first.getByLabel('Prompt', { exact: true }).waitFor();
  const second = await context.newPage();
  await second.goto(address);
  await second.getByLabel('Prompt', { exact: true }).waitFor();
  await second.getByRole('button', { name: 'Forget key' }).click();
  for (const tab of [second, first]) await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await first.evaluate("localStorage.getItem('easel.key')")).toBeNull();
});
