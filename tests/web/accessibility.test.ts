import { gzipSync } from 'node:zlib';
import type { Job } from '@easel/contract';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

async function findings(page: Page): Promise<unknown> {
  // By the debugger: the page's own policy lets no script in.
  await page.evaluate(axe.source);
  return page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(rules)} })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
}

/** As narrow as WCAG 2.2 asks for, 1.4.10. */
const phone = { width: 320, height: 640 };
const desktop = { width: 1280, height: 900 };

test.each([
  ['/', 'light', desktop],
  ['/', 'dark', phone],
  ['/gallery', 'dark', desktop],
  ['/arena', 'light', phone],
  ['/arena', 'dark', desktop],
  ['/reference', 'light', desktop],
  ['/reference', 'dark', phone],
  ['/console', 'light', desktop],
] as const)('axe finds nothing at %s in %s', async (path, colorScheme, viewport) => {
  const page = await web().visit(path, { colorScheme, viewport });
  await page.locator('h1').waitFor({ state: 'attached' });
  await page
    .getByText(/credits$/)
    .first()
    .waitFor();
  await page.getByText('Loading…').waitFor({ state: 'detached' });
  expect(await findings(page)).toEqual([]);
});

test('axe finds nothing with pictures, the viewer, a comparison and the console open', async () => {
  const page = await web().visit('/', { colorScheme: 'light' });
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  await page.getByRole('spinbutton', { name: 'Pictures value' }).fill('2');
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  expect(await findings(page)).toEqual([]);
  await page.locator('.picture').first().click();
  // Loaded with the first picture that is opened: an Escape before it is there closes nothing.
  await page.getByRole('dialog').waitFor();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Gallery' }).click();
  await page.locator('.entry').nth(1).waitFor();
  expect(await findings(page)).toEqual([]);
  for (const place of [0, 1])
    await page
      .getByRole('button', { name: /^Compare picture/ })
      .nth(place)
      .click();
  await page.getByRole('dialog', { name: 'Compare two pictures' }).waitFor();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  // A dialog that closes takes its step in the browser's history back, and that must not meet the next address.
  await expect.poll(() => page.evaluate('history.state')).toBeNull();
  await page.evaluate(`sessionStorage.setItem('easel.admin-key', '${web().server.adminKey}')`);
  for (const part of ['', '/jobs', '/accounts', '/usage', '/models', '/webhooks', '/audit', '/keys']) {
    await page.goto(`${web().server.url}/console${part}`);
    await page.getByRole('columnheader').or(page.getByRole('img')).first().waitFor();
    expect(await findings(page), part).toEqual([]);
  }
  await page.getByRole('button', { name: 'Edit development' }).click();
  await page.getByRole('dialog', { name: 'Edit development' }).waitFor();
  expect(await findings(page)).toEqual([]);
});

test.each([
  ['light', desktop],
  ['dark', phone],
] as const)(
  'in %s axe finds nothing in the dialogs of form, queue and gallery, and nothing is cut off',
  async (colorScheme, viewport) => {
    const { url, devKey, adminKey } = web().server;
    const isPhone = viewport === phone;
    const rule = (what: 'pause' | 'resume') =>
      fetch(`${url}/api/admin/queue/${what}`, { method: 'POST', headers: { 'x-api-key': adminKey } });
    const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
    const { images } = await newPicture('a collected plum');
    const post = async (path: string, body: object): Promise<{ id: string }> => {
      const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return JSON.parse(await reply.text());
    };
    const { id } = await post('/api/collections', { name: `Plums in ${colorScheme}` });
    await post(`/api/collections/${id}/pictures`, { add: images.map((image) => image.id) });
    await fetch(`${url}/api/styles/own-ink`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ prompt: '{prompt}, ink' }),
    });
    const page = await web().visit('/', { colorScheme, viewport });
    const check = async (name: string) => {
      const dialog = page.getByRole('dialog', { name });
      await dialog.waitFor();
      await dialog.getByText('Loading…').waitFor({ state: 'detached' });
      expect(await findings(page), name).toEqual([]);
      const box = await dialog.boundingBox();
      expect(box?.x, name).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0), name).toBeLessThanOrEqual(viewport.width);
      // What scrolls is the dialog itself, or all that is inside it.
      for (const part of [dialog, ...(await dialog.locator('.inside').all())])
        expect(await part.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), name).toBe(0);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    if (isPhone) {
      await page.getByRole('button', { name: 'All settings' }).click();
      await page.getByRole('dialog', { name: 'Settings' }).waitFor();
      expect(await findings(page)).toEqual([]);
    }
    await page.getByRole('button', { name: 'Samples…' }).click();
    await page.getByRole('button', { name: 'own-ink', exact: true }).waitFor();
    await check('Styles');
    if (isPhone) await page.getByRole('button', { name: 'Fewer settings' }).click();
    await rule('pause');
    onTestFinished(async () => void (await rule('resume')));
    await page.getByLabel('Prompt', { exact: true }).fill('a long way');
    await page.getByLabel('Prompt', { exact: true }).press('Enter');
    await page.getByRole('button', { name: /^Queue: / }).click();
    await page.getByRole('button', { name: 'Cancel in the queue: a long way' }).waitFor();
    await check('Queue');
    await page.getByRole('button', { name: 'Cancel: a long way' }).click();
    await page.goto(`${url}/gallery?words=collected`);
    await page.getByRole('button', { name: 'Import' }).click();
    await check('Import pictures');
    await page.getByRole('button', { name: 'Manage collections' }).click();
    await check('Collections');
    await page
      .getByRole('button', { name: /^Open picture/ })
      .first()
      .focus();
    await page
      .getByRole('button', { name: /^Select picture/ })
      .first()
      .press('Enter');
    await page.getByRole('button', { name: 'Add to collection…' }).click();
    await check('Add to a collection');
  },
);

