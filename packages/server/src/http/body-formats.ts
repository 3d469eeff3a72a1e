import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { Busboy } from '@fastify/busboy';
import { DomainError } from '../domain-error.ts';

/** The most fields of a body; no valid request has as many. */
const MOST_FIELDS = 64;
/** The most values in all fields: enough for rich fields that are only ignored, few enough to be parsed in milliseconds. */
const MOST_VALUES = 20_000;
const MOST_LEVELS = 64;

const byte = { quote: 0x22, comma: 0x2c, openList: 0x5b, backslash: 0x5c, closeList: 0x5d, open: 0x7b, close: 0x7d };

/**
 * Counts the fields and values of a JSON body while its bytes arrive, so that a body of millions of fields is refused before parsing
 * it would block the process for seconds. It tells strings from structure and does not check anything else.
 */
export class JsonBounds {
  #level = 0;
  #fields = 0;
  #values = 0;
  #isString = false;
  #isEscaped = false;

  /** @throws DomainError `invalid_request` for too many fields, values or levels */
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

/** @throws DomainError `invalid_request` for anything but JSON in UTF-8 */
export function parseJson(bytes: Buffer): unknown {
  const text = textOf(bytes, 'the body');
  try {
    return wellFormed(JSON.parse(text));
  } catch (cause) {
    throw new DomainError('invalid_request', 'the body must be valid JSON (RFC 8259)', { cause });
  }
}

/** Decodes UTF-8, without a byte order mark. @throws DomainError `invalid_request` for other bytes */
function textOf(bytes: Buffer, what: string, param?: string): string {
  if (!isUtf8(bytes)) {
    throw new DomainError('invalid_request', `${what} must be UTF-8`, param === undefined ? {} : { param });
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/**
 * Replaces lone surrogates by U+FFFD, in strings and in names of fields, as browsers do (WebIDL, USVString). Clients that cut a text
 * within an emoji send them, and PostgreSQL does not store them.
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

/** A form is parsed in pieces of this size: other requests run in between, and parsing stops at the limit of fields. */
const PIECE_BYTES = 65_536;

type Field = readonly [name: string, value: string];

/**
 * Parses `multipart/form-data` (RFC 7578) into the equivalent JSON body: text fields as strings, files as base64. An empty file field,
 * which browsers send without a name and without bytes, is left out. Of repeated fields the last one counts.
 *
 * @throws DomainError `invalid_request` for a malformed form, too many fields, or text that is not UTF-8
 */
export async function parseForm(contentType: string, body: Buffer): Promise<Record<string, string>> {
  const reading: Promise<Field | undefined>[] = [];
  try {
    const form = new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: MOST_FIELDS, fileSize: body.length },
      isPartAFile: () => true, // so that texts come as bytes too, and it can be seen whether they are UTF-8
    });
    let isTooLong = false;
    form.on('partsLimit', () => {
      isTooLong = true;
    });
    form.on('file', (name, stream, fileName: string | undefined, _encoding, mediaType) => {
      const field = readField(name, stream, fileName ?? (isFile(mediaType) ? 'file' : undefined));
      field.catch(() => {}); // until all are awaited
      reading.push(field);
    });
    form.on('error', () => {}); // what follows the first error, which is the one that counts
    const finished = once(form, 'finish');
    finished.catch(() => {}); // until it is awaited
    for (let start = 0; start < body.length; start += PIECE_BYTES) {
      form.write(body.subarray(start, start + PIECE_BYTES));
      if (isTooLong) throw new DomainError('invalid_request', `a form must have at most ${MOST_FIELDS} fields`);
      await othersTurn();
    }
    form.end();
    await finished;
    const fields = (await Promise.all(reading)).filter((field) => field !== undefined);
    const lists = fields.filter(([name]) => name.endsWith('[]'));
    const several = lists.find(([name], index) => lists.findIndex(([other]) => other === name) !== index)?.[0];
    if (several !== undefined) throw refusedList(several, lists);
    return Object.fromEntries(fields);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid_request', `the form cannot be read (${reason})`, { remedy: 'see RFC 7578', cause });
  }
}

/** A list in a form has its name with brackets on each of its values; no field here is a list of more than one. */
function refusedList(name: string, lists: readonly Field[]): DomainError {
  const count = lists.filter(([other]) => other === name).length;
  return new DomainError('invalid_request', `${name} must be one value (got ${count})`, {
    remedy: 'send one',
    param: name.slice(0, -2),
  });
}

async function readField(
  name: string | undefined,
  stream: Readable,
  fileName: string | undefined,
): Promise<Field | undefined> {
  const bytes = await buffer(stream);
  if (name === undefined) return undefined;
  const field = name.toWellFormed();
  if (fileName === undefined) return [field, textOf(bytes, `the form field ${JSON.stringify(field)}`, field)];
  return fileName === '' && bytes.length === 0 ? undefined : [field, bytes.toString('base64')];
}

function isFile(mediaType: string): boolean {
  return mediaType === 'application/octet-stream' || mediaType.startsWith('image/');
}
