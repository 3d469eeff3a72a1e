import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../ids.ts';
import type { ReviewHook } from '../models/review.ts';
import type { Logger } from '../observability/logger.ts';
import { Janitor } from '../workers/janitor.ts';
import { WorkLoop } from '../workers/work-loop.ts';
import type { Core } from './open-core.ts';

const SWEEP_MS = 60_000;

/** The worker's side of a process. */
export interface Work {
  /** Finishes running jobs within the time, or hands them back. */
  stop(drainMs: number): Promise<void>;
}

export interface WorkOptions {
  /** Reviews each picture before it is shown; null: none. */
  readonly hook: ReviewHook | null;
  readonly log: Logger;
}

/** Takes jobs from the queue until it is stopped. */
export async function startWork(core: Core, { hook, log }: WorkOptions): Promise<Work> {
  const loop = new WorkLoop({ ...core, workerId: newId(), hook }, (err, message) => log.warn({ err }, message));
  await loop.start();
  return loop;
}

/** Deletes what has expired, every minute until the signal. */
export async function keepTidy(core: Core, log: Logger, signal: AbortSignal): Promise<void> {
  const janitor = new Janitor(core, {
    store: core.store,
    report: (level, message, details) => log[level](details, message),
  });
  while (!signal.aborted) {
    try {
      await core.storage.check();
      const swept = await janitor.sweep(signal);
      if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'deleted expired data');
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'deleting expired data failed; retrying');
    }
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => {});
  }
}
