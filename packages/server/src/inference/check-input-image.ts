import { decodeImage } from '@easel/engine';
import { DomainError } from '../domain/domain-error.ts';

/**
 * Whether a run can start from this picture.
 *
 * @throws DomainError `invalid_request`, of the field `image`
 */
export async function checkInputImage(bytes: Uint8Array): Promise<void> {
  try {
    await decodeImage(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = reason.replace(/^(?:the image cannot be read: )?/, 'image cannot be read: ');
    throw new DomainError('invalid_request', message, { param: 'image', cause });
  }
}
