import type { ImageFormat } from '@easel/contract';

/** What a file is: a finished picture of a format, or one that a job starts from, of whatever format it came in. */
export type StoredKind = ImageFormat | 'start';

/** Of a file: from the byte `start` up to and with the byte `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredImage {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Changes whenever the file was written. */
  readonly version: string;
  /** Of the whole file, which is read for it. */
  sha256(): Promise<Uint8Array>;
  /** The file or a part of it; to be called once. A stream that is not read to its end has to be destroyed. */
  stream(range?: ByteRange): ReadableStream<Uint8Array>;
  /** Closes the file, when it is not to be streamed. */
  close(): Promise<void>;
}

/**
 * Pictures by name: finished ones, and those that jobs start from. A store that does not answer is a CodedError `storage_unavailable` of every method.
 */
export interface ImageStore {
  /** Whether so many bytes could be stored now. @throws CodedError `storage_unavailable`: it is full, read-only, missing or does not answer */
  check(bytes: number): Promise<void>;
  /** When it resolves the picture survives a loss of power; a failed one leaves no part of it. @throws CodedError `storage_unavailable` as `check` */
  put(name: string, kind: StoredKind, bytes: Uint8Array): Promise<void>;
  /** @returns null when there is no such picture, or something else is in its place */
  open(name: string, kind: StoredKind): Promise<StoredImage | null>;
  read(name: string, kind: StoredKind): Promise<Uint8Array | null>;
  /** No effect where there is none. */
  remove(name: string, kind: StoredKind): Promise<void>;
  /**
   * Removes orphans: pictures whose names `known` does not return, and what an interrupted `put` left, unless younger than
   * `olderThan`.
   *
   * @returns how many files were removed
   */
  sweep(options: SweepOptions): Promise<number>;
}

export interface SweepOptions {
  readonly olderThan: Date;
  readonly known: (names: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
  /** Called for a file that cannot be removed, or a folder that cannot be read; the sweep goes on with the rest. */
  readonly onFailure: (path: string, error: unknown) => void;
}
