import { type ErrorCode, headers, statusOfError, titleOfError } from '@easel/contract';
import { type TSchema, Type } from 'typebox';
import type { ErrorShape } from './surface.ts';

/** The replies of a route with one status, for the OpenAPI document. */
export interface DescribedReply {
  readonly description: string;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}

export type DescribedReplies = Readonly<Record<number, DescribedReply>>;

export function jsonReply(description: string, schema: TSchema, headers?: DescribedReply['headers']): DescribedReply {
  return { description, ...(headers ? { headers } : {}), content: { 'application/json': { schema } } };
}

/** The error replies of a route by status, always with 500. */
export function errorReplies({ contentType, schema }: ErrorShape, ...codes: readonly ErrorCode[]): DescribedReplies {
  const [mediaType = contentType] = contentType.split(';', 1);
  const byStatus = Map.groupBy(new Set([...codes, 'server_error' as const]), statusOfError);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `${titleOfError(code)} (\`${code}\`)`).join('; '),
        content: { [mediaType]: { schema } },
      },
    ]),
  );
}

/** Errors of routes with a key; `rate_limited` after too many wrong keys. */
export const keyErrors = ['unauthorized', 'forbidden', 'rate_limited'] as const satisfies readonly ErrorCode[];

/** More errors of routes with a body. */
export const bodyErrors = [
  'invalid_request',
  'invalid_content_type',
  'request_timeout',
  'body_too_large',
  'unsupported_encoding',
] as const satisfies readonly ErrorCode[];

/** Errors of routes that create jobs. */
export const workErrors = [
  ...keyErrors,
  ...bodyErrors,
  'not_found',
  'insufficient_credits',
  'idempotency_mismatch',
  'conflict',
  'overloaded',
] as const satisfies readonly ErrorCode[];

/** Errors of routes that create jobs and wait for their pictures. */
export const runErrors = [...workErrors, 'content_rejected', 'cancelled'] as const satisfies readonly ErrorCode[];

type Headers = Readonly<Record<string, TSchema>>;

export const text = (description: string, example: string) => Type.String({ description, examples: [example] });

/** Headers of every reply to a caller. */
export const callerHeaders: Headers = {
  [headers.remainingCredits]: text('Credits available', '12.4963'),
  [headers.cost]: text('Credits charged for this request', '0.0037'),
  [headers.requestId]: text(
    'ID of the request, as in the server log; for a request that creates a job, the ID of the job',
    '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e',
  ),
};

/** Headers of replies to requests that count against the rate limit. */
export const limitedReplyHeaders: Headers = {
  ...callerHeaders,
  [headers.rateLimitPolicy]: text(
    'Rate limit as in the IETF draft: `q` requests in `w` seconds',
    '"requests";q=600;w=60',
  ),
  [headers.rateLimit]: text('What is left of it: `r` requests for `t` seconds', '"requests";r=599;t=42'),
  [headers.rateLimitLimit]: text('Rate limit, in requests per minute', '600'),
  [headers.rateLimitRemaining]: text('Requests left in this minute', '599'),
  [headers.rateLimitResetAt]: text('When the limit resets', '2026-01-31T12:01:00.000Z'),
};

/** Headers of replies to requests that create jobs. */
export const workReplyHeaders: Headers = {
  ...limitedReplyHeaders,
  [headers.model]: text('The model that generates the pictures', 'easel-demo'),
};

/** Headers of replies with pictures. */
export const pictureHeaders: Headers = {
  ...workReplyHeaders,
  [headers.generationTime]: text('Generation time in seconds', '3.21'),
  [headers.seedValue]: text('Seed of the first picture', '42'),
  [headers.outputMetadata]: text('The settings used, as JSON (OutputMetadata)', '{"width":1024,"height":1024}'),
  [headers.device]: text('The device that drew the pictures', 'webgpu'),
  [headers.ignoredFields]: text('Unknown fields of the body, which were ignored', 'style'),
  [headers.notes]: text(
    'What may not be expected of the pictures, as a list of messages in JSON',
    '["prompt syntax of other tools was read as plain text: \\"(red:1.4)\\"; prompt_weighting reads weights"]',
  ),
  [headers.link]: text('Segmind API: URLs of the pictures', '<https://…>; rel="item"'),
  [headers.size]: text('OpenAI API: size of the pictures', '1344x768'),
};

/** For routes that require a key, in either header. */
export const needsKey = [{ apiKey: [] }, { bearer: [] }] as const;

/** The ways to send a key. */
export const securitySchemes = {
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'SG_ and 16 hexadecimal digits' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The same key, as `Authorization: Bearer KEY`' },
} as const;

/** Hides a route from the OpenAPI document. */
export function hidden<Schema extends object>(schema: Schema): Schema & { readonly hide: true } {
  return { ...schema, hide: true };
}

/**
 * Describes a stream of server-sent events for OpenAPI: the fields of one event (WHATWG HTML 9.2), whose `data` is JSON as text.
 */
export function eventStreamContent(dataOf: Readonly<Record<string, TSchema>>): NonNullable<DescribedReply['content']> {
  const events = Object.entries(dataOf).map(([event, data]) =>
    Type.Object({
      event: Type.Literal(event),
      data: Type.String({ contentMediaType: 'application/json', contentSchema: data }),
    }),
  );
  return { 'text/event-stream': { schema: Type.Union(events) } };
}
