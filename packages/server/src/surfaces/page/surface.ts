import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { movedPagePaths, pageParts, pagePaths, picturePagePath } from '@easel/contract';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { baseUrl, problems, type Surface } from '../../http/surface.ts';
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
  const send = async (
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    text = document,
  ): Promise<FastifyReply> => {
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
      .send(text);
  };
  return {
    name: 'page',
    places: ['/assets'],
    errors: problems,
    tags: [],
    sendMissing: (request, reply) => send(request, reply, 404),
    async addRoutes(app, { options }) {
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
      app.get<{ Params: { name: string } }>(picturePagePath, { schema: { hide: true } }, async (request, reply) => {
        const { name } = request.params;
        if (!pictureName.test(name)) return send(request, reply, 404);
        // Only who was given the address may know it: search engines are not to list it.
        reply.header('x-robots-tag', 'noindex, nofollow');
        return send(request, reply, 200, withPreview(document, baseUrl(request, options.publicUrl), name));
      });
    },
  };
}

const pictureName = /^[0-9a-f]{32}$/;

/**
 * The document with what a messenger shows of a link (ogp.me). The prompt is not among it: the picture's file may have been made without
 * its settings, and then the address must not tell them either. A name is 32 hexadecimal digits; the base may be what a client sent.
 */
function withPreview(document: string, base: string, name: string): string {
  const properties = {
    'og:type': 'website',
    'og:site_name': 'Easel',
    'og:title': 'A picture made with Easel',
    'og:url': `${base}/p/${name}`,
    'og:image': `${base}/api/images/${name}?w=640`,
    'twitter:card': 'summary_large_image',
  };
  const tags = Object.entries(properties).map(
    ([property, content]) => `<meta property="${property}" content="${escapeHtml(content)}" />`,
  );
  return document.replace('</head>', () => `${tags.join('\n')}\n</head>`);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
