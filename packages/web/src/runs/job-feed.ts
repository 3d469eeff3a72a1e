import { type EaselClient, EaselError } from '@easel/client';
import { isLastEvent, type Job, type JobEvent } from '@easel/contract';
import { askUntilAnswered } from '../session/requests.ts';
import { requestOfJob } from '../settings/settings.ts';
import { followAccount } from './account-events.ts';
import { afterEvent, isUnfinished, type Run } from './run.ts';

/** @param ended the job, where it is known which one has changed and that nothing more will happen to it */
export type ChangeListener = (ended?: Job) => void;

export interface FeedListener {
  readonly onEvent: (id: string, event: JobEvent) => void;
  /** Jobs that have not ended, also of other tabs and from before a reload; newest first. */
  readonly onJobs: (jobs: readonly Job[]) => void;
  readonly onConnection: (isConnected: boolean) => void;
  /** Lists of jobs may be out of date: a job is new, has begun or has ended, or nothing was heard for a while. */
  readonly onChange: ChangeListener;
}

/** As many jobs' last events are remembered: a reply that tells a new job's id may be slower than its first events. */
const REMEMBERED = 500;

/** All that the page hears of its jobs. */
export class JobFeed {
  readonly #client: EaselClient;
  readonly #listener: FeedListener;
  readonly #closing = new AbortController();
  readonly #latest = new Map<string, JobEvent>();
  readonly #unfinished = new Set<string>();
  readonly #waiting = new Map<string, (job: Job) => void>();
  /** The key may not follow all jobs by one stream: each job of this tab has one of its own. */
  #isApart = false;

  constructor(client: EaselClient, listener: FeedListener) {
    this.#client = client;
    this.#listener = listener;
  }

  /** Aborted when nobody listens any more. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
  }

  /** @param room see `followAccount` */
  async open(room: () => Promise<string>): Promise<void> {
    try {
      await followAccount({
        client: this.#client,
        room: await room(),
        signal: this.signal,
        onEvent: (event) => this.#take(event.data.job.id, event),
        onConnection: (isConnected) => {
          this.#listener.onConnection(isConnected);
          if (!isConnected) return;
          this.#listener.onChange();
          this.#catchUp().catch(() => {}); // the next connection makes up for it
        },
      });
    } catch (error) {
      if (this.signal.aborted || !(error instanceof EaselError)) return;
      this.#isApart = true;
      for (const id of this.#unfinished) void this.#followApart(id);
    }
  }

  /** A job of this tab. */
  follow({ id }: Job): void {
    this.#unfinished.add(id);
    if (this.#isApart) void this.#followApart(id);
  }

  /**
   * The job once it has ended.
   *
   * @throws the signal's reason
   */
  async untilEnded(job: Job, signal: AbortSignal): Promise<Job> {
    if (!isUnfinished(job)) return job;
    signal.throwIfAborted();
    const known = this.#latest.get(job.id);
    if (known !== undefined && hasEnded(known)) return known.data.job;
    const { promise, resolve, reject } = Promise.withResolvers<Job>();
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave);
    this.#waiting.set(job.id, resolve);
    this.follow(job);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiting.delete(job.id);
    }
  }

  /** The job as it is after all that was heard of it. */
  runOf(job: Job): Run {
    const now = Date.now();
    const run: Run = {
      key: job.id,
      request: requestOfJob(job, null),
      phase: job.status,
      job,
      previews: 0,
      ...(job.position !== undefined && { position: job.position }),
      ...(job.eta !== undefined && { expectedAt: now + job.eta * 1000 }),
    };
    const event = this.#latest.get(job.id);
    return event === undefined ? run : afterEvent(run, event, now);
  }

  #take(id: string, event: JobEvent): void {
    const isNew = !this.#latest.has(id);
    this.#latest.delete(id);
    this.#latest.set(id, event);
    for (const oldest of this.#latest.keys()) {
      if (this.#latest.size <= REMEMBERED) break;
      this.#latest.delete(oldest);
    }
    this.#listener.onEvent(id, event);
    // Steps, and places in the queue, change nothing in a list.
    if (hasEnded(event)) this.#listener.onChange(event.data.job);
    else if (isNew || event.event === 'started') this.#listener.onChange();
    if (!hasEnded(event)) return;
    this.#unfinished.delete(id);
    this.#waiting.get(id)?.(event.data.job);
    // Its reply tells the balance; without it the next one does.
    this.#client.account.credits({ signal: this.signal }).catch(() => {});
  }

  /** What nobody could tell while there was no connection, or while the browser let the tab sleep. */
  async #catchUp(): Promise<void> {
    const { signal } = this;
    const list = (status: 'running' | 'queued') => this.#client.jobs.list({ status, limit: 100 }, { signal });
    const jobs = await askUntilAnswered(
      // A job that starts in between is in both.
      async () => [...(await list('queued')).jobs, ...(await list('running')).jobs],
      signal,
    );
    const waiting = new Map(jobs.map((job) => [job.id, job]));
    this.#listener.onJobs([...waiting.values()].toSorted((one, other) => (one.id < other.id ? 1 : -1)));
    const missing = [...this.#unfinished].filter((id) => !waiting.has(id));
    for (const id of waiting.keys()) this.#unfinished.add(id);
    for (const id of missing) {
      const job = await this.#client.jobs.get(id, { signal });
      if (!isUnfinished(job)) this.#take(id, endOf(job));
    }
  }

  async #followApart(id: string): Promise<void> {
    try {
      for await (const event of this.#client.jobs.events(id, { signal: this.signal })) this.#take(id, event);
    } catch {
      if (!this.signal.aborted) this.#listener.onConnection(false);
    }
  }
}

function hasEnded(event: JobEvent): event is Extract<JobEvent, { event: 'succeeded' | 'failed' | 'cancelled' }> {
  return isLastEvent(event.event);
}

/** The event that ended a job. */
function endOf(job: Job): JobEvent {
  if (job.status === 'succeeded' || job.status === 'failed') return { event: job.status, data: { job } };
  return { event: 'cancelled', data: { job } };
}
