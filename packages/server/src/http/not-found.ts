import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { type HttpApp, ownerOf, pathOf, type Surface } from './surface.ts';

interface Place {
  readonly segments: readonly string[];
  /** Without parameters: an address that has one in its place is another one. */
  readonly isFixed: boolean;
  readonly methods: Set<string>;
}

/** The methods of each address, to answer 405 instead of 404 (RFC 9110 §15.5.6). */
export class AllowedMethods {
  readonly #places = new Map<string, Place>();
  readonly #isModel: (slug: string) => boolean;

  /** @param isModel whether a `:slug` is the name of a model; addresses with other slugs do not exist */
  constructor(isModel: (slug: string) => boolean) {
    this.#isModel = isModel;
  }

  /** Collects the routes that are registered from now on. */
  listen(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (url === '*') return;
      const segments = url.split('/');
      const isFixed = segments.every((part) => part !== '*' && !part.startsWith(':'));
      const place = this.#places.get(url) ?? { segments, isFixed, methods: new Set() };
      for (const each of [method].flat()) place.methods.add(each);
      this.#places.set(url, place);
    });
  }

  /** In alphabetical order; none when the address does not exist. */
  of(path: string): string[] {
    const segments = path.split('/').map(decoded);
    const places = [...this.#places.values()].filter((place) => this.#leadsTo(place, segments));
    const fixed = places.filter((place) => place.isFixed);
    const methods = (fixed.length > 0 ? fixed : places).flatMap((place) => [...place.methods]);
    return methods.length === 0 ? [] : [...new Set([...methods, 'OPTIONS'])].sort();
  }

  /** Whether the router took a route with a parameter for an address without one that has other methods only. */
  misled(path: string, route: string | undefined): boolean {
    return route?.includes('/:') === true && this.#places.get(path)?.isFixed === true;
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
    return segment; // an invalid escape, which the router takes literally, too
  }
}

/**
 * Answers 404 for addresses that do not exist and 405 for methods that they do not have. A browser that follows a broken link gets the
 * page, which shows that nothing was found.
 */
export function answerNotFound(app: HttpApp, allowed: AllowedMethods, surfaces: readonly Surface[]): void {
  const sendMissing = surfaces.find((surface) => surface.sendMissing)?.sendMissing;
  const isForPeople = browserRequests(surfaces);
  const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url);
    const methods = allowed.of(path);
    if (sendMissing && methods.length === 0 && isForPeople(request)) return sendMissing(request, reply);
    // In a folder of static files the method exists, but the file does not.
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
  // Before the body is parsed: it is of no interest here.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || allowed.misled(pathOf(request.url), request.routeOptions.url)) return refuse(request, reply);
    return undefined;
  });
  app.setNotFoundHandler(refuse);
}

/** Answers OPTIONS with the allowed methods; preflights of browsers are answered by CORS. */
export function answerOptions(app: HttpApp, allowed: AllowedMethods): void {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] !== undefined) return;
    const methods = allowed.of(pathOf(request.url));
    if (methods.length === 0) return reply.callNotFound();
    await reply.code(204).header('allow', methods.join(', ')).send();
  });
}

/** Recognizes requests of browsers for a page, at an address of no API, no static file and not of the API page. */
function browserRequests(surfaces: readonly Surface[]): (request: FastifyRequest) => boolean {
  const firstParts = new Set(['docs', ...surfaces.flatMap(({ places }) => places.map(firstPart))]);
  return ({ method, url, headers }) =>
    method === 'GET' && headers.accept?.includes('text/html') === true && !firstParts.has(firstPart(pathOf(url)));
}

function firstPart(path: string): string {
  return path.split('/').find((part) => part !== '') ?? '';
}

/** Most characters of an address in a message. */
const SHOWN = 200;

function shown(path: string): string {
  return path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path;
}
