import {
  type ErrorCode,
  openaiErrorSchema,
  problemMediaType,
  problemSchema,
  segmindErrorSchema,
  statusOfError,
  titleOfError,
} from '@easel/contract';
import type { TSchema } from 'typebox';
import type { Surface } from '../surface.ts';

/** One status of a route, as the API page shows it and as replies are written. */
export interface DescribedReply {
  readonly description: string;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}

export type DescribedReplies = Readonly<Record<number, DescribedReply>>;

export function jsonReply(description: string, schema: TSchema, headers?: DescribedReply['headers']): DescribedReply {
  return { description, ...(headers ? { headers } : {}), content: { 'application/json': { schema } } };
}

const errorSchemas: Readonly<Record<Surface, { readonly mediaType: string; readonly schema: TSchema }>> = {
  segmind: { mediaType: 'application/json', schema: segmindErrorSchema },
  openai: { mediaType: 'application/json', schema: openaiErrorSchema },
  api: { mediaType: problemMediaType, schema: problemSchema },
};

/** The errors of a route, by their status; anything may fail with 500. */
export function errorReplies(surface: Surface, ...codes: readonly ErrorCode[]): DescribedReplies {
  const { mediaType, schema } = errorSchemas[surface];
  const byStatus = Map.groupBy([...codes, 'server_error' as const], statusOfError);
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

/** What a request with a key may be refused for. */
export const keyErrors = ['unauthorized', 'forbidden'] as const satisfies readonly ErrorCode[];

/** What a request with a body of JSON may be refused for besides. */
export const bodyErrors = [
  'invalid_request',
  'invalid_content_type',
  'request_timeout',
  'body_too_large',
  'unsupported_encoding',
] as const satisfies readonly ErrorCode[];

/** What a request that creates work may be refused for. */
export const workErrors = [
  ...keyErrors,
  ...bodyErrors,
  'not_found',
  'insufficient_credits',
  'idempotency_mismatch',
  'conflict',
  'rate_limited',
  'overloaded',
] as const satisfies readonly ErrorCode[];

/** What a request that waits for its pictures may fail with besides. */
export const runErrors = [...workErrors, 'content_rejected', 'cancelled'] as const satisfies readonly ErrorCode[];
