import { isRecord } from '../schema/keywords.ts';

/**
 * The official clients' types allow null for every optional field, and it means that the field is absent (of
 * `negative_prompt` too). Values of any other kind come back as they are, for the validator to refuse.
 *
 * @example
 * withoutNulls({ prompt: 'an apple', n: null }); // { prompt: 'an apple' }
 */
export function withoutNulls(body: unknown): unknown {
  if (!isRecord(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
