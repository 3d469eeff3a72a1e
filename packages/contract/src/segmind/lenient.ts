import { valueFromText } from '../from-text.ts';
import { segmindRequestSchema } from '../request/schemas.ts';
import { isRecord, keywordsOf, propertiesOf } from '../schema/keywords.ts';

export interface LenientBody {
  /** Not yet validated. */
  readonly body: unknown;
  /** The fields that were left out because the surface does not know them, in the order they were sent. */
  readonly ignored: string[];
}

const properties = propertiesOf(segmindRequestSchema);

/**
 * What old clients may send, made what the schema asks for: numbers as text in numeric fields, and 0, 1 or text for
 * booleans. Nothing else changes: null stays null (the empty string would be another picture), and a value that is wrong
 * stays as it was sent, for the validator to refuse with a message. Unknown fields are left out and listed.
 * It serves `multipart/form-data` too, where every field is text.
 *
 * @example
 * lenientSegmindBody({ prompt: 'an apple', samples: '2', base64: 0, webhook: 'x' });
 * // { body: { prompt: 'an apple', samples: 2, base64: false }, ignored: ['webhook'] }
 */
export function lenientSegmindBody(body: unknown): LenientBody {
  if (!isRecord(body)) return { body, ignored: [] };
  const isKnown = (name: string) => Object.hasOwn(properties, name);
  const kept = Object.entries(body)
    .filter(([name]) => isKnown(name))
    .map(([name, value]) => [name, listFromText(name, valueFromText(properties[name], value))] as const);
  return { body: Object.fromEntries(kept), ignored: Object.keys(body).filter((name) => !isKnown(name)) };
}

/** A form has lists as JSON. */
function listFromText(name: string, value: unknown): unknown {
  if (keywordsOf(properties[name]).type !== 'array' || typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A UTF-16 unit takes up to nine characters here, and the header stays below what proxies allow (8 kB), whatever was sent. */
const MAX_NAME_LENGTH = 30;
const MAX_NAMES = 20;

/**
 * The value of the header `x-ignored-fields`: names separated by a comma and a space. Whoever wrote the body chose the names, so
 * everything but RFC 9110 §5.6.2's harmless letters is percent-encoded, and the list is cut ("…" as `and-N-more`).
 *
 * @example
 * ignoredFieldsHeader(['style', 'a b']); // 'style, a%20b'
 */
export function ignoredFieldsHeader(ignored: readonly string[]): string {
  const names = ignored
    .slice(0, MAX_NAMES)
    .map((name) => encodeURIComponent(name.slice(0, MAX_NAME_LENGTH).toWellFormed()));
  const more = ignored.length - names.length;
  return (more > 0 ? [...names, `and-${more}-more`] : names).join(', ');
}
