import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { Busboy } from '@fastify/busboy';
import { DomainError } from '../../domain-error.ts';
import { MOST_FIELDS, textOf } from './json-body.ts';

/** A form is read piece by piece: others have their turn between two, and what follows a field too many is never looked at. */
const PIECE_BYTES = 65_536;

type Field = readonly [name: string, value: string];

/**
 * The fields of `multipart/form-data` (RFC 7578) as the JSON body they stand for: text as it is, a file as base64. A file field that
 * was left empty, which browsers send without a name and without bytes, is absent. Of a field that comes twice the last one counts.
 *
 * @throws DomainError `invalid_request` for a form that is not one, has too many fields or text that is not UTF-8
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
    const fields = await Promise.all(reading);
    return Object.fromEntries(fields.filter((field) => field !== undefined));
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('invalid_request', `the form cannot be read (${reason}); see RFC 7578`, { cause });
  }
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
