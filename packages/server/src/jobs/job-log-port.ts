import type { JobRecord } from './jobs-port.ts';

/** What says which job a line is about: its id, the key and the request that submitted it. Never its prompt. */
export type LoggedJob = Pick<JobRecord, 'id' | 'keyId' | 'requestId'>;

/** What can be said besides. `err` is an error; nothing of a request or a picture belongs here. */
export interface JobDetails {
  readonly err?: unknown;
  readonly [name: string]: unknown;
}

/** Writes one line of a job's life to the log. */
export type JobLog = (level: 'info' | 'warn' | 'error', message: string, job: LoggedJob, details?: JobDetails) => void;
