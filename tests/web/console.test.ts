import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { content, startHub } from '../../packages/models/test/fake-hub.ts';
import { newKey } from '../support/easel-server.ts';
import { listen } from '../support/listening-server.ts';
import { useWebPage } from '../support/web-page.ts';

const COMMIT = 'c'.repeat(40);
const painter = { commits: { [COMMIT]: { 'model.safetensors': content(300_000) } }, main: COMMIT };
const hub = await startHub({ 'acme/painter': { ...painter, card: { license: 'openrail++' } } }, afterAll);
const home = mkdtempSync(join(tmpdir(), 'easel-console-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = {
  HF_ENDPOINT: hub.url,
  HF_HOME: home,
  XDG_DATA_HOME: home,
  EASEL_WEBHOOKS_NETWORKS: '127.0.0.0/8',
  EASEL_WEBHOOKS_HTTP: 'true',
};
const web = useWebPage({ env });

async function openConsole(part = ''): Promise<Page> {
  const page = await web().visit(`/console${part && `/${part}`}`);
  await page.getByLabel('Admin key').fill(web().server.adminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Console' }).waitFor();
  return page;
}

const goTo = (page: Page, part: string) =>
  page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: part }).click();

/** Another visitor, with a key of their own. */
async function visitWith(key: string, path = '/'): Promise<Page> {
  const page = await web().visit(path);
  await page.evaluate(`sessionStorage.setItem('easel.key', '${key}')`);
  await page.reload();
  return page;
}

test('the page itself may not rule the server; an admin key may, and is in no address', async () => {
  const page = await openConsole();
  await goTo(page, 'Accounts');
  await page
    .getByRole('row', { name: /development/ })
    .first()
    .waitFor();
  expect(new URL(page.url()).pathname).toBe('/console/accounts');
  await page.reload();
  await page.getByRole('row', { name: /development/ }).waitFor();
  expect(page.url()).not.toContain('SG_');
});

