import { encodeImage } from '@easel/engine';
import type { Locator, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { useWebPage } from '../support/web-page.ts';

const web = useWebPage();
const ofThePicture = {
  steps: 4,
  scheduler: 'edm_dpmpp_2m',
  guidanceScale: 3,
  seed: 1n,
  width: 64,
  height: 64,
  easelVersion: '1',
} as const;

async function make(page: Page, prompt: string): Promise<void> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page.getByLabel('Prompt', { exact: true }).press('Enter');
}

const set = (page: Page, label: string, value: number) =>
  page.getByRole('spinbutton', { name: `${label} value` }).fill(String(value));
/** In pixels of the file: `naturalWidth` is that of the layout where there are files of several sizes (HTML, srcset). */
async function naturalSize(image: Locator): Promise<unknown> {
  const address = JSON.stringify(await image.evaluate((element) => element.src));
  return image
    .page()
    .evaluate(
      `fetch(${address}).then((reply) => reply.blob()).then(createImageBitmap).then((it) => [it.width, it.height])`,
    );
}
const stage = (page: Page) => page.locator('.stage-run');
const untilDone = (page: Page) => page.locator('.run-card.succeeded').first().waitFor();

test('previews come before the end, and a cancel is refunded', async () => {
  const page = await web().visit();
  const before = await page.locator('.balance b').textContent();
  await set(page, 'Steps', 100);
  await set(page, 'Pictures', 4);
  await make(page, 'a fox in the forest');
  await stage(page).getByAltText('Preview').waitFor();
  expect(Number(await stage(page).getAttribute('data-previews'))).toBeGreaterThan(0);
  expect(await stage(page).getAttribute('data-phase')).toBe('running');
  await stage(page).getByRole('button', { name: 'Cancel' }).click();
  await stage(page).getByText('Cancelled. Nothing was charged.').waitFor();
  await expect.poll(() => page.locator('.balance b').textContent()).toBe(before);
});

test('the last preview stays in sight until the file of the picture is there', async () => {
  const page = await web().visit();
  await set(page, 'Steps', 40);
  await make(page, 'a lamp');
  const picture = stage(page).locator('.picture');
  await picture.waitFor();
  expect(await picture.getAttribute('style')).toContain('data:image/jpeg');
});

test('four samples have neighbouring seeds; the viewer steps through them', async () => {
  const page = await web().visit();
  await set(page, 'Pictures', 4);
  await set(page, 'Steps', 4);
  await page.getByLabel('Seed', { exact: true }).fill('41');
  await make(page, 'a panda');
  await untilDone(page);
  expect(await stage(page).locator('.picture').count()).toBe(4);
  await stage(page).locator('.picture').first().click();
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  const seed = viewer.locator('.facts div', { hasText: 'Seed' }).locator('dd');
  expect(await seed.textContent()).toBe('41');
  await viewer.getByRole('button', { name: 'Next picture' }).click();
  expect(await seed.textContent()).toBe('42');
  await page.keyboard.press('ArrowLeft');
  expect(await seed.textContent()).toBe('41');
  await page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'detached' });
});

test.each([
  ['16:9', 256, 144],
  ['9:16', 144, 256],
])('a shape of %s makes a picture of that shape', async (shape, width, height) => {
  const page = await web().visit();
  await page.getByText(shape, { exact: true }).click();
  await page.getByText(`${width}×${height}`, { exact: true }).waitFor();
  await set(page, 'Steps', 4);
  await make(page, 'a castle');
  await untilDone(page);
  await expect.poll(() => naturalSize(stage(page).locator('.picture img'))).toEqual([width, height]);
});

test('the texts of a dropped file are texts, whatever they say; a file that is no picture is refused in words', async () => {
  const page = await web().visit();
  const harm = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  const picture = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
  const parameters = { ...ofThePicture, prompt: harm, negativePrompt: harm, model: harm };
  const drop = async (buffer: Buffer) =>
    page.getByLabel('Choose or drop a picture').setInputFiles({ name: `${harm}.png`, mimeType: 'image/png', buffer });
  await drop(Buffer.from(await encodeImage(picture, { format: 'png', parameters })));
  await page.getByText('Settings restored from the picture.').waitFor();
  expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe(harm);
  await make(page, harm);
  await untilDone(page);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  await expect.poll(() => page.title()).toBe('Playground · Easel');
  await drop(Buffer.from('GIF89a'));
  await page
    .getByRole('alert')
    .getByText(/Cannot open “.*” as a picture/)
    .waitFor();
});

