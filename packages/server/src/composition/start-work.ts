import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../ids.ts';
import { FinishJob } from '../jobs/finish-job.ts';
import { countEndedJob } from '../jobs/job-metrics.ts';
import type { ReviewHook } from '../models/review.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { Janitor } from '../workers/janitor.ts';
import { RunJob } from '../workers/run-job.ts';
import { WorkLoop } from '../workers/work-loop.ts';
import type { Core } from './open-core.ts';

const SWEEP_MS = 60_000;

/** The worker's side of a process. */
export interface Work {
  /** Finishes the jobs under way within the time, or hands them back. */
  stop(drainMs: number): Promise<void>;
}

export interface WorkOptions {
  /** Sees each finished picture before anybody else does. */
  readonly hook: ReviewHook | null;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Takes jobs from the queue until it is stopped. */
export async function startWork(core: Core, { hook, log, metrics }: WorkOptions): Promise<Work> {
  const workerId = newId();
  const report = (error: unknown, message: string) => log.warn({ err: error }, message);
  const finishJob = new FinishJob(core);
  const runJob = new RunJob({ ...core, workerId, hook, finishJob });
  const counted: Pick<RunJob, 'run'> = {
    async run(claimed) {
      try {
        return await runJob.run(claimed);
      } finally {
        const { jobId } = claimed;
        await countEndedJob({ ...core, metrics }, jobId, ['succeeded', 'failed']).catch((error: unknown) =>
          log.warn({ jobId, err: error }, 'could not count the end of a job in the metrics'),
        );
      }
    },
  };
  const loop = new WorkLoop({ ...core, workerId, hostname: hostname(), pid: process.pid, runJob: counted, report });
  await loop.start();
  return loop;
}

/** Removes what has had its time, every minute until the signal. */
export async function keepTidy(core: Core, log: Logger, signal: AbortSignal): Promise<void> {
  const janitor = new Janitor({ ...core, report: (level, message, details) => log[level](details, message) });
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