test('an account gets credits and a key, the key works, and is worth nothing once revoked', async () => {
  const page = await openConsole('accounts');
  await page.getByLabel('New account name').fill('Studio');
  await page.getByRole('button', { name: 'Create account' }).click();
  const book = async (fill: (form: Locator) => Promise<unknown>, question: string, answer: string) => {
    await page.getByRole('button', { name: 'Credits of Studio' }).click();
    const form = page.getByRole('dialog', { name: 'Credits of Studio' });
    await fill(form);
    await form.getByRole('button', { name: 'Continue' }).click();
    await form.getByText(question).waitFor();
    await form.getByRole('button', { name: answer }).dblclick();
    await form.waitFor({ state: 'detached' });
  };
  await book(
    async (form) => {
      await form.getByLabel('Amount in credits').fill('0.7');
      await form.getByLabel('Reason').fill('January');
    },
    '0.7 credits are added to Studio; 0 available become 0.7. Reason: January',
    'Add 0.7 credits',
  );
  await page.getByRole('cell', { name: '0.7', exact: true }).waitFor();
  await book(
    async (form) => {
      await form.getByLabel('Take back (correction)').check();
      await form.getByLabel('Amount in credits').fill('0.2');
      await form.getByLabel('Reason').fill('typed twice');
    },
    '0.2 credits are taken back from Studio; 0.7 available become 0.5. Reason: typed twice',
    'Take back 0.2 credits',
  );
  await page.getByRole('cell', { name: '0.5', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Edit Studio' }).click();
  const edit = page.getByRole('dialog', { name: 'Edit Studio' });
  await edit.getByLabel('Jobs at the same time').fill('3');
  await edit.getByLabel('Monthly refill').selectOption('Top up to an amount');
  await edit.getByLabel('Refill amount in credits').fill('0.5');
  // Not today, or it would be booked at once.
  await edit.getByLabel('Day of the month (UTC)').fill(new Date().getUTCDate() === 1 ? '15' : '1');
  await edit.getByRole('button', { name: 'Continue' }).click();
  await edit.getByText(/^Studio is topped up to 0\.5 credits on day 1?[15] of each month/).waitFor();
  await edit.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('cell', { name: /^up to 0\.5 on day/ }).waitFor();
  await page.getByRole('cell', { name: '3 at once' }).waitFor();
  await goTo(page, 'Keys');
  const keys = page.getByRole('region', { name: 'Keys' });
  await keys.getByRole('combobox', { name: 'Account' }).selectOption('Studio');
  await keys.getByLabel('Name', { exact: true }).fill('site');
  await keys.getByLabel('Requests per minute').fill('30');
  await keys.getByLabel('Expires').fill('2099-01-31');
  await keys.getByRole('button', { name: 'Create key' }).click();
  const key = (await keys.locator('.notice code').textContent()) ?? '';
  expect(key).toMatch(/^SG_[0-9a-f]{16}$/);

  const visitor = await visitWith(key);
  await visitor.getByText('0.5 credits').waitFor();
  // Asked, and then answered; half a double click is no answer.
  await keys.getByRole('button', { name: 'Revoke site' }).dblclick();
  await keys.getByRole('button', { name: 'Revoke site: Really revoke?' }).click();
  await keys.getByRole('cell', { name: 'revoked' }).waitFor();
  await visitor.reload();
  await visitor.getByText(/The API key ending in \w+ was revoked/).waitFor();

  await goTo(page, 'Accounts');
  await page.getByRole('button', { name: 'Close Studio' }).click();
  await page.getByRole('button', { name: /^Close Studio: Really close/ }).click();
  await page.getByRole('button', { name: 'Reopen Studio' }).click();
  await page.getByRole('button', { name: 'Close Studio' }).waitFor();

  await goTo(page, 'Audit log');
  const log = page.getByRole('region', { name: 'Audit log' });
  await log.getByLabel('Account').selectOption('Studio');
  await log.getByRole('row', { name: /grantCredits.*Studio.*typed twice.*201/ }).waitFor();
});

test('the terms of a key are changed, and what is not changed stays', async () => {
  const { url, adminKey } = web().server;
  const headers = { 'x-api-key': adminKey, 'content-type': 'application/json' };
  const create = async (path: string, body: object): Promise<{ id: string }> => {
    const reply = await fetch(`${url}/api/admin/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return JSON.parse(await reply.text());
  };
  const account = await create('accounts', { name: 'Agency' });
  const expires = '2099-05-06T07:08:09.000Z';
  const { id } = await create('keys', {
    account_id: account.id,
    name: 'flyers',
    scopes: ['read'],
    models: ['playground-v2.5'],
    expires_at: expires,
    rate_limit: 12,
  });
  const page = await openConsole('keys');
  await page.getByRole('button', { name: 'Edit flyers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit flyers' });
  expect(await dialog.getByLabel('Permissions').inputValue()).toBe('View only');
  expect(await dialog.getByLabel('Requests per minute').inputValue()).toBe('12');
  expect(await dialog.getByLabel('Models').inputValue()).toBe('playground-v2.5');
  await dialog.getByLabel('Name').fill('posters');
  await dialog.getByLabel('Permissions').selectOption('Create and view');
  await dialog.getByLabel('Credits per month').fill('2.5');
  await dialog.getByLabel('Requests per minute').fill('');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /posters.*generate, read.*0 of 2\.5/ }).waitFor();
  const list = await fetch(`${url}/api/admin/keys?account_id=${account.id}`, { headers });
  expect(await list.json()).toMatchObject({
    keys: [
      {
        id,
        name: 'posters',
        scopes: ['generate', 'read'],
        models: ['playground-v2.5'],
        expires_at: expires,
        monthly_budget: 2.5,
        rate_limit: null,
      },
    ],
  });
  await page.getByRole('button', { name: 'Edit posters' }).click();
  await page.getByRole('dialog').getByLabel('Expires').fill('');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'Edit posters' }).waitFor({ state: 'detached' });
  await expect.poll(() => page.getByRole('row', { name: /posters/ }).textContent()).not.toContain('expires');
});

test('a job shows whose it is, its picture, duration and price, and is refunded once; usage and ledger agree', async () => {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt: 'a fig for the ledger', num_inference_steps: 20, base64: false });
  const reply = await fetch(`${url}/v1/playground-v2.5`, { method: 'POST', headers, body });
  expect(reply.status).toBe(200);
  const cost = reply.headers.get('x-cost') ?? '';
  const page = await openConsole('jobs');
  const jobs = page.getByRole('region', { name: 'Jobs' });
  await jobs.getByLabel('Status').selectOption('failed');
  await jobs.getByRole('row', { name: /a fig for the ledger/ }).waitFor({ state: 'detached' });
  await jobs.getByLabel('Status').selectOption('succeeded');
  await jobs.getByLabel(/^Account/).selectOption('development');
  const row = jobs.getByRole('row', { name: /a fig for the ledger/ });
  for (const name of ['development', 'easel-demo', cost, /^\d.* s$/])
    await row.getByRole('cell', { name, exact: true }).first().waitFor();
  const picture = row.getByRole('link', { name: 'Open: a fig for the ledger' });
  expect((await fetch(new URL((await picture.getAttribute('href')) ?? '', url))).status).toBe(200);

  await goTo(page, 'Usage');
  const usage = page.getByRole('region', { name: 'Usage' });
  await usage.getByLabel(/^Account/).selectOption('development');
  await usage
    .getByRole('row', { name: /charge/ })
    .first()
    .getByRole('cell', { name: cost, exact: true })
    .waitFor();
  await usage.getByRole('img', { name: /^\d+ pictures? from \d{4}-\d\d-\d\d to/ }).waitFor();
  await usage.getByLabel('Group by').selectOption('model');
  await usage.getByLabel('Show').selectOption('credits');
  await usage
    .getByRole('listitem')
    .filter({ hasText: 'playground-v2.5' })
    .getByText(/credits$/)
    .waitFor();
  await page.reload();
  expect(await usage.getByLabel('Group by').inputValue()).toBe('model');
  const saved = page.waitForEvent('download');
  await usage.getByRole('button', { name: 'Download CSV' }).click();
  const csv = await readFile(await (await saved).path(), 'utf8');
  expect(csv).toMatch(/^account_id,account,key_id,key,day,model,jobs,images,cost,refunded\r\n[^,]+,development,/);

  await goTo(page, 'Jobs');
  const refund = row.getByRole('button', { name: 'Refund: a fig for the ledger' });
  await refund.click();
  const form = page.getByRole('dialog', { name: 'Refund a job' });
  await form.getByLabel('Reason').fill('blurred');
  await form.getByRole('button', { name: 'Continue' }).click();
  await form
    .getByText(`development gets back ${cost} credits of the ${cost} that were charged. Reason: blurred`)
    .waitFor();
  await form.getByRole('button', { name: `Refund ${cost} credits` }).click();
  await form.waitFor({ state: 'detached' });
  await row.getByText(`refunded ${cost}`).waitFor();
  expect(await refund.count()).toBe(0);
  await goTo(page, 'Usage');
  await usage.getByLabel(/^Account/).selectOption('development');
  await usage
    .getByRole('row', { name: /refund blurred/ })
    .getByRole('cell', { name: cost, exact: true })
    .first()
    .waitFor();
  expect(await usage.getByRole('row', { name: /refund blurred/ }).count()).toBe(1);
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
  await page.getByText(/credits needed, 0 available/).waitFor();
  await page.getByRole('button', { name: 'Generate a picture' }).click();
  const refusal = page.getByRole('region', { name: 'Pictures' }).getByText(/nothing was started and nothing charged/);
  // Said once: by the server, and not by the page as well.
  expect((await refusal.textContent())?.match(/nothing charged/gi)?.length).toBe(1);
  // Where a minute of the clock begins in between, one more is let through.
  for (let press = 0; press < 2; press += 1) await page.getByRole('button', { name: 'Generate a picture' }).click();
  await page
    .getByText(/Rate limit exceeded. Retry in \d+ seconds/)
    .first()
    .waitFor();
});

test('workers and models show what they run on and their memory, and the page says it beside the model', async () => {
  const page = await openConsole();
  const worker = page.getByRole('table', { name: 'Workers' }).getByRole('row', { name: /playground-v2\.5/ });
  await worker.getByRole('cell', { name: /^CPU, float32/ }).waitFor();
  await goTo(page, 'Models');
  const models = page.getByRole('region', { name: 'Models', exact: true });
  await models.getByRole('cell', { name: /^CPU, float32/ }).waitFor();
  await models
    .getByRole('cell', { name: /^\d[\d.]* [MG]B$/ })
    .first()
    .waitFor();
  const playground = await web().visit('/');
  await playground.getByText('Model: easel-demo (small embedded model), 256×256, on CPU').waitFor();
});

test('the queue is paused and goes on, and a job of anybody is cancelled', async () => {
  const page = await openConsole();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Pause for all users?' }).click();
  await page.getByText('paused: no new jobs are started').waitFor();
  const playground = await web().visit('/');
  const prompt = playground.getByLabel('Prompt', { exact: true });
  await playground.getByRole('spinbutton', { name: 'Steps value' }).fill('60');
  // Nothing is started once the pause is shown, however soon it is sent.
  for (const text of ['a lemon', 'a pear']) {
    await prompt.fill(text);
    await prompt.press('Enter');
  }
  await playground
    .locator('.stage-run')
    .getByText(/Queue paused/)
    .waitFor();
  await goTo(page, 'Jobs');
  const waiting = page.getByRole('row', { name: /a pear/ }).getByRole('button', { name: /^Cancel/ });
  await waiting.click();
  await playground.getByText('Cancelled. Nothing was charged.').waitFor();
  await goTo(page, 'Overview');
  await page.getByText('1 queued, 0 running, paused').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await playground.locator('.run-card.succeeded').waitFor();
});

test('a key of another shape is refused before it is sent, an unknown one afterwards', async () => {
  const page = await web().visit('/console');
  await page.getByLabel('Admin key').fill('hunter2');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('An API key is SG_ followed by 16 hexadecimal digits.').waitFor();
  await page.getByLabel('Admin key').fill(newKey());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(/Unknown API key/).waitFor();
  await page.getByLabel('Admin key').fill(web().server.devKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
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
  await page.getByRole('button', { name: 'Sign out as admin' }).click();
  await page.getByLabel('Admin key').waitFor();
});

test('a model is downloaded, once its licence is accepted, and removed', async () => {
  const page = await openConsole('models');
  const section = page.getByRole('region', { name: 'Models on this server' });
  await section.getByLabel('Model to download').fill('acme/painter');
  await section.getByRole('button', { name: 'Download' }).click();
  await section.getByRole('link', { name: 'openrail++' }).waitFor();
  await section.getByRole('button', { name: 'Accept the licence and download' }).click();
  await section.getByText('downloaded, 300 kB').waitFor();
  await section.getByRole('cell', { name: 'acme/painter:model.safetensors', exact: true }).waitFor();
  await section.getByRole('button', { name: 'Remove acme/painter:model.safetensors' }).click();
  await section.getByRole('button', { name: /Really remove/ }).click();
  await section.getByText('No model has been downloaded yet.').waitFor();
});

test('an endpoint of webhooks is created, tested, and what it refused is sent again', async () => {
  let isUp = false;
  const ids: unknown[] = [];
  const receiver = createServer((request, response) => {
    ids.push(request.headers['webhook-id']);
    response.writeHead(isUp ? 200 : 410).end();
  });
  const url = `${await listen(receiver)}/hook`;
  const page = await openConsole('webhooks');
  const webhooks = page.getByRole('region', { name: 'Webhooks' });
  await webhooks.getByRole('combobox', { name: 'Account' }).selectOption('development');
  await webhooks.getByLabel('Address').fill(url);
  await webhooks.getByRole('button', { name: 'Create endpoint' }).click();
  expect(await webhooks.locator('.notice code').textContent()).toMatch(/^whsec_\S{44}$/);
  await webhooks.getByRole('button', { name: `Send a test to ${url}` }).click();
  const delivery = webhooks.getByRole('row', { name: /webhook\.test/ });
  await delivery.getByRole('cell', { name: 'it answered 410 Gone' }).waitFor();
  isUp = true;
  await webhooks.getByRole('cell', { name: 'disabled: it answered 410 Gone' }).waitFor();
  await webhooks.getByRole('button', { name: `Enable ${url}` }).click();
  await webhooks.getByRole('cell', { name: 'enabled', exact: true }).waitFor();
  await delivery.getByRole('button', { name: `Send webhook.test to ${url} again` }).click();
  await delivery.getByRole('cell', { name: 'delivered' }).waitFor();
  expect(new Set(ids).size).toBe(1);
  await webhooks.getByRole('button', { name: `Delete ${url}` }).click();
  await webhooks.getByRole('button', { name: `Delete ${url}: Really delete?` }).click();
  await webhooks.getByRole('button', { name: `Enable ${url}` }).waitFor({ state: 'detached' });
});
