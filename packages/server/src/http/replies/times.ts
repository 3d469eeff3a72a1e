import type { SegmindFailedMetrics, SegmindRunningMetrics } from '@easel/contract';
import type { JobRecord } from '../../jobs/jobs-port.ts';

/** The times of a job that has ended, in seconds. One that never ran has only waited. */
export function timesOf({ createdAt, finishedAt, queueMs, runMs }: JobRecord): SegmindFailedMetrics {
  const totalMs = finishedAt === null ? 0 : Math.max(0, finishedAt.getTime() - createdAt.getTime());
  return {
    inference_time: (runMs ?? 0) / 1000,
    queue_time: (queueMs ?? totalMs) / 1000,
    total_time: totalMs / 1000,
  };
}

/** What is known of the times of a job that has not ended. */
export function timesSoFar({ queueMs }: JobRecord): SegmindRunningMetrics {
  return queueMs === null ? {} : { queue_time: queueMs / 1000 };
}
