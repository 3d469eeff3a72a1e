import type { ImageFormat } from '@easel/contract';
import type { Transaction } from '../database/database.ts';

export interface ImageRecord {
  /** 32 hexadecimal digits; who knows them may see the picture. */
  readonly name: string;
  readonly jobId: string;
  /** 0, 1, … in the order of the seeds. */
  readonly index: number;
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Of the file; null for one that was stored by an earlier release. */
  readonly sha256: Uint8Array | null;
  readonly seed: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** A picture and whose it is. */
export interface OwnedImage extends ImageRecord {
  readonly accountId: string;
  /** False: it is deleted once it is delivered. */
  readonly isStored: boolean;
}

/** The pictures that are still kept; a deleted one is as one that never was. */
export interface JobImages {
  insert(transaction: Transaction, images: readonly ImageRecord[]): Promise<void>;
  find(transaction: Transaction, name: string): Promise<OwnedImage | null>;
  /** Of several jobs at once, in the order of their index. */
  ofJobs(transaction: Transaction, jobIds: readonly string[]): Promise<ImageRecord[]>;
  /** @returns whether it was still kept */
  markDeleted(transaction: Transaction, name: string, now: Date): Promise<boolean>;
  /** Those whose time has come, now marked as deleted. */
  markExpired(transaction: Transaction, now: Date, limit: number): Promise<ImageRecord[]>;
  /** Those of jobs whose record is about to be deleted, now marked as deleted. */
  markOfExpiredJobs(transaction: Transaction, now: Date, limit: number): Promise<ImageRecord[]>;
  /** Which of these names are those of kept pictures, or of pictures that unfinished jobs start from. */
  known(transaction: Transaction, names: readonly string[]): Promise<ReadonlySet<string>>;
}
