import { DomainError } from '../domain-error.ts';
import type { JobRecord } from './jobs-port.ts';

/** Whether nothing will change any more. */
export function isEnded({ state }: Pick<JobRecord, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/**
 * The job, if it is this account's; another's is as one that does not exist.
 *
 * @param accountId null: anybody's will do
 * @throws DomainError `not_found`
 */
export function requireJob(job: JobRecord | null, accountId: string | null, jobId: string): JobRecord {
  if (job !== null && (accountId === null || job.accountId === accountId)) return job;
  throw jobNotFound(jobId);
}

export function jobNotFound(jobId: string): DomainError {
  return new DomainError('not_found', `there is no job ${jobId}, or its record is no longer kept`);
}
