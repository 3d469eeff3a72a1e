import { type Problem, problemMediaType, problemOfCode, problemSchema } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { DomainError } from '../domain-error.ts';
import type { HttpApp, RouteContext } from './http-app.ts';

/** How the errors of a surface look. */
export interface ErrorShape {
  /** The header of a reply with an error. */
  readonly contentType: string;
  readonly schema: TSchema;
  body(error: DomainError, reply: { readonly requestId: string; readonly status: number }): object;
}

/** One API of the server: a folder under `surfaces`, and a line in its table. Everything that differs between APIs is said here. */
export interface Surface {
  readonly name: string;
  /**
   * The addresses that are its own, whether or not there is a route: `/v1/models` and everything below it; with a slash at the end
   * only what is below. Of several places the longest counts.
   */
  readonly places: readonly string[];
  readonly errors: ErrorShape;
  /** The groups of its operations on the API page. */
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** What clients send instead of the address that they mean. */
  readonly aliases?: readonly (readonly [sent: RegExp, meant: string])[];
  /** Addresses that its clients know from elsewhere, with what to do instead. */
  readonly notSupported?: ReadonlyMap<string, string>;
  /** Answers a browser that asks for an address with nothing at it. */
  readonly sendMissing?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  /** Adds its routes. Hooks and parsers that it adds are its own. */
  addRoutes(app: HttpApp, context: RouteContext): void | Promise<void>;
}

/** Errors as RFC 9457 has them: of our own API, and of every address that belongs to no surface. */
export const problems: ErrorShape = {
  contentType: problemMediaType,
  schema: problemSchema,
  body({ message, code, remedy, param }, { requestId, status }): Problem {
    return {
      ...problemOfCode(code),
      status,
      detail: message,
      remedy,
      request_id: requestId,
      ...(param === undefined ? {} : { param }),
    };
  },
};

/** The surface that an address belongs to. */
export function ownerOf(surfaces: readonly Surface[], url: string): Surface | undefined {
  const path = pathOf(url);
  const covers = (place: string) =>
    place.endsWith('/') ? path.startsWith(place) : path === place || path.startsWith(`${place}/`);
  const length = ({ places }: Surface) => Math.max(0, ...places.filter(covers).map((place) => place.length));
  return surfaces.filter((each) => length(each) > 0).sort((one, other) => length(other) - length(one))[0];
}

/** An address without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