test('a prompt that is too long shows what is not read, and a price comes before the press', async () => {
  const page = await web().visit();
  await page.getByLabel('Prompt', { exact: true }).fill('a red apple');
  await page.getByText(/^5 of 77 tokens$/).waitFor();
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  await page.getByLabel('Prompt', { exact: true }).fill(`${'a red apple '.repeat(30)} and a pear`);
  await expect.poll(() => page.locator('.tokens mark').first().textContent()).toMatch(/and a pear$/);
});

test('a price has three digits; under the pointer and with the focus it is exact', async () => {
  const page = await web().visit('/?steps=97&samples=4&size=256x256');
  const price = page.locator('.run .rounded');
  await price.waitFor();
  expect(await price.textContent()).toMatch(/^0\.00\d{3}$/);
  const exact = await price.getAttribute('data-exact');
  expect(exact).toMatch(/^0\.00\d{4}/);
  const shown = () =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('.run .rounded'), '::after').content`);
  expect(await shown()).toBe('none');
  await price.hover();
  await expect.poll(shown).toContain(exact);
  await page.mouse.move(0, 0);
  await expect.poll(shown).toBe('none');
  await price.focus();
  await expect.poll(shown).toContain(exact);
});

test('a picture is made again byte for byte, has variations, and can be the start of another', async () => {
  const page = await web().visit();
  await set(page, 'Steps', 4);
  await make(page, 'a house on grass');
  await untilDone(page);
  const open = async () => stage(page).locator('.picture').first().click();
  const bytes = async () => {
    const path = await stage(page).locator('.picture img').first().getAttribute('src');
    const reply = await fetch(`${web().server.url}${path}`);
    return Buffer.from(await reply.arrayBuffer());
  };
  const first = await bytes();
  await page.getByLabel('Prompt', { exact: true }).fill('what somebody is just writing');
  await open();
  await page.getByRole('button', { name: 'Regenerate' }).click();
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  expect((await bytes()).equals(first)).toBe(true);
  expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('what somebody is just writing');

  await open();
  await page.getByRole('button', { name: 'Generate 4 more' }).click();
  await page.locator('.run-card.succeeded').nth(2).waitFor();
  expect(await stage(page).locator('.picture').count()).toBe(4);

  await page.getByRole('button', { name: 'Show picture 2 of 4' }).click();
  await page.getByRole('button', { name: 'Use as start image' }).click();
  await page.getByLabel('Strength', { exact: true }).waitFor();
  await make(page, 'a castle on grass');
  await page.locator('.run-card.succeeded').nth(3).waitFor();
  const started = await bytes();
  // It started from a picture of the server, which any tab can start from again.
  await page.reload();
  await page.locator('.earlier-card').first().waitFor();
  await open();
  await page.getByRole('button', { name: 'Regenerate' }).click();
  await page.locator('.run-card.succeeded').waitFor();
  expect((await bytes()).equals(started)).toBe(true);
});

test('what is typed outlives other views and a reload', async () => {
  const page = await web().visit();
  await page.getByLabel('Prompt', { exact: true }).fill('a ship');
  await page.getByLabel('Negative prompt').fill('waves');
  await set(page, 'Steps', 33);
  await page.getByText('16:9', { exact: true }).click();
  await page.getByRole('link', { name: 'Arena' }).click();
  await page.getByRole('heading', { name: 'Arena' }).waitFor();
  await page.getByRole('link', { name: 'Playground' }).click();
  for (const again of [async () => {}, () => page.reload()]) {
    await again();
    await expect.poll(() => page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('a ship');
    expect(await page.getByLabel('Negative prompt').inputValue()).toBe('waves');
    expect(await page.getByRole('spinbutton', { name: 'Steps value' }).inputValue()).toBe('33');
    await page.getByText('256×144', { exact: true }).waitFor();
  }
});

test('when the cookie of the page has had its time, all that is asked for at once goes on with a new one', async () => {
  const page = await web().visit();
  await page.getByText(/^0\.\d+ credits$/).waitFor();
  let refused = 0;
  const bothRefused = Promise.withResolvers<void>();
  page.on('response', (response) => {
    if (response.status() !== 401 || !response.url().endsWith('/api/tokenize')) return;
    refused += 1;
    if (refused === 2) bothRefused.resolve();
  });
  // Whatever the page asks for may be the first to find the cookie gone: the new one comes with the document, once both were refused.
  await page.route(`${web().server.url}/`, async (route) => {
    await bothRefused.promise;
    await route.continue();
  });
  await page.context().clearCookies();
  // Both prompts in the same moment.
  await page.evaluate(`for (const field of document.querySelectorAll('textarea')) {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, 'a red apple');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }`);
  await expect.poll(() => page.getByText(/^5 of 77 tokens$/).count()).toBe(2);
  expect(refused).toBe(2);
  expect(await page.getByRole('heading', { name: 'Sign in' }).count()).toBe(0);
});

test('a number is typed as one types numbers', async () => {
  const page = await web().visit();
  const steps = page.getByRole('spinbutton', { name: 'Steps value' });
  await steps.click();
  await page.keyboard.press('End');
  for (const key of ['Backspace', 'Backspace', '4', '0']) await page.keyboard.press(key);
  expect(await steps.inputValue()).toBe('40');
  await steps.fill('1000');
  await steps.blur();
  expect(await steps.inputValue()).toBe('100');
  await steps.fill('');
  await steps.blur();
  expect(await steps.inputValue()).toBe('100');
  // Scrolling over a field that has the focus changes nothing.
  await steps.focus();
  await steps.hover();
  await page.mouse.wheel(0, 200);
  await page.mouse.wheel(0, -100);
  expect(await steps.inputValue()).toBe('100');
  const guidance = page.getByRole('spinbutton', { name: 'Guidance value' });
  await guidance.fill('3.3');
  await guidance.blur();
  expect(await guidance.inputValue()).toBe('3.3');
  const seed = page.getByLabel('Seed', { exact: true });
  await seed.fill('-1');
  expect(await seed.inputValue()).toBe('');
});

test('a picture may be dropped anywhere, and the browser stays where it is', async () => {
  const page = await web().visit();
  const parameters = { ...ofThePicture, prompt: 'a dropped harp', negativePrompt: '', model: 'x' };
  const picture = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
  const png = Buffer.from(await encodeImage(picture, { format: 'png', parameters })).toString('base64');
  await page.locator('.results > *').first().waitFor();
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob('${png}'), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], 'x.png', { type: 'image/png' }));
    const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector('.results').dispatchEvent(drop);
    window.wasPrevented = drop.defaultPrevented;
  })()`);
  await page.getByText('Settings restored from the picture.').waitFor();
  expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('a dropped harp');
  expect(await page.evaluate('window.wasPrevented')).toBe(true);
});

