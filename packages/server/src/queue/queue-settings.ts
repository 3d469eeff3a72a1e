import type { ConstructorOptions, Queue, WorkOptions } from 'pg-boss';

/** Ten years. */
const FOREVER_S = 10 * 365 * 24 * 60 * 60;

/**
 * A worker that died is found by its silence: within `heartbeatSeconds` plus one look of the supervisor. That look is limited by
 * `monitorIntervalSeconds`, a minute unless set, and not only by `superviseIntervalSeconds`.
 */
export const bossSettings = {
  schema: 'pgboss',
  application_name: 'easel queue',
  useListenNotify: true,
  superviseIntervalSeconds: 1,
  monitorIntervalSeconds: 1,
  schedule: false,
  max: 4,
} as const satisfies ConstructorOptions;

/** Of the queue of a model. */
export const paintingQueue = {
  notify: true,
  retryLimit: 2,
  retryDelay: 0,
  heartbeatSeconds: 10,
  // The janitor ends what waited for too long; the queue, which believes the system's clock, is not to forget it.
  retentionSeconds: FOREVER_S,
  // What became of a job is in our own record of it.
  deleteAfterSeconds: 60 * 60,
} as const satisfies Omit<Queue, 'name'>;

/** Of the queue of those that were given up: ending such a job is tried for hours, should the database be in trouble. */
export const givenUpQueue = {
  retryLimit: 100,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 300,
  retentionSeconds: FOREVER_S,
  deleteAfterSeconds: 60 * 60,
} as const satisfies Omit<Queue, 'name'>;

/** A larger limit of an account than this is no limit. */
const LARGEST_LIMIT = 64;

/**
 * A job that is tried again is not announced, so a poll finds it. The limit per account is a tier named by its number: pg-boss
 * skips jobs of accounts that are at their limit, it does not wait for them.
 */
export function workOptions(jobsPerAccount: number) {
  const limits = Array.from({ length: LARGEST_LIMIT }, (_, index) => [`${index + 1}`, index + 1]);
  return {
    includeMetadata: true,
    pollingIntervalSeconds: 1,
    notifyPollingIntervalSeconds: 5,
    groupConcurrency: { default: jobsPerAccount, tiers: Object.fromEntries(limits) },
  } as const satisfies WorkOptions;
}

/** The tier that stands for a limit; undefined: the server's own limit holds. */
export function tierOf(maxConcurrent: number | null): string | undefined {
  return maxConcurrent === null ? undefined : `${Math.min(maxConcurrent, LARGEST_LIMIT)}`;
}
