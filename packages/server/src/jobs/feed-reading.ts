import type { Database, Transaction } from '../database/database.ts';
import { listImagesOfJobs } from '../pictures/images.ts';
import type { Events, JobProgress, StoredEvent } from './events-port.ts';
import type { JobView } from './job-queries.ts';
import { isEnded } from './job-state.ts';
import type { Jobs } from './jobs-port.ts';
import type { Outlook, QueueOutlook } from './queue-outlook.ts';

/** Ends of one account that are told at once. */
const MOST_ENDS = 1000;

export interface FeedReadingParts {
  readonly database: Database;
  readonly jobs: Pick<Jobs, 'findAll'>;
  readonly events: Events;
  readonly outlook: Pick<QueueOutlook, 'ofQueue'>;
}

/** What is wanted of a job. */
export interface Wanted {
  /** Its events after this one; null: none. */
  readonly after: bigint | null;
  /** The latest one of each kind. */
  readonly latest: boolean;
  /** Its place, while it waits. */
  readonly place: boolean;
}

export interface FeedRequest {
  /** And after which end. */
  readonly accounts: ReadonlyMap<string, bigint>;
  readonly jobs: ReadonlyMap<string, Wanted>;
}

/** Jobs by their ids. */
export interface FeedReading {
  /** Those that have not ended, then the ends in the order of their numbers. */
  readonly ofAccounts: readonly JobProgress[];
  readonly progress: ReadonlyMap<string, JobProgress>;
  readonly events: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly latest: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly places: ReadonlyMap<string, Outlook>;
  /** Of those that have ended. */
  readonly views: ReadonlyMap<string, JobView>;
}

/** One look for everybody: a handful of queries, however many jobs and followers there are. */
export function readFeed(parts: FeedReadingParts, { accounts, jobs }: FeedRequest): Promise<FeedReading> {
  const { database, events } = parts;
  const idsWith = (test: (wanted: Wanted) => boolean) =>
    [...jobs].flatMap(([id, wanted]) => (test(wanted) ? [id] : []));
  return database.transaction(async (transaction) => {
    const ofAccounts = accounts.size === 0 ? [] : await events.progressOfAccounts(transaction, accounts, MOST_ENDS);
    // The job is read before its events: when it has ended, the event that says so is among them, if events are still kept.
    const progress = jobs.size === 0 ? [] : await events.progressOf(transaction, [...jobs.keys()]);
    const after = new Map([...jobs].flatMap(([id, { after: place }]) => (place === null ? [] : [[id, place]])));
    const latest = idsWith((wanted) => wanted.latest);
    const waiting = progress.filter(({ jobId, state }) => state === 'queued' && jobs.get(jobId)?.place === true);
    return {
      ofAccounts: [...ofAccounts].sort(byEnd),
      progress: new Map(progress.map((job) => [job.jobId, job])),
      events: byJob(after.size === 0 ? [] : await events.after(transaction, after)),
      latest: byJob(latest.length === 0 ? [] : await events.latest(transaction, latest)),
      places: await placesOf(parts, transaction, waiting),
      views: await viewsOf(parts, transaction, [...ofAccounts, ...progress].filter(isEnded)),
    };
  });
}

/** Those that have not ended come first, the oldest of them at the head; ids sort by time. */
function byEnd(one: JobProgress, other: JobProgress): number {
  const difference = Number((one.endedEvent ?? 0n) - (other.endedEvent ?? 0n));
  return difference === 0 ? one.jobId.localeCompare(other.jobId) : difference;
}

function byJob(events: readonly StoredEvent[]): ReadonlyMap<string, readonly StoredEvent[]> {
  return Map.groupBy(events, ({ jobId }) => jobId);
}

async function placesOf(
  { outlook }: FeedReadingParts,
  transaction: Transaction,
  waiting: readonly JobProgress[],
): Promise<ReadonlyMap<string, Outlook>> {
  const places = new Map<string, Outlook>();
  for (const model of new Set(waiting.map((job) => job.model))) {
    for (const [jobId, place] of await outlook.ofQueue(transaction, model)) places.set(jobId, place);
  }
  return places;
}

async function viewsOf(
  { jobs }: FeedReadingParts,
  transaction: Transaction,
  ended: readonly JobProgress[],
): Promise<ReadonlyMap<string, JobView>> {
  if (ended.length === 0) return new Map();
  const ids = [...new Set(ended.map(({ jobId }) => jobId))];
  const records = await jobs.findAll(transaction, ids);
  const pictures = Map.groupBy(await listImagesOfJobs(transaction, ids), ({ jobId }) => jobId);
  return new Map(records.map((job) => [job.id, { job, images: pictures.get(job.id) ?? [], outlook: null }]));
}
