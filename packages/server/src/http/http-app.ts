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

/** What has been validated has the type of its schema. */
interface ContractTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  readonly serializer: unknown;
}

/** A server whose routes are typed by the contract's schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ContractTypes
>;

/** What a route is given to work with. */
export interface RouteContext {
  readonly services: HttpServices;
  readonly options: HttpOptions;
  readonly gate: Gate;
  readonly streams: StreamSlots;
}

/** A request that was answered; the route as it is registered, such as `/v1/:slug`, so that there are few of them. */
export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface HttpOptions extends StreamLimits {
  /** The largest body, in bytes. */
  readonly bodyBytes: number;
  /** How slow a body may be; default: 20 s of grace, then 50 kB in a second. */
  readonly bodyPace?: BodyPace;
  /** How long a large body waits for room among others, and may take while others wait for its own; default: 30 s each. */
  readonly roomPatienceMs?: number;
  readonly roomStayMs?: number;
  /** How clients reach the server, for absolute URLs; null: the Host that they asked for. */
  readonly publicUrl: string | null;
  /** Connections at the same time; default: 4096, of which 1024 may come from one address. */
  readonly connections?: { readonly total: number; readonly perAddress: number };
  /** After which a client that takes nothing of what is sent to it is disconnected; default: two minutes. */
  readonly stalledMs?: number;
  /** Pages that may call: origins such as `https://example.org`; `*`: all. */
  readonly corsOrigins: readonly string[];
  /** Proxies whose `X-Forwarded-*` headers are believed (addresses or networks); absent or empty: none. */
  readonly trustedProxies?: readonly string[];
  /** Of the product, for the API page. */
  readonly version: string;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  readonly onAnswered?: (request: AnsweredRequest) => void;
  /** Aborted when the process is about to end: streams that can be resumed close, and the client resumes them elsewhere. */
  readonly stopping?: AbortSignal;
  /** Aborted when no job will end in this process any more: who still waits for pictures is told to ask again. */
  readonly drained?: AbortSignal;
  /** Between two signs of life on a stream; 15,000 by default. */
  readonly heartbeatMs?: number;
}

type Verdict = { readonly value: unknown } | { readonly error: DomainError };

/** Requests are checked with the schemas of the contract, and refused in its words. */
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
  // What cannot be the name of anything here is the name of nothing.
  if (part === 'params') return { error: new DomainError('not_found', `not found: ${fault.message}`) };
  const param = fault.param === undefined ? {} : { param: fault.param };
  return { error: new DomainError('invalid_request', fault.message, param) };
}

/** In a query everything is text, and in a body null means absent. */
function partValue(schema: TSchema, part: string, data: unknown): unknown {
  if (part === 'querystring') return fromText(schema, data);
  return part === 'body' ? withoutNulls(schema, data) : data;
}
