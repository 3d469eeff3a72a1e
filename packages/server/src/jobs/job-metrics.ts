import { microToNumber } from '@easel/contract';
import type { Database } from '../database/database.ts';
import type { EndedJob, Metrics } from '../observability/metrics.ts';
import type { Jobs } from './jobs-port.ts';

export interface JobMetricsParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly metrics: Metrics;
}

/**
 * Counts a job whose end was this process's doing, by what its record says.
 *
 * @param ends those that are this caller's to count: a worker leaves a cancelled job to the process that cancelled it
 */
export async function countEndedJob(
  { database, jobs, metrics }: JobMetricsParts,
  jobId: string,
  ends: readonly EndedJob['state'][] = ['cancelled'],
): Promise<void> {
  const job = await database.transaction((transaction) => jobs.find(transaction, jobId));
  const state = ends.find((end) => end === job?.state);
  if (job === null || state === undefined) return;
  const { request, failure, queueMs, runMs, price } = job;
  const isDone = state === 'succeeded';
  metrics.jobEnded({
    model: request.model,
    state,
    errorCode: failure?.code ?? null,
    waited: queueMs === null ? null : queueMs / 1000,
    ran: runMs === null ? null : runMs / 1000,
    credits: isDone ? microToNumber(price) : 0,
  });
  if (isDone) metrics.stepsDone(request.model, request.steps * request.samples);
}
