import type { Transaction } from '../database/database.ts';

/** `starting`: it has not drawn a picture yet, so it is not known to work. */
export type WorkerState = 'starting' | 'idle' | 'busy';

export interface WorkerRecord {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly models: readonly string[];
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly state: WorkerState;
  readonly runningJob: string | null;
  /** Why it takes no jobs at the moment; null: it does. */
  readonly problem: string | null;
  /** Bytes that each model's process occupies; see Painter.memory. */
  readonly modelMemory: ReadonlyMap<string, number>;
}

export interface Workers {
  /** Inserts or updates. */
  put(transaction: Transaction, worker: WorkerRecord): Promise<void>;
  remove(transaction: Transaction, id: string): Promise<void>;
  /** Those heard of since, the oldest first. */
  seenSince(transaction: Transaction, time: Date): Promise<WorkerRecord[]>;
  /** @returns how many */
  deleteSeenBefore(transaction: Transaction, time: Date): Promise<number>;
}
