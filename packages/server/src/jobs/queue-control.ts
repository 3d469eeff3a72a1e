import type { Clock } from '../clock.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { WorkerRecord, Workers } from '../workers/workers-port.ts';
import type { Events } from './events-port.ts';
import type { Jobs } from './jobs-port.ts';
import { WORKER_SILENCE_MS } from './queue-outlook.ts';
import type { Settings } from './settings-port.ts';

/** A worker that has not been heard of for longer is not even listed as lost. */
const FORGOTTEN_MS = 60 * 60 * 1000;

export interface QueueControlParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly settings: Settings;
  readonly events: Events;
  readonly workers: Workers;
  readonly clock: Clock;
  /** Jobs of one model that may wait. */
  readonly queueLength: number;
}

export interface QueueState {
  readonly isPaused: boolean;
  readonly queued: number;
  readonly running: number;
  /** Jobs that may wait before requests are refused. */
  readonly capacity: number;
}

export interface ListedWorker extends WorkerRecord {
  /** Not heard of for too long. */
  readonly isLost: boolean;
}

/** The operator's hand on the queue of all accounts and models. */
export class QueueControl {
  readonly #parts: QueueControlParts;

  constructor(parts: QueueControlParts) {
    this.#parts = parts;
  }

  state(): Promise<QueueState> {
    return this.#parts.database.transaction((transaction) => this.#state(transaction));
  }

  /** Jobs that wait go on waiting, those that run go on running. Once it resolves no job is started any more. */
  pause(): Promise<QueueState> {
    return this.#setPaused(true);
  }

  /** Workers take jobs again at once. */
  resume(): Promise<QueueState> {
    return this.#setPaused(false);
  }

  async workersListed(): Promise<ListedWorker[]> {
    const { database, workers, clock } = this.#parts;
    const now = clock.now().getTime();
    const known = await database.transaction((transaction) =>
      workers.seenSince(transaction, new Date(now - FORGOTTEN_MS)),
    );
    return known.map((worker) => ({ ...worker, isLost: now - worker.seenAt.getTime() > WORKER_SILENCE_MS }));
  }

  #setPaused(isPaused: boolean): Promise<QueueState> {
    const { database, settings, events } = this.#parts;
    return database.transaction(async (transaction) => {
      await settings.setPaused(transaction, isPaused);
      await events.announceQueue(transaction);
      return this.#state(transaction);
    });
  }

  async #state(transaction: Transaction): Promise<QueueState> {
    const { jobs, settings, queueLength } = this.#parts;
    const isPaused = await settings.isPaused(transaction);
    const { queued, running } = await jobs.countByState(transaction);
    return { isPaused, queued, running, capacity: queueLength };
  }
}
