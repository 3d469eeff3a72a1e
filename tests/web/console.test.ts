import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { newKey } from '../support/easel-server.ts';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();

async function openConsole(): Promise<Page> {
  const page = await web().visit('/console');
  await page.getByLabel('Admin key').fill(web().server.adminKey);
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByRole('heading', { name: 'Console' }).waitFor();
  return page;
}

/** Another visitor, with a key of their own. */
async function visitWith(key: string, path = '/'): Promise<Page> {
  const page = await web().visit(path);
  await page.evaluate(`sessionStorage.setItem('easel.key', '${key}')`);
  await page.reload();
  return page;
}

test('the page itself may not rule the server; an admin key may, and is in no address', async () => {
  const page = await openConsole();
  await page
    .getByRole('row', { name: /development/ })
    .first()
    .waitFor();
  expect(page.url()).not.toContain('SG_');
});

test('an account gets credits and a key, the key works, and is worth nothing once revoked', async () => {
  const page = await openConsole();
  await page.getByLabel('Name of a new account').fill('Studio');
  await page.getByRole('button', { name: 'Make an account' }).click();
  await page.getByLabel('Credits for Studio').fill('0.5');
  await page.getByLabel('Note for Studio').fill('January');
  await page
    .getByRole('row', { name: /^Studio/ })
    .getByRole('button', { name: 'Give' })
    .dblclick();
  await page.getByRole('cell', { name: '0.5', exact: true }).waitFor();
  const keys = page.getByRole('region', { name: 'Keys' });
  await keys.getByLabel('Name of a new key').fill('site');
  await keys.getByLabel('Its account').selectOption('Studio');
  await keys.getByLabel('Requests a minute').fill('30');
  await keys.getByLabel('Its last day').fill('2099-01-31');
  await keys.getByRole('button', { name: 'Make a key' }).click();
  const key = (await keys.locator('.notice code').textContent()) ?? '';
  expect(key).toMatch(/^SG_[0-9a-f]{16}$/);

  const visitor = await visitWith(key);
  await visitor.getByText('0.5 credits').waitFor();
  // Asked, and then answered; half a double click is no answer.
  await keys.getByRole('button', { name: 'Revoke site' }).dblclick();
  await keys.getByRole('button', { name: 'Revoke site: For good?' }).click();
  await keys.getByRole('cell', { name: 'revoked' }).waitFor();
  await visitor.reload();
  await visitor.getByText(/The API key ending in \w+ was revoked/).waitFor();
});

test('who has no credits is told so before and after the press; who is too fast is told when to go on', async () => {
  const { url, adminKey } = web().server;
  const admin = { 'x-api-key': adminKey, 'content-type': 'application/json' };
  const call = async (path: string, body: object): Promise<{ id: string; key: string }> => {
    const reply = await fetch(`${url}/api/admin/${path}`, {
      method: 'POST',
      headers: admin,
      body: JSON.stringify(body),
    });
    return JSON.parse(await reply.text());
  };
  const account = await call('accounts', { name: 'Poor' });
  const { key } = await call('keys', { account_id: account.id, name: 'poor', rate_limit: 1 });
  const page = await visitWith(key);
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByText(/credits, and there are 0/).waitFor();
  await page.getByRole('button', { name: 'Make a picture' }).click();
  await page.getByText(/nothing was started and nothing charged/).waitFor();
  // Where a minute of the clock begins in between, one more is let through.
  for (let press = 0; press < 2; press += 1) await page.getByRole('button', { name: 'Make a picture' }).click();
  await page
    .getByText(/rate limit of this key is exceeded. Try again in \d+ seconds/)
    .first()
    .waitFor();
});

test('a model that draws shows the memory of its process', async () => {
  const page = await openConsole();
  const models = page.getByRole('region', { name: 'Models' });
  await models
    .getByRole('cell', { name: /^\d[\d.]* [MG]B$/ })
    .first()
    .waitFor();
});

test('the queue is paused and goes on, and a job of anybody is cancelled', async () => {
  const page = await openConsole();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Pause for everybody?' }).click();
  await page.getByText('paused: nothing new is started').waitFor();
  const playground = await web().visit('/');
  const prompt = playground.getByLabel('Prompt', { exact: true });
  await playground.getByRole('spinbutton', { name: 'Steps, exactly' }).fill('60');
  // The first may have been taken before its worker heard of the pause.
  for (const text of ['a lemon', 'a pear']) {
    await prompt.fill(text);
    await prompt.press('Enter');
  }
  await playground
    .locator('.run-card')
    .first()
    .getByText(/The queue is paused/)
    .waitFor();
  const waiting = page.getByRole('row', { name: /a pear/ }).getByRole('button', { name: /^Cancel/ });
  await waiting.click();
  await playground.getByText('Cancelled. Nothing was charged.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await playground.locator('.run-card.succeeded').waitFor();
});

test('a key of another shape is refused before it is sent, an unknown one afterwards', async () => {
  const page = await web().visit('/console');
  await page.getByLabel('Admin key').fill('hunter2');
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByText('A key is SG_ and 16 hexadecimal digits.').waitFor();
  await page.getByLabel('Admin key').fill(newKey());
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByText(/Unknown API key/).waitFor();
  await page.getByLabel('Admin key').fill(web().server.devKey);
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByText('it is not an admin key').waitFor();
});

test('who rules the server still makes pictures as before', async () => {
  const page = await openConsole();
  const balance = page.locator('.balance b');
  const before = await balance.textContent();
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  expect(await balance.textContent()).toBe(before);
  await page.getByRole('link', { name: 'Console' }).click();
  await page.getByRole('button', { name: 'Forget the admin key' }).click();
  await page.getByLabel('Admin key').waitFor();
});