/** A small picture of the API. */
async function newPicture(prompt: string): Promise<Job> {
  const { url, devKey } = web().server;
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt, num_inference_steps: 2, img_width: 64, img_height: 64 });
  const { id } = JSON.parse(
    await fetch(`${url}/api/jobs`, { method: 'POST', headers, body }).then((reply) => reply.text()),
  );
  await fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
  return JSON.parse(await fetch(`${url}/api/jobs/${id}`, { headers }).then((reply) => reply.text()));
}

test('where motion is unwelcome nothing moves by itself: not a picture that arrives, a sheet or a dialog', async () => {
  const page = await web().visit('/?size=64x64&steps=20', { reducedMotion: 'reduce', viewport: phone });
  await page.evaluate(`(() => {
    window.moved = [];
    for (const kind of ['animationstart', 'transitionrun'])
      document.addEventListener(kind, (event) => window.moved.push(kind + ' of ' + event.target.className), true);
  })()`);
  await page.getByRole('button', { name: 'All settings' }).click();
  await page.getByRole('button', { name: 'Fewer settings' }).click();
  await page.getByLabel('Prompt', { exact: true }).fill('a calm lake');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  await page.locator('.stage-run .picture').click();
  await page.locator('.viewer-picture img[data-loaded=true]').waitFor();
  expect(await page.evaluate('window.moved')).toEqual([]);
});

test('the about box says whose work the model is', async () => {
  const page = await web().visit();
  await page.getByRole('button', { name: 'About' }).click();
  const box = page.getByRole('dialog', { name: 'About Easel' });
  await box.getByText(/Licence: MIT/).waitFor();
  await box.getByText(/Fluent Emoji, Copyright \(c\) Microsoft Corporation, MIT License/).waitFor();
  expect(await findings(page)).toEqual([]);
});

test('who listens to the page hears once that a run is queued, done or failed, and not each of its steps', async () => {
  const page = await web().visit();
  // On a busy machine a picture can be finished before the page draws that it was queued.
  const queued = Promise.withResolvers<void>();
  await page.route('**/api/events**', (route) => queued.promise.then(() => route.continue()));
  await page.reload();
  await page.evaluate(`(() => {
    window.heard = [];
    const regions = () => [...document.querySelectorAll('[role=status], [role=alert], [aria-live], output')];
    const texts = new Map();
    new MutationObserver(() => {
      for (const region of regions()) {
        const text = region.textContent.trim();
        if (!region.matches('.balance') && texts.get(region) !== text && text !== '') window.heard.push(text);
        texts.set(region, text);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  })()`);
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('30');
  await page.getByLabel('Prompt', { exact: true }).fill('a bell');
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('[role=status]', { hasText: 'Queued: a bell' }).waitFor({ state: 'attached' });
  queued.resolve();
  await page.locator('.run-card.succeeded').waitFor();
  await page.getByText('Picture finished: a bell').waitFor({ state: 'attached' });
  expect(await page.evaluate('window.heard')).toEqual(['Queued: a bell', 'Picture finished: a bell']);
  const problem = { type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'it is broken' };
  await page.route('**/api/jobs', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
  );
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
  await page.locator('.run-card.failed').waitFor();
  await expect
    .poll(() => page.evaluate<string[]>('window.heard').then((heard) => heard.slice(2)))
    .toEqual(['Run failed: a bell. It is broken.']);
});

test('buttons that stand many times on a page say which picture they are for', async () => {
  const page = await web().visit('/gallery');
  await page.locator('.entry').first().waitFor();
  const names = await page
    .locator('.entry button')
    .evaluateAll((all) => all.map((button) => button.getAttribute('aria-label') ?? button.textContent));
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(name).toMatch(/: ./);
});

