export type { AccountOfKey } from './account.ts';
export type { Admin } from './admin.ts';
export type { CallOptions, ClientOptions, WorkOptions } from './call.ts';
export { EaselClient } from './client.ts';
export { EaselConnectionError, EaselError, type EaselErrorDetails, EaselJobError } from './errors.ts';
export type { EventsOptions, FollowOptions, JobsEvent } from './follow-job.ts';
export type { Images, Picture } from './images.ts';
export type { Jobs, RunOptions } from './jobs.ts';
