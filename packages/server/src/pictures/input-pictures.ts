import { SIDE_STEP, type Size } from '@easel/contract';
import {
  createPictureHost,
  EngineError,
  type OpenPicture,
  type PictureHost,
  type PictureHostOptions,
} from '@easel/engine';
import { hasCode } from '@easel/errors';
import type { PictureSettings } from '@easel/parameters';
import { DomainError } from '../domain-error.ts';
import { Room } from '../room.ts';

/** An account gets one at a time, so that it cannot block others. */
const PICTURES_AT_A_TIME = 2;
const PATIENCE_MS = 60_000;

export interface InputPicturesOptions {
  readonly limits?: PictureHostOptions['limits'];
  /** How long one waits for a turn, and how long reading may then take. */
  readonly patienceMs?: number;
}

/** A picture to start from, of which the header has been read. */
export interface InputPicture {
  /** As it is shown. */
  readonly size: Size;
  /**
   * How it was made, as far as its file says so. Before `fit`.
   *
   * @throws DomainError as `InputPictures.use`, but `invalid_request` when there is no time for it: a file of which it is not done in
   *   milliseconds is made for that, and would take as long later
   */
  settings(): Promise<PictureSettings | null>;
  /**
   * Decodes a mask for it. Before `fit`.
   *
   * @param size as for `fit`
   * @param blur what it will be blurred by, which must leave something to repaint
   * @throws DomainError as `InputPictures.use`, of the field `mask`
   */
  mask(file: Uint8Array, size: Size | undefined, blur: number): Promise<Uint8Array>;
  /**
   * Decodes it, and makes of it what a job of that size starts from.
   *
   * @param size undefined: it stays as large as it is
   * @returns a PNG of that size
   * @throws DomainError as `InputPictures.use`
   */
  fit(size: Size | undefined): Promise<Uint8Array>;
}

/**
 * Reads pictures to start from before a job is taken, so that one that cannot be read is refused and not charged. They are decoded once, in
 * processes of their own; what is kept for the job is no larger than what it draws.
 */
export class InputPictures {
  readonly #host: PictureHost;
  readonly #places: Room;

  constructor({ limits = {}, patienceMs = PATIENCE_MS }: InputPicturesOptions = {}) {
    this.#host = createPictureHost({ limits, patienceMs });
    this.#places = new Room({
      capacity: PICTURES_AT_A_TIME,
      capacityPerOwner: 1,
      patienceMs,
      refusal: 'too many pictures are being read at the same time',
    });
  }

  /**
   * Opens a picture for the time of the work, when it is the owner's turn.
   *
   * @param signal stops the reading at once
   * @throws DomainError `invalid_request` of the field `image` for one that cannot be read or takes too much, `overloaded` when there is no turn
   *   or no time for it; EngineError `engine_crashed`; the signal's reason; or what the work throws
   */
  use<Result>(
    file: Uint8Array,
    { owner, signal }: { readonly owner: string; readonly signal: AbortSignal },
    work: (picture: InputPicture) => Promise<Result>,
  ): Promise<Result> {
    const read = async () => {
      const picture = await readable(this.#host.open(file, { signal }), signal);
      try {
        requireSides(picture.size);
        return await work({
          size: picture.size,
          settings: () => readable(settingsInTime(picture), signal),
          mask: (mask, size, blur) => readable(picture.mask(mask, size, blur), signal),
          fit: (size) => readable(picture.fit(size), signal),
        });
      } finally {
        picture.close();
      }
    };
    return this.#places.use(read, { owner, signal });
  }

  /** Of the processes that read pictures. */
  get pids(): readonly number[] {
    return this.#host.pids;
  }

  close(): Promise<void> {
    return this.#host.close();
  }
}

function requireSides({ width, height }: Size): void {
  if (Math.min(width, height) >= SIDE_STEP) return;
  const message = `image must have sides of at least ${SIDE_STEP} pixels (got ${width}×${height})`;
  throw new DomainError('invalid_request', message, { param: 'image' });
}

async function settingsInTime(picture: Pick<OpenPicture, 'settings'>): Promise<PictureSettings | null> {
  try {
    return await picture.settings();
  } catch (cause) {
    if (!hasCode(cause, 'engine_hung')) throw cause;
    const remedy = 'save it again without the texts in it';
    const details = { remedy, param: 'image', cause };
    throw new DomainError('invalid_request', 'image cannot be read: the texts in its file take too long', details);
  }
}

async function readable<Result>(reading: Promise<Result>, signal: AbortSignal): Promise<Result> {
  try {
    return await reading;
  } catch (error) {
    signal.throwIfAborted();
    // A crash is unexpected, so it goes to the log.
    if (!(error instanceof EngineError) || error.code === 'engine_crashed') throw error;
    if (error.kind === 'invalid') {
      const param = error.details.param === 'mask' ? 'mask' : 'image';
      const message = error.message.replace(/^the (?=image|mask)/, '');
      throw new DomainError('invalid_request', message, { remedy: error.remedy, param, cause: error });
    }
    const message = 'the picture could not be read in time';
    throw new DomainError('overloaded', message, { remedy: 'send the request again later', cause: error });
  }
}
