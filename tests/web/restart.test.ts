import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { newDataDir, newKey, serveEasel } from '../support/easel-server.ts';

// A machine with other work may take its time.
vi.setConfig({ testTimeout: 600_000 });

test('a run goes on by itself when the server is killed in the middle of it and started again', async () => {
  const dataDir = await newDataDir();
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const keys = { adminKey: newKey(), devKey: newKey() };
  const first = await serveEasel({ dataDir, keys });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(400_000);
  await page.goto(first.url);
  await page.locator('summary', { hasText: /^Settings$/ }).click();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('50');
  await page.getByRole('spinbutton', { name: 'Pictures value' }).fill('2');
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.getByAltText('Preview').waitFor();

  first.process.kill('SIGKILL');
  await once(first.process, 'close');
  // Nothing is told as if it were still so; a cancel that does not get through is told only until the run is heard of again.
  await page.getByText('Connection lost, reconnecting…').waitFor();
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await page.getByRole('alert').waitFor();
  const second = await serveEasel({ dataDir, keys, port: Number(new URL(first.url).port) });
  onTestFinished(async () => void (await second.stop()));
  await page.locator('.run-card.succeeded').waitFor();
  expect(await page.locator('.stage-run .picture').count()).toBe(2);
  expect(await page.getByRole('alert').count()).toBe(0);
});
