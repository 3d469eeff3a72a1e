/**
 * The gallery's two promises, measured in a real browser: how long a history of 100 pictures of 1024² takes to show its first screen at
 * 50 kB/s and 400 ms of latency, and how many frames a second 5,000 pictures scroll with.
 *
 *   npm run bench:page
 */
import type { CDPSession, Page } from 'playwright-core';
import { launchChromium } from '../../tests/support/chromium.ts';
import { serveEasel } from '../../tests/support/easel-server.ts';
import { fillGallery } from '../../tests/support/fill-gallery.ts';

const SLOW = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const FAST = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
const MANY = 5000;

const server = await serveEasel();
const browser = await launchChromium();
try {
  await fillGallery(server, { count: 100, sizes: [[1024, 1024]], prompt: (index) => `a glacier number ${index}` });
  await measureFirstScreens();
  const shapes = [
    [256, 256],
    [304, 208],
    [208, 304],
    [336, 192],
  ] as const;
  await fillGallery(server, { count: MANY, sizes: shapes, prompt: (index) => `a dune number ${index}` });
  await measureScrolling();
} finally {
  await browser.close();
  await server.stop();
}

/** With the page's files in the browser, as on every visit but the first, and without. */
async function measureFirstScreens(): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(300_000);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  // The thumbnails are made once, whoever asks first.
  await firstScreen(page, devtools, SLOW);
  for (const [name, isCold] of [
    ['on a first visit', true],
    ['on a later visit', false],
  ] as const) {
    await devtools.send('Network.clearBrowserCache');
    if (!isCold) {
      await devtools.send('Network.emulateNetworkConditions', FAST);
      await page.goto(`${server.url}/arena`);
      await page.getByRole('heading', { name: 'Arena' }).waitFor();
    }
    const { seconds, bytes, pictures } = await firstScreen(page, devtools, SLOW);
    console.log(
      `first screen of 100 pictures of 1024² at 50 kB/s and 400 ms, ${name}: ${seconds.toFixed(1)} s, ${pictures} pictures, ${(bytes / 1000).toFixed(0)} kB`,
    );
  }
  await devtools.send('Network.emulateNetworkConditions', FAST);
  await page.goto(`${server.url}/`);
  await page.getByLabel('Prompt', { exact: true }).waitFor();
  await devtools.send('Network.clearBrowserCache');
  await devtools.send('Network.emulateNetworkConditions', SLOW);
  const start = performance.now();
  await page.getByRole('link', { name: 'Gallery' }).click();
  const pictures = await untilShown(page);
  console.log(
    `the same, opened from the playground: ${((performance.now() - start) / 1000).toFixed(1)} s, ${pictures} pictures`,
  );
  await context.close();
}

async function firstScreen(page: Page, devtools: CDPSession, network: typeof SLOW) {
  let bytes = 0;
  const count = ({ encodedDataLength }: { readonly encodedDataLength: number }) => {
    bytes += encodedDataLength;
  };
  devtools.on('Network.loadingFinished', count);
  await page.goto('about:blank');
  await devtools.send('Network.emulateNetworkConditions', network);
  const start = performance.now();
  await page.goto(`${server.url}/gallery`);
  const pictures = await untilShown(page);
  devtools.off('Network.loadingFinished', count);
  return { seconds: (performance.now() - start) / 1000, bytes, pictures };
}

/** @returns how many pictures are in sight. Polled from outside: the page's security policy forbids evaluating text in it. */
async function untilShown(page: Page): Promise<number> {
  for (;;) {
    const shown = await page.evaluate<number>(`(() => {
      const entries = [...document.querySelectorAll('.entry')].filter((entry) => entry.getBoundingClientRect().top < window.innerHeight);
      const images = entries.map((entry) => entry.querySelector('img'));
      return images.every((image) => image?.complete && image.naturalWidth > 0) ? images.length : 0;
    })()`);
    if (shown > 0) return shown;
    await page.waitForTimeout(20);
  }
}

/** By the wheel from the newest to the oldest, while the list and the pictures are loaded, and back; the frames of each second are counted by the page. */
async function measureScrolling(): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(300_000);
  await page.goto(`${server.url}/gallery?words=dune`);
  await untilShown(page);
  await page.evaluate(
    `window.frames = []; (function frame(time) { window.frames.push(time); requestAnimationFrame(frame); })(performance.now())`,
  );
  await page.mouse.move(600, 500);
  let nodes = 0;
  const scrollUntil = async (isThere: (first: number, last: number) => boolean, by: number) => {
    await page.evaluate('window.frames.length = 0');
    for (let [first, last] = [-1, -1]; !isThere(first, last); ) {
      for (let turn = 0; turn < 10; turn += 1) await page.mouse.wheel(0, by);
      [nodes, first, last] = await page.evaluate<[number, number, number]>(`(() => {
        const places = [...document.querySelectorAll('.entry')].map((entry) => Number(entry.ariaPosInSet));
        return [Math.max(${nodes}, document.querySelectorAll('*').length), Math.round(window.scrollY), Math.max(...places)];
      })()`);
    }
    return framesOf(await page.evaluate<number[]>('window.frames'));
  };
  console.log(`${MANY} pictures, scrolled to the end: ${await scrollUntil((_, last) => last >= MANY, 400)}`);
  console.log(`and back, when all had been loaded: ${await scrollUntil((top) => top === 0, -400)}`);
  console.log(`at most ${nodes} elements in the document`);
  await context.close();
}

/** @param times of frames, in milliseconds */
function framesOf(times: readonly number[]): string {
  const seconds = Map.groupBy(times, (time) => Math.floor((time - (times[0] ?? 0)) / 1000));
  const counts = [...seconds.values()]
    .slice(0, -1)
    .map(({ length }) => length)
    .toSorted((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)] ?? 0;
  return `${median} frames a second, ${counts[0] ?? 0} in the slowest of ${counts.length}`;
}
