import { explainInvalid, fromText, withoutNulls } from '@easel/contract';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { DomainError } from '../domain-error.ts';
import type { Gate } from './admission.ts';
import type { StreamLimits, StreamSlots } from './event-streams.ts';
import type { BodyPace } from './receive-body.ts';
import type { HttpServices } from './services.ts';

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
  /** How long a large body waits for memory, and how long it may arrive while others wait; default: 30 s each. */
  readonly roomPatienceMs?: number;
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
  /** Aborted when the shutdown begins: resumable streams are closed, and clients resume them elsewhere. */
  readonly stopping?: AbortSignal;
  /** Aborted when no more jobs will end in this process: clients that still wait are told to retry. */
  readonly drained?: AbortSignal;
  /** Time between two heartbeats of an event stream; default: 15 s. */
  readonly heartbeatMs?: number;
}

type Verdict = { readonly value: unknown } | { readonly error: DomainError };

/** Validates requests with the schemas of their routes, with the messages of the contract. */
export function validateByContract(app: HttpApp): void {
  app.setValidatorCompiler<unknown>(({ schema, httpPart = 'body' }) => {
    if (!isSchema(schema)) throw new TypeError(`the schema of the ${httpPart} is not one of the contract's`);
    return (data: unknown) => check(schema, httpPart, data);
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
