import { type FilledRequest, finishedSize } from '@easel/contract';
import { type CodedErrorLike, fullText, hasCode } from '@easel/errors';
import { DomainError } from '../domain-error.ts';
import type { ImageStore } from './image-store.ts';

/** Of a file besides its pixels: its metadata, and what the folders need. */
const OVERHEAD_BYTES = 64 * 1024;
const BYTES_PER_PIXEL = 3;

/** The most that the pictures of a request can occupy, whatever their format. */
export function bytesOfPictures({
  samples,
  ...size
}: Pick<FilledRequest, 'samples' | 'width' | 'height'> & Partial<Pick<FilledRequest, 'upscale'>>): number {
  const { width, height } = finishedSize(size);
  return samples * (width * height * BYTES_PER_PIXEL + OVERHEAD_BYTES);
}

/** How soon a client may ask again while pictures cannot be stored or read. */
const RETRY_AFTER_S = 30;

/** What a client is told; the cause is for the operator. */
export function storageAway(message: string, cause: unknown): DomainError {
  return new DomainError('overloaded', message, { retryAfterSeconds: RETRY_AFTER_S, remedy: 'try again later', cause });
}

export interface StorageWatchOptions {
  readonly store: Pick<ImageStore, 'check'>;
  /** Called once for each change: what is wrong and how to fix it; null: pictures can be stored again. */
  readonly onChange: (problem: string | null) => void;
}

/** Keeps track of whether this process can store pictures. While it cannot, jobs wait: generating them would be in vain. */
export class StorageWatch {
  readonly #options: StorageWatchOptions;
  #problem: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<string | null> | undefined;
  /** The largest amount that did not fit: less would not help what waits for it. */
  #wanted = OVERHEAD_BYTES;

  constructor(options: StorageWatchOptions) {
    this.#options = options;
  }

  /** What is wrong, as far as is known; null: nothing. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Looks whether so many bytes could be stored now.
   *
   * @param options.maxAgeMs how old the answer to an earlier question may be
   * @returns what is wrong; null: nothing
   */
  async check({ bytes = 0, maxAgeMs = 0 } = {}): Promise<string | null> {
    if (performance.now() - this.#lookedAt < maxAgeMs) return this.#problem;
    if (bytes > this.#wanted) return this.#look(bytes);
    // One look answers all who ask meanwhile: a store that does not answer takes its time for each.
    this.#looking ??= this.#look(bytes).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(bytes: number): Promise<string | null> {
    const wanted = Math.max(bytes, this.#wanted);
    try {
      await this.#options.store.check(wanted);
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      this.#wanted = wanted;
      this.#set(fullText(error));
      return this.#problem;
    }
    this.#wanted = OVERHEAD_BYTES;
    this.#set(null);
    return null;
  }

  /** A picture could not be stored. */
  note(error: CodedErrorLike<'storage_unavailable'>): void {
    this.#set(fullText(error));
  }

  #set(problem: string | null): void {
    this.#lookedAt = performance.now();
    const isChange = (problem === null) !== (this.#problem === null);
    this.#problem = problem;
    if (isChange) this.#options.onChange(problem);
  }
}
