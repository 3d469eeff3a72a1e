import type { KeyScope } from '@easel/contract';
import {
  explainInvalid,
  fromText,
  type Problem,
  problemMediaType,
  problemOfCode,
  problemSchema,
  withoutNulls,
} from '@easel/contract';
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { DomainError } from '../domain-error.ts';
import type { Caller } from '../keys/callers.ts';
import type { TraceContext, Tracer } from '../observability/tracing.ts';
import type { StreamLimits, StreamSlots } from './event-streams.ts';
import type { BodyPace, BodyType } from './receive-body.ts';
import type { HttpServices } from './services.ts';

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

/** Validated parts of a request have the type of their schema. */
interface ContractTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: unknown;
}

/** A Fastify server whose routes are typed by their schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ContractTypes
>;

/** What routes work with. */
export interface RouteContext {
  readonly services: HttpServices;
  readonly options: HttpOptions;
  readonly gate: Gate;
  readonly streams: StreamSlots;
}

/** An answered request; `route` is the pattern, such as `/v1/:slug`, so that it has few values. */
export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface HttpOptions extends StreamLimits {
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** The slowest that a body may arrive; default: 50 kB per second, after 20 s of grace. */
  readonly bodyPace?: BodyPace;
  /** How long a large body waits for memory, and a request until few enough are handled; default: 30 s. */
  readonly roomPatienceMs?: number;
  /** How long a large body may arrive while others wait; default: 30 s. */
  readonly roomStayMs?: number;
  /** Base of absolute URLs in replies; null: the Host header of the request. */
  readonly publicUrl: string | null;
  /** Limits of open connections; default: 4096, and 1024 per address. */
  readonly connections?: { readonly total: number; readonly perAddress: number };
  /** After which a client that reads nothing of its reply is disconnected; default: two minutes. */
  readonly stalledMs?: number;
  /** Origins that may call (CORS), such as `https://example.org`; `*`: all. */
  readonly corsOrigins: readonly string[];
  /** Addresses or networks of proxies whose `X-Forwarded-*` headers are trusted; default: none. */
  readonly trustedProxies?: readonly string[];
  /** The version of Easel, for the API page. */
  readonly version: string;
  /** Without it nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  readonly onAnswered?: (request: AnsweredRequest) => void;
  /** Without it requests are not traced. */
  readonly tracer?: Tracer;
  /** Aborted when the shutdown begins: resumable streams are closed, and clients resume them elsewhere. */
  readonly stopping?: AbortSignal;
  /** Aborted when no more jobs will end in this process: clients that still wait are told to retry. */
  readonly drained?: AbortSignal;
  /** Time between two heartbeats of an event stream; default: 15 s. */
  readonly heartbeatMs?: number;
}

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Checks that a request must pass, in the order in which a route has to use them. */
export interface Gate {
  /** For `onRequest`: requires a key with these scopes. */
  key(...scopes: readonly KeyScope[]): Check;
  /** For `onRequest`: requires a key with the scope `generate` or `read`, for what the caller's own account has. */
  readonly ownKey: Check;
  /** For `onRequest`, after the key: requires headers of a body of one of these types. */
  body(...types: readonly BodyType[]): Check;
  /** For `onRequest`, last: counts a request that creates a job, valid or not, against the rate limit before its body is read. */
  readonly rateLimit: Check;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether its replies tell the rate limit of the key. */
    isRateLimited?: boolean;
  }
  interface FastifyRequest {
    /** The authenticated caller; null before authentication, and on routes without a key. */
    caller: Caller | null;
    /** The job that the request created or asks about, for the log. */
    jobId: string | null;
    /** Its span; null: it is not traced. */
    trace: TraceContext | null;
  }
}

/** The caller of a request, on a route that requires a key. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new TypeError(`${request.routeOptions.url} has no check of the key`);
  return request.caller;
}

/** A host name or address with an optional port (RFC 3986 §3.2.2), without characters that would end the host part of a URL. */
const host = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * The URL by which the client reaches this server, without a trailing slash: the configured one, or the one of the request.
 *
 * @throws DomainError `invalid_request` when a URL is needed and the header Host cannot be part of one
 */
export function baseUrl(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl.replace(/\/+$/, '');
  if (!host.test(request.host)) {
    throw new DomainError('invalid_request', 'the header Host must be the name of this server', { param: 'Host' });
  }
  // A trusted proxy may still forward a value that its client made up.
  return `${request.protocol === 'https' ? 'https' : 'http'}://${request.host}`;
}

type Verdict = { readonly value: unknown } | { readonly error: DomainError };

/** Validates requests with the schemas of their routes, with the messages of the contract. */
export function validateByContract(app: HttpApp): void {
  app.setValidatorCompiler<unknown>(({ schema, httpPart = 'body' }) => {
    if (!isSchema(schema)) throw new TypeError(`the schema of the ${httpPart} is not one of the contract's`);
    return (data: unknown) => check(schema, httpPart, data);
  });
}

/**
 * Builds the serializer of a reply when the first one is sent. Those of all replies at once took a tenth of a server's start, and most
 * servers never send most of them.
 */
export function serializeOnDemand(app: HttpApp): void {
  const build = SerializerSelector()();
  app.setSerializerCompiler<unknown>((route) => {
    let serialize: ReturnType<typeof build> | undefined;
    return (data) => {
      serialize ??= build({ ...route, httpStatus: route.httpStatus ?? '200' });
      return serialize(data);
    };
  });
}

function isSchema(value: unknown): value is TSchema {
  return Type.IsSchema(value);
}

function check(schema: TSchema, part: string, data: unknown): Verdict {
  const value = partValue(schema, part, data);
  const fault = explainInvalid(schema, value);
  if (fault === undefined) return { value };
  // An invalid id in the path cannot exist.
  if (part === 'params') return { error: new DomainError('not_found', `not found: ${fault.message}`) };
  const param = fault.param === undefined ? {} : { param: fault.param };
  return { error: new DomainError('invalid_request', fault.message, param) };
}

/** Values of a query are converted from text; null in a body means absent. */
function partValue(schema: TSchema, part: string, data: unknown): unknown {
  if (part === 'querystring') return fromText(schema, data);
  return part === 'body' ? withoutNulls(schema, data) : data;
}