test('the back button closes the picture that is open, and nothing else', async () => {
  const page = await web().visit();
  await set(page, 'Steps', 4);
  await make(page, 'a key');
  await untilDone(page);
  const viewer = page.getByRole('dialog', { name: 'Picture' });
  for (const close of [() => page.goBack(), () => page.keyboard.press('Escape')]) {
    await stage(page).locator('.picture').click();
    await viewer.waitFor();
    await close();
    await viewer.waitFor({ state: 'detached' });
    await expect.poll(() => new URL(page.url()).pathname).toBe('/');
    expect(await page.locator('.run-card').count()).toBe(1);
    const isFocused = () =>
      stage(page)
        .locator('.picture')
        .evaluate((element) => element === element.ownerDocument.activeElement);
    await expect.poll(isFocused).toBe(true);
  }
});

test('a key that is held down makes one picture', async () => {
  const page = await web().visit('/?size=96x96&steps=30');
  await page.getByLabel('Prompt', { exact: true }).fill('a held harp');
  // Without an up between them the browser sends repetitions, as a keyboard does.
  for (let press = 0; press < 12; press += 1) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.locator('.run-card').waitFor();
  await page.getByRole('button', { name: 'Generate a picture' }).focus();
  for (let press = 0; press < 12; press += 1) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.locator('.run-card').nth(1).waitFor();
  await page.locator('.run-card.succeeded').nth(1).waitFor();
  expect(await page.locator('.run-card').count()).toBe(2);
  await stage(page).locator('.picture').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Regenerate' }).focus();
  for (let press = 0; press < 12; press += 1) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.locator('.run-card.succeeded').nth(2).waitFor();
  expect(await page.locator('.run-card').count()).toBe(3);
  const headers = { 'x-api-key': web().server.devKey };
  const list = await fetch(`${web().server.url}/api/jobs?q=held`, { headers }).then((reply) => reply.text());
  expect(JSON.parse(list).jobs).toHaveLength(3);
});

