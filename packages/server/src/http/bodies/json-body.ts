import { isUtf8 } from 'node:buffer';
import { DomainError } from '../../domain-error.ts';

/** Fields of a body: more than any request has. */
export const MOST_FIELDS = 64;
/** Values in all, so that fields which are only ignored may be rich, and reading them takes milliseconds. */
const MOST_VALUES = 20_000;
const MOST_LEVELS = 64;

const byte = { quote: 0x22, comma: 0x2c, openList: 0x5b, backslash: 0x5c, closeList: 0x5d, open: 0x7b, close: 0x7d };

/**
 * Counts what is in a JSON body while its bytes arrive, so that a body of millions of fields is refused before it is parsed: parsing
 * it would keep everybody else waiting for seconds. It knows strings from structure and nothing else of JSON.
 */
export class JsonBounds {
  #level = 0;
  #fields = 0;
  #values = 0;
  #isString = false;
  #isEscaped = false;

  /** @throws DomainError `invalid_request` for more fields, values or levels than are read */
  count(chunk: Uint8Array): void {
    for (const each of chunk) {
      if (this.#isString) this.#countInString(each);
      else if (each === byte.quote) this.#isString = true;
      else if (each === byte.comma) this.#countValue();
      else if (each === byte.open || each === byte.openList) this.#enter();
      else if (each === byte.close || each === byte.closeList) this.#level -= 1;
    }
  }

  #countInString(each: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (each === byte.backslash) this.#isEscaped = true;
    else if (each === byte.quote) this.#isString = false;
  }

  #countValue(): void {
    this.#values += 1;
    if (this.#level === 1) this.#fields += 1;
    if (this.#fields >= MOST_FIELDS) throw refused(`have at most ${MOST_FIELDS} fields`);
    if (this.#values >= MOST_VALUES) throw refused(`have at most ${MOST_VALUES} values in all its fields`);
  }

  #enter(): void {
    this.#level += 1;
    if (this.#level > MOST_LEVELS) throw refused(`be nested at most ${MOST_LEVELS} levels deep`);
  }
}

/** @throws DomainError `invalid_request` for what is not JSON in UTF-8 */
export function parseJson(bytes: Buffer): unknown {
  const text = textOf(bytes, 'the body');
  try {
    return wellFormed(JSON.parse(text));
  } catch (cause) {
    throw new DomainError('invalid_request', 'the body must be valid JSON (RFC 8259)', { cause });
  }
}

/** The text that bytes in UTF-8 stand for, without a byte order mark. @throws DomainError `invalid_request` for other bytes */
export function textOf(bytes: Buffer, what: string, param?: string): string {
  if (!isUtf8(bytes)) {
    throw new DomainError('invalid_request', `${what} must be UTF-8`, param === undefined ? {} : { param });
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/**
 * The same value with U+FFFD in place of every half of a surrogate pair, in texts and in names of fields, as encoders of the web do
 * (WebIDL, USVString). Clients that cut a text within an emoji send such halves, and no database stores them.
 */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toWellFormed(), wellFormed(each)]));
}

function refused(rule: string): DomainError {
  return new DomainError('invalid_request', `the body must ${rule}`);
}
