import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { movedPagePaths, pageParts, pagePaths } from '@easel/contract';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problems, type Surface } from '../../http/surface.ts';
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

export interface PageOptions {
  /** Of the built page. */
  readonly folder: string;
  /** Lets the page work without a key; null where others can reach the server. */
  readonly session: PageSession | null;
}

/** With its question mark; empty if the address has none. */
function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}

/** The web page: one document for all its addresses, and its files, whose names change with their content. */
export async function page({ folder, session }: PageOptions): Promise<Surface> {
  const document = await readFile(join(folder, 'index.html'), 'utf8');
  const send = async (request: FastifyRequest, reply: FastifyReply, status: number): Promise<FastifyReply> => {
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
  return {
    name: 'page',
    places: ['/assets'],
    errors: problems,
    tags: [],
    sendMissing: (request, reply) => send(request, reply, 404),
    async addRoutes(app) {
      await app.register(fastifyStatic, {
        root: join(folder, 'assets'),
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
      const parts = Object.entries(pageParts).flatMap(([view, names]) => names.map((name) => `/${view}/${name}`));
      for (const path of [...Object.values(pagePaths), ...parts]) {
        app.get(path, { schema: { hide: true } }, async (request, reply) => send(request, reply, 200));
      }
      for (const [before, now] of Object.entries(movedPagePaths)) {
        app.get(before, { schema: { hide: true } }, async ({ url }, reply) => reply.redirect(now + queryOf(url), 308));
      }
    },
  };
}
