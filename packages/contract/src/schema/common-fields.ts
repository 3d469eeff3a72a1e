import { type TNumber, type TRefine, type TString, type TUnsafe, Type } from 'typebox';
import { type ErrorCode, httpErrors } from '../errors.ts';
import { limits, type Range } from '../limits.ts';
import { isWholeMicro } from '../money/micro-credits.ts';
import { type FieldNotes, integerIn } from './define.ts';

/** RFC 9562. */
export function uuid(description: string): TString {
  return Type.String({ format: 'uuid', description, examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e'] });
}

/** RFC 3339, in UTC. */
export function instant(description: string): TString {
  return Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00.000Z'] });
}

/** A day of UTC, RFC 3339 full-date. */
export function day(description: string): TString {
  return Type.String({ format: 'date', description, examples: ['2026-01-31'] });
}

export function url(description: string, path: string): TString {
  return Type.String({ format: 'uri', description, examples: [`https://images.example.org${path}`] });
}

/** A balance or a price of a reply: a decimal with at most six places. */
export function credits(notes: FieldNotes): TNumber {
  return Type.Number({ ...notes });
}

/** An amount in a request: a decimal with at most six places. */
export function creditsIn({ min, max }: Range, notes: FieldNotes): TNumber & TRefine {
  return Type.Refine(
    Type.Number({ minimum: min, maximum: max, ...notes }),
    (value) => typeof value !== 'number' || isWholeMicro(value),
    () => 'an amount of credits with at most six decimal places',
  );
}

export const cursorParam = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Where to go on: `next_cursor` of the page before',
  examples: ['MDE5ODBjNWU'],
});

export const limitParam = integerIn(limits.pageLength, {
  description: 'The number of entries on a page',
  default: 30,
  examples: [30],
});

export const nextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'Give it as `cursor` to get the next page; null on the last',
  examples: ['MDE5ODBjNWU', null],
});

/** One of the catalogue's codes. */
export const errorCode: TUnsafe<ErrorCode> = Type.Unsafe<ErrorCode>({
  type: 'string',
  enum: Object.keys(httpErrors),
  description: 'What went wrong, for programs',
  examples: ['invalid_request'],
});

export const requestId = Type.String({
  description: 'Names the request in the logs; also in the header x-request-id',
  examples: ['01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e'],
});

export const param = Type.String({
  description: 'The field of the request that is at fault',
  examples: ['num_inference_steps'],
});
