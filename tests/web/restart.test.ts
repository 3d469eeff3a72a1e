import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { newDataDir, newKey, serveEasel } from '../support/easel-server.ts';

test('a run goes on by itself when the server is killed in the middle of it and started again', async () => {
  const dataDir = await newDataDir();
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const keys = { adminKey: newKey(), devKey: newKey() };
  const first = await serveEasel({ dataDir, keys });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(first.url);
  await page.getByRole('spinbutton', { name: 'Steps, exactly' }).fill('100');
  await page.getByRole('spinbutton', { name: 'Pictures, exactly' }).fill('4');
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.getByAltText('What can be seen so far').waitFor();

  first.process.kill('SIGKILL');
  await once(first.process, 'close');
  const second = await serveEasel({ dataDir, keys, port: Number(new URL(first.url).port) });
  onTestFinished(async () => void (await second.stop()));
  await page.locator('.run-card.succeeded').waitFor();
  expect(await page.locator('.run-card .picture').count()).toBe(4);
  expect(await page.getByRole('alert').count()).toBe(0);
});
