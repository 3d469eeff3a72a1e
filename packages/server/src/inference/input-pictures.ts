import { type Size, sideStep } from '@easel/contract';
import { decodeImage, measureImage } from '@easel/engine';
import { DomainError } from '../domain/domain-error.ts';
import { Room } from '../domain/room.ts';

/** A picture of 64 megapixels takes some hundred megabytes while it is decoded. */
const DECODES_AT_A_TIME = 1;
const PATIENCE_MS = 60_000;

/** Looks at pictures to start from before a job is taken, so that one that cannot be read is refused and not charged. */
export class InputPictures {
  readonly #decodes = new Room({
    capacity: DECODES_AT_A_TIME,
    patienceMs: PATIENCE_MS,
    refusal: 'too many pictures are looked at already; send the request again later',
  });

  /**
   * The size as it is shown, from the header of the file: what could not be decoded is refused at once.
   *
   * @throws DomainError `invalid_request`, of the field `image`
   */
  async measure(file: Uint8Array): Promise<Size> {
    const size = await readable(() => measureImage(file));
    if (Math.min(size.width, size.height) >= sideStep) return size;
    const message = `image must have sides of at least ${sideStep} pixels (got ${size.width}×${size.height})`;
    throw new DomainError('invalid_request', message, { param: 'image' });
  }

  /**
   * Whether all of it can be read; one after another.
   *
   * @throws DomainError `invalid_request`, of the field `image`; `overloaded`; or the signal's reason
   */
  async check(file: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#decodes.use(() => readable(() => decodeImage(file)), { signal });
  }
}

async function readable<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = reason.replace(/^(?:the image cannot be read: )?/, 'image cannot be read: ');
    throw new DomainError('invalid_request', message, { param: 'image', cause });
  }
}