test('a theme that somebody has chosen is that of the first frame, however late the styles come', async () => {
  const page = await web().visit('/', { colorScheme: 'light' });
  await page.getByRole('button', { name: /^Theme: system/ }).click();
  await page.getByRole('button', { name: /^Theme: light/ }).click();
  const [light, dark] = await page.locator('meta[name="theme-color"]').all();
  for (const bar of [light, dark]) expect(await bar?.getAttribute('content')).toBe('#211e17');
  const held = Promise.withResolvers<void>();
  await page.route(/\.css$/, async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.reload({ waitUntil: 'commit' });
  await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  held.resolve();
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(23, 21, 15)');
  // Nothing was painted without the styles.
  await expect.poll(() => page.evaluate("performance.getEntriesByType('paint').length")).toBeGreaterThan(0);
  const [painted, styled] = await page.evaluate<[number, number]>(`[
    performance.getEntriesByType('paint')[0].startTime,
    performance.getEntriesByType('resource').find(({ name }) => name.endsWith('.css')).responseEnd,
  ]`);
  expect(painted).toBeGreaterThanOrEqual(styled);
});

test('"?" lists the keys, but not while somebody types one', async () => {
  const page = await web().visit();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('who');
  await prompt.press('?');
  expect(await prompt.inputValue()).toBe('who?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  expect(await list.count()).toBe(0);
  await page.getByRole('link', { name: 'API' }).focus();
  await page.keyboard.press('?');
  await list.getByText('Right is better').waitFor();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'About' }).click();
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await list.waitFor();
});

test('a browser can install the page: the manifest names it, and its icons are as large as it says', async () => {
  const { url } = web().server;
  const html = await fetch(url).then((reply) => reply.text());
  const address = /<link rel="manifest" href="([^"]+)"/.exec(html)?.[1] ?? '';
  const reply = await fetch(new URL(address, url));
  expect(reply.headers.get('content-type')).toMatch(/^application\/manifest\+json/);
  const manifest: { icons: { src: string; sizes: string; purpose: string }[] } = JSON.parse(await reply.text());
  expect(manifest).toMatchObject({ name: 'Easel', start_url: '/', display: 'standalone' });
  expect(manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
    '192x192 any',
    '512x512 any',
    '512x512 maskable',
  ]);
  for (const { src, sizes } of manifest.icons) {
    const icon = await fetch(new URL(src, url));
    const header = new DataView(await icon.arrayBuffer());
    // IHDR of a PNG (RFC 2083 §11.2.1).
    expect(`${header.getUint32(16)}x${header.getUint32(20)}`).toBe(sizes);
  }
});

test('texts that are read from right to left are laid out so', async () => {
  const page = await web().visit();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('2');
  await prompt.fill('قطة (صغيرة)');
  const directionOf = (place: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('${place}')).direction`);
  expect(await directionOf('textarea')).toBe('rtl');
  await prompt.press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  expect(await directionOf('.stage-run .prompt')).toBe('rtl');
});

test('a picture is made, looked at and closed with the keyboard alone', async () => {
  const page = await web().visit();
  await page.getByRole('spinbutton', { name: 'Steps value' }).fill('4');
  await page.getByLabel('Prompt', { exact: true }).focus();
  await page.keyboard.type('a pear');
  await page.keyboard.press('Enter');
  await page.locator('.run-card.succeeded').waitFor();
  await page.locator('.picture').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Picture' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await page.evaluate('document.activeElement?.className')).toBe('picture');
});

test.each(['/', '/gallery', '/arena', '/console', '/reference'])(
  'nothing hangs over the edge of a phone at %s',
  async (path) => {
    const page = await web().visit(path, { viewport: phone });
    await page.locator('h1').waitFor({ state: 'attached' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(phone.width);
  },
);

test('the console fits a phone too: its tables scroll by themselves', async () => {
  const page = await web().visit('/', { viewport: phone });
  await page.evaluate(`sessionStorage.setItem('easel.admin-key', '${web().server.adminKey}')`);
  for (const part of ['', '/jobs', '/accounts', '/keys', '/usage', '/models', '/webhooks', '/audit']) {
    await page.goto(`${web().server.url}/console${part}`);
    await page.getByRole('navigation', { name: 'Console' }).waitFor();
    await page.getByRole('region').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth'), part).toBe(phone.width);
  }
});

test('on a narrow phone the way to every view is in sight', async () => {
  const page = await web().visit('/', { viewport: phone });
  const links = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
  await links.last().waitFor();
  for (const link of await links.all()) {
    const { x, width } = (await link.boundingBox()) ?? { x: -1, width: 0 };
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(phone.width);
  }
});

test('the first load is at most 150 kB, gzipped, and nothing of it is inline', async () => {
  const { url } = web().server;
  const html = await fetch(url).then((reply) => reply.text());
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, file]) => file ?? '');
  let bytes = gzipSync(html).length;
  for (const file of files) bytes += gzipSync(await fetch(url + file).then((reply) => reply.arrayBuffer())).length;
  expect(files.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThan(150_000);
});
