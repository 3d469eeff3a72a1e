import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import type { HttpApp } from './http-app.ts';
import { ownerOf, pathOf, type Surface } from './surface.ts';

interface Place {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

/** Which methods each address has, so that a wrong one is told from a wrong address (RFC 9110 §15.5.6). */
export class AllowedMethods {
  readonly #places = new Map<string, Place>();
  readonly #isModel: (slug: string) => boolean;

  /** @param isModel whether a `:slug` is the name of a model: an address of one that is not does not exist */
  constructor(isModel: (slug: string) => boolean) {
    this.#isModel = isModel;
  }

  /** Learns of every route that is registered afterwards. */
  listen(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (url === '*') return;
      const place = this.#places.get(url) ?? { segments: url.split('/'), methods: new Set() };
      for (const each of [method].flat()) place.methods.add(each);
      this.#places.set(url, place);
    });
  }

  /** In the order of the alphabet; none when there is nothing at the address. */
  of(path: string): string[] {
    const segments = path.split('/').map(decoded);
    const methods = [...this.#places.values()]
      .filter((place) => this.#leadsTo(place, segments))
      .flatMap((place) => [...place.methods]);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }

  #leadsTo({ segments: pattern }: Place, segments: readonly string[]): boolean {
    const isOpenEnded = pattern.at(-1) === '*';
    if (isOpenEnded ? segments.length < pattern.length : segments.length !== pattern.length) return false;
    return pattern.every((part, index) => this.#fits(part, segments[index] ?? ''));
  }

  #fits(part: string, segment: string): boolean {
    if (part === '*') return true;
    if (part === ':slug') return this.#isModel(segment);
    return part.startsWith(':') ? segment !== '' : part === segment;
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not an escape: the router has taken it for what it is, too
  }
}

/**
 * 404 for an address with nothing at it, 405 for a method that what is there does not have. Somebody who follows a broken link with a
 * browser gets the page, which says so.
 */
export function refuseWhatIsNotHere(app: HttpApp, allowed: AllowedMethods, surfaces: readonly Surface[]): void {
  const sendMissing = surfaces.find((surface) => surface.sendMissing)?.sendMissing;
  const isForPeople = browserRequests(surfaces);
  const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url);
    const methods = allowed.of(path);
    if (sendMissing && methods.length === 0 && isForPeople(request)) return sendMissing(request, reply);
    // A folder of files has the method, and not every file.
    if (methods.length === 0 || methods.includes(request.method)) {
      const instead = ownerOf(surfaces, path)?.notSupported?.get(path);
      throw new DomainError('not_found', instead ?? `${shown(path)} not found; /docs lists all endpoints`);
    }
    reply.header('allow', methods.join(', '));
    throw new DomainError(
      'method_not_allowed',
      `${request.method} is not allowed here; allowed methods: ${methods.join(', ')}`,
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

/** Whether a browser asks for something to show, at an address that is none of an API's, its files' or the API page's. */
function browserRequests(surfaces: readonly Surface[]): (request: FastifyRequest) => boolean {
  const firstParts = new Set(['docs', ...surfaces.flatMap(({ places }) => places.map(firstPart))]);
  return ({ method, url, headers }) =>
    method === 'GET' && headers.accept?.includes('text/html') === true && !firstParts.has(firstPart(pathOf(url)));
}

function firstPart(path: string): string {
  return path.split('/').find((part) => part !== '') ?? '';
}

/** Long enough to recognise it. */
const SHOWN = 200;

function shown(path: string): string {
  return path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path;
}
