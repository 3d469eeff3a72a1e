import type { Page } from 'playwright-core';

/** The page's controls of live drafts, and what it sends for them. */
export const promptOf = (page: Page) => page.getByLabel('Prompt', { exact: true });
export const live = (page: Page) => page.getByRole('checkbox', { name: 'Live drafts' });
export const draftOf = (page: Page, prompt: string) => page.getByAltText(`Draft: ${prompt}`, { exact: true });
export const keep = (page: Page) => page.getByRole('button', { name: /^Keep \(0\.\d+ credits\)$/ });

/** The bodies of the jobs that the page asks for, from now on. */
export function sentBy(page: Page): Readonly<Record<string, unknown>>[] {
  const sent: Readonly<Record<string, unknown>>[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/api/jobs')
      sent.push(request.postDataJSON());
  });
  return sent;
}

/** A reply of the server that a test makes up. */
export const refusal = (status: number, code: string, detail: string) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: 'refused', status, code, detail }),
});
