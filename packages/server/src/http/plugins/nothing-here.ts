import { defaultSlug } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import type { SendPage } from '../../surfaces/page/serve-page.ts';
import type { HttpApp } from '../http-app.ts';
import { pathOf } from '../surface.ts';
import type { AllowedMethods } from './allowed-methods.ts';

const startPictures = `send it as \`image\` to POST /v1/${defaultSlug} or POST /api/jobs`;

/** What clients know from elsewhere and look for here. */
const notSupported: ReadonlyMap<string, string> = new Map([
  ['/v1/images/edits', `image edits and masks are not supported; to start from a picture, ${startPictures}`],
  ['/v1/images/variations', `image variations are not supported; to start from a picture, ${startPictures}`],
]);

/**
 * 404 for an address with nothing at it, 405 for a method that what is there does not have. Somebody who follows a broken link with a
 * browser gets the page, which says so.
 */
export function refuseWhatIsNotHere(app: HttpApp, allowed: AllowedMethods, sendPage: SendPage | null): void {
  const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
    const methods = allowed.of(pathOf(request.url));
    if (sendPage !== null && methods.length === 0 && isForPeople(request)) return sendPage(request, reply, 404);
    // A folder of files has the method, and not every file.
    if (methods.length === 0 || methods.includes(request.method)) {
      const path = pathOf(request.url);
      throw new DomainError(
        'not_found',
        notSupported.get(path) ?? `there is nothing at ${shown(path)}; see /docs for the addresses`,
      );
    }
    reply.header('allow', methods.join(', '));
    throw new DomainError(
      'method_not_allowed',
      `${request.method} is not possible here; allowed: ${methods.join(', ')}`,
    );
  };
  // Before a body is looked at: that it cannot be read says nothing where nothing reads it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return refuse(request, reply);
    return undefined;
  });
  app.setNotFoundHandler(refuse);
}

/** OPTIONS by hand: what can be done here. A browser's preflight is answered by the rules for other origins. */
export function answerOptions(app: HttpApp, allowed: AllowedMethods): void {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] !== undefined) return;
    const methods = allowed.of(pathOf(request.url));
    if (methods.length === 0) return reply.callNotFound();
    await reply.code(204).header('allow', methods.join(', ')).send();
  });
}

/** Whether a browser asks for something to show, at an address that is none of the API's. */
function isForPeople({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true && !apiPlaces.test(url);
}

const apiPlaces = /^\/+(?:api|v1|v2|docs|assets)(?:[/?]|$)/;

/** Long enough to recognise it. */
const SHOWN = 200;

function shown(path: string): string {
  return path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path;
}
