import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/domain-error.ts';
import { bodyTooLarge } from '../plugins/known-error.ts';

/**
 * The fields of `multipart/form-data` (RFC 7578) as the JSON body they stand for: text as it is, a file as base64. Of a field
 * that comes twice the last one counts.
 *
 * @throws DomainError `body_too_large`, `invalid_request` for a form that is not one
 */
export async function formFields(request: FastifyRequest, bodyBytes: number): Promise<Record<string, unknown>> {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytes) throw bodyTooLarge(bodyBytes);
  try {
    return Object.fromEntries(await readParts(request, bodyBytes));
  } catch (error) {
    // The framework's errors have codes and are known; the parser below it throws plain ones.
    if (error instanceof DomainError || !(error instanceof Error) || 'code' in error) throw error;
    throw new DomainError('invalid_request', `the form cannot be read (${error.message}); see RFC 7578`, {
      cause: error,
    });
  }
}

async function readParts(request: FastifyRequest, bodyBytes: number): Promise<[string, string][]> {
  const fields: [string, string][] = [];
  let size = 0;
  for await (const part of request.parts()) {
    const value = await textOf(part);
    size += value.length;
    if (size > bodyBytes) throw bodyTooLarge(bodyBytes);
    fields.push([part.fieldname, value]);
  }
  return fields;
}

async function textOf(part: Multipart): Promise<string> {
  if (part.type === 'file') return (await part.toBuffer()).toString('base64');
  return typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
}
