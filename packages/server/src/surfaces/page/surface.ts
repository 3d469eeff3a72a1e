import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pagePaths } from '@easel/contract';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp, HttpOptions } from '../../http/http-app.ts';
import type { PageSession } from './session.ts';

/** The page has everything from here; pictures may also be its own (previews and pasted files). */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const YEAR_S = 365 * 24 * 60 * 60;

/** Sends the page's one document, which shows what belongs to the address. */
export type SendPage = (request: FastifyRequest, reply: FastifyReply, status?: number) => Promise<FastifyReply>;

/** @returns null where there is no page */
export async function openPage(
  { pageFolder }: Pick<HttpOptions, 'pageFolder'>,
  session: PageSession | null,
): Promise<SendPage | null> {
  if (pageFolder === undefined) return null;
  const document = await readFile(join(pageFolder, 'index.html'), 'utf8');
  return async (request, reply, status = 200) => {
    await session?.begin(request, reply);
    return reply
      .code(status)
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentSecurityPolicy,
        'cache-control': 'no-cache',
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      })
      .send(document);
  };
}

/** The web page: one document for all its addresses, and its files, whose names change with their content. */
export async function servePage(
  app: HttpApp,
  { pageFolder }: Pick<HttpOptions, 'pageFolder'>,
  sendPage: SendPage | null,
): Promise<void> {
  if (pageFolder === undefined || sendPage === null) return;
  await app.register(fastifyStatic, {
    root: join(pageFolder, 'assets'),
    prefix: '/assets/',
    index: false,
    decorateReply: false,
    // The build leaves a `.br` and a `.gz` beside each file.
    preCompressed: true,
    immutable: true,
    maxAge: YEAR_S * 1000,
    setHeaders: (reply) => void reply.header('x-content-type-options', 'nosniff'),
    schemaHide: true,
  });
  for (const path of Object.values(pagePaths)) {
    app.get(path, { schema: { hide: true } }, async (request, reply) => sendPage(request, reply));
  }
}
