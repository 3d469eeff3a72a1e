import type { APIResponse, Browser, BrowserContextOptions, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { launchChromium } from './chromium.ts';
import { type EaselServer, type ServeOptions, serveEasel } from './easel-server.ts';

export interface WebInTest {
  readonly server: EaselServer;
  /** A new visitor's page; what it logs as an error fails the test. */
  visit(path?: string, options?: BrowserContextOptions): Promise<Page>;
}

/** A server with its page, and a browser. Call it once, at the top. @returns both, from the first test on */
export function useWebPage(options: ServeOptions = {}): () => WebInTest {
  let server: EaselServer | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    [server, browser] = await Promise.all([serveEasel(options), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  return () => {
    if (server === undefined || browser === undefined) throw new Error('they are there from the first test on');
    return { server, visit: visitOf(server, browser) };
  };
}

function visitOf(server: EaselServer, browser: Browser): WebInTest['visit'] {
  return async (path = '/', options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(300_000); // a machine with other work may take its time
    goAgainWhenCutOff(page);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      // What a refused request logs by itself is no fault of the page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text());
    });
    onTestFinished(() => {
      if (faults.length > 0) throw new Error(`the page has errors: ${faults.join('\n')}`);
    });
    await page.goto(`${server.url}${path}`);
    return page;
  };
}

/** A dialog that is closed goes back in the history a little later, which cuts off another navigation that has just begun. */
function goAgainWhenCutOff(page: Page): void {
  const go = page.goto.bind(page);
  page.goto = (url, options) =>
    go(url, options).catch((error: unknown) => {
      if (String(error).includes('net::ERR_ABORTED')) return go(url, options);
      throw error;
    });
}

/** The server's reply to a request of the page that a test holds; what the browser adds at last is added here. */
export function replyTo(route: Route): Promise<APIResponse> {
  return route.fetch({ headers: { ...route.request().headers(), 'sec-fetch-site': 'same-origin' } });
}