test('a visitor sees which model draws before the first picture, why, and how to get the real one', async () => {
  const page = await web().visit();
  const model = page.getByText('Model: easel-demo (small embedded model), 256×256');
  await model.waitFor();
  await model.click();
  await page.getByText('./easel serve --model FOLDER').waitFor();
  await set(page, 'Steps', 4);
  await make(page, 'a cherry');
  await untilDone(page);
  await stage(page)
    .getByText(/ · easel-demo · /)
    .waitFor();
  for (const view of ['Arena', 'API']) {
    await page.getByRole('link', { name: view, exact: true }).click();
    await page.getByText('Model: easel-demo (small embedded model), 256×256').waitFor();
  }
  await page.getByRole('link', { name: 'Gallery' }).click();
  await page
    .locator('.entry')
    .first()
    .getByText(/ · easel-demo/)
    .waitFor();
});

test('an address can hold the settings; what is not possible in it is left out', async () => {
  const page = await web().visit('/?prompt=a%20fox&negative=snow&seed=7&steps=30&guidance=4.3&size=256x144&samples=99');
  await page.getByText('256×144', { exact: true }).waitFor();
  expect(await page.getByLabel('Prompt', { exact: true }).inputValue()).toBe('a fox');
  expect(await page.getByLabel('Negative prompt').inputValue()).toBe('snow');
  expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('7');
  const exactly = (name: string) => page.getByRole('spinbutton', { name: `${name} value` }).inputValue();
  expect([await exactly('Steps'), await exactly('Guidance'), await exactly('Pictures')]).toEqual(['30', '4.3', '1']);
  expect(new URL(page.url()).search).toBe('');
});

test('a broken link leads to a page that says so and shows the way', async () => {
  const page = await web().visit('/nosuchpage');
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
  await expect.poll(() => page.title()).toBe('Not found · Easel');
  await page.getByRole('link', { name: 'Go to the playground' }).click();
  await page.getByLabel('Prompt', { exact: true }).waitFor();
});

test('several runs queue up, and a second tab sees them and their end', async () => {
  const { url, adminKey } = web().server;
  const rule = (what: string) =>
    fetch(`${url}/api/admin/queue/${what}`, { method: 'POST', headers: { 'x-api-key': adminKey } });
  await rule('pause');
  onTestFinished(async () => void (await rule('resume')));
  const page = await web().visit();
  await set(page, 'Steps', 5);
  // The first may be taken before its worker hears of the pause.
  for (const prompt of ['a dog', 'a cat', 'a cow']) await make(page, prompt);
  expect(await page.locator('.run-card').count()).toBe(3);
  await stage(page)
    .getByText(/Queue paused/)
    .waitFor();
  const second = await page.context().newPage();
  await second.goto(url);
  await expect.poll(() => second.locator('.run-card').count()).toBeGreaterThan(0);
  await rule('resume');
  for (const tab of [page, second]) {
    await expect.poll(() => tab.locator('.run-card.succeeded').count()).toBe(await tab.locator('.run-card').count());
  }
});

test('going to another view and back keeps the runs; the back button goes back', async () => {
  const page = await web().visit();
  await set(page, 'Steps', 4);
  await make(page, 'a lemon');
  await untilDone(page);
  await page.getByRole('link', { name: 'Gallery' }).click();
  await page.getByRole('heading', { name: 'Gallery' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/gallery');
  await page.goBack();
  await page.locator('.run-card.succeeded').nth(0).waitFor();
  await page.goForward();
  await page.getByRole('heading', { name: 'Gallery' }).waitFor();
});
