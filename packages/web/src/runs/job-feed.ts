import { type EaselClient, EaselError } from '@easel/client';
import { isLastEvent, type Job, type JobEvent } from '@easel/contract';
import { retryUntilAnswered } from '../session/requests.ts';
import { requestOfJob } from '../settings/settings.ts';
import { followAccount } from './account-events.ts';
import { afterEvent, isUnfinished, type Run, withEvent } from './run.ts';

/** @param ended the job that has ended, if that is the change */
export type ChangeListener = (ended?: Job) => void;

export interface FeedListener {
  readonly onEvent: (id: string, event: JobEvent) => void;
  /** Unfinished jobs from before the page was loaded, those of other tabs included; newest first. */
  readonly onJobs: (jobs: readonly Job[]) => void;
  /** Unfinished jobs that something else has created since: another client, another tab, another view; newest first. */
  readonly onJobsElsewhere: (jobs: readonly Job[]) => void;
  /** The last finished jobs from before the page was loaded that still have pictures, once; newest first. */
  readonly onFinished: (jobs: readonly Job[]) => void;
  readonly onConnection: (isConnected: boolean) => void;
  /** Lists of jobs may be out of date: a job was created, started or ended, or the connection was lost for a while. */
  readonly onChange: ChangeListener;
}

/** Of how many jobs the last events are kept: the reply with a new job's id may arrive after its first events. */
const KEPT_EVENTS = 500;

/** As many finished jobs are shown after a reload. */
const FINISHED_SHOWN = 24;

/** A client that creates many jobs causes one list of them in this time; this tab's own are known by then. */
const LIST_PAUSE_MS = 500;

/** The events of the account's jobs. */
export class JobFeed {
  readonly #client: EaselClient;
  readonly #listener: FeedListener;
  readonly #closing = new AbortController();
  readonly #latest = new Map<string, readonly JobEvent[]>();
  readonly #unfinished = new Set<string>();
  /** Unfinished jobs that the listener has been told of, or has created. */
  readonly #listed = new Set<string>();
  /** Requests of this tab on their way: whose job an event is of is known once they are answered. */
  #creating = 0;
  #listTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the jobs from before the page was loaded are known. */
  #hasCaughtUp = false;
  /** Whether the finished ones among them are. Those that end later are not asked for: other clients' are no runs of this page. */
  #hasFinished = false;
  readonly #waiting = new Map<string, (job: Job) => void>();
  /** The key may not read the stream of all jobs: each job of this tab has a stream of its own. */
  #isPerJob = false;

  constructor(client: EaselClient, listener: FeedListener) {
    this.#client = client;
    this.#listener = listener;
  }

  /** Aborted by `close`. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    clearTimeout(this.#listTimer);
    this.#closing.abort();
  }

  /** @param room see `followAccount` */
  async open(room: () => Promise<string>): Promise<void> {
    try {
      await followAccount({
        client: this.#client,
        room: await room(),
        signal: this.signal,
        onEvent: (event) => this.#receive(event.data.job.id, event),
        onConnection: (isConnected) => {
          this.#listener.onConnection(isConnected);
          if (!isConnected) return;
          this.#listener.onChange();
          this.#catchUp().catch(() => {}); // the next connection tries again
        },
      });
    } catch (error) {
      if (this.signal.aborted || !(error instanceof EaselError)) return;
      this.#isPerJob = true;
      this.#listener.onFinished([]);
      for (const id of this.#unfinished) void this.#followOne(id);
    }
  }

  /** Creates a job that is followed as one of this tab's runs. @throws what `create` throws */
  async create(create: () => Promise<Job>): Promise<Job> {
    this.#creating += 1;
    try {
      const job = await create();
      this.#listed.add(job.id);
      this.#follow(job);
      return job;
    } finally {
      this.#creating -= 1;
    }
  }

  #follow({ id }: Job): void {
    this.#unfinished.add(id);
    if (this.#isPerJob) void this.#followOne(id);
  }

  /**
   * Waits for a job to end.
   *
   * @throws the signal's reason
   */
  async waitForEnd(job: Job, signal: AbortSignal): Promise<Job> {
    if (!isUnfinished(job)) return job;
    signal.throwIfAborted();
    const known = this.#latest.get(job.id)?.at(-1);
    if (known !== undefined && hasEnded(known)) return known.data.job;
    const { promise, resolve, reject } = Promise.withResolvers<Job>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    this.#waiting.set(job.id, resolve);
    this.#follow(job);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#waiting.delete(job.id);
    }
  }

  /** The run of a job, with the events received so far. */
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
    const events = this.#latest.get(job.id) ?? [];
    return events.reduce((before, event) => afterEvent(before, event, now), run);
  }

  #receive(id: string, event: JobEvent): void {
    const before = this.#latest.get(id);
    const isNew = before === undefined;
    this.#latest.delete(id);
    this.#latest.set(id, withEvent(before ?? [], event));
    for (const oldest of this.#latest.keys()) {
      if (this.#latest.size <= KEPT_EVENTS) break;
      this.#latest.delete(oldest);
    }
    this.#listener.onEvent(id, event);
    // Steps and queue positions change nothing in a list.
    if (hasEnded(event)) this.#listener.onChange(event.data.job);
    else if (isNew || event.event === 'started') {
      this.#listener.onChange();
      if (!this.#listed.has(id)) this.#listSoon();
    }
    if (!hasEnded(event)) return;
    this.#unfinished.delete(id);
    this.#listed.delete(id);
    this.#waiting.get(id)?.(event.data.job);
    // The reply updates the balance; if it fails, the next reply does.
    this.#client.account.credits({ signal: this.signal }).catch(() => {});
  }

  #listSoon(): void {
    this.#listTimer ??= setTimeout(() => {
      this.#listTimer = undefined;
      if (this.#creating > 0) this.#listSoon();
      else this.#listUnfinished().catch(() => {}); // with the next job, or the next connection
    }, LIST_PAUSE_MS);
  }

  /** Reads the unfinished jobs, and tells of those that are new. @returns all of them */
  async #listUnfinished(): Promise<ReadonlySet<string>> {
    const { signal } = this;
    const list = (status: 'running' | 'queued') => this.#client.jobs.list({ status, limit: 100 }, { signal });
    const jobs = await retryUntilAnswered(
      // A job that starts between the two requests is in both lists.
      async () => [...(await list('queued')).jobs, ...(await list('running')).jobs],
      signal,
    );
    const found = new Map(jobs.map((job) => [job.id, job]));
    const fresh = [...found.values()].filter(({ id }) => !this.#listed.has(id) && !this.#sawEndOf(id));
    for (const { id } of fresh) {
      this.#listed.add(id);
      this.#unfinished.add(id);
    }
    const newestFirst = fresh.toSorted((one, other) => (one.id < other.id ? 1 : -1));
    if (this.#hasCaughtUp) this.#listener.onJobsElsewhere(newestFirst);
    else this.#listener.onJobs(newestFirst);
    this.#hasCaughtUp = true;
    return new Set(found.keys());
  }

  /** An end may be known before the reply to a list that was requested earlier. */
  #sawEndOf(id: string): boolean {
    const last = this.#latest.get(id)?.at(-1);
    return last !== undefined && hasEnded(last);
  }

  /** Catches up on events missed while disconnected, or while the browser suspended the tab. */
  async #catchUp(): Promise<void> {
    const { signal } = this;
    const waiting = await this.#listUnfinished();
    if (!this.#hasFinished) {
      const finished = await this.#client.jobs.list({ status: 'succeeded', limit: FINISHED_SHOWN }, { signal });
      this.#hasFinished = true;
      this.#listener.onFinished(finished.jobs.filter(({ images }) => images.length > 0));
    }
    const missing = [...this.#unfinished].filter((id) => !waiting.has(id));
    for (const id of missing) {
      const job = await this.#client.jobs.get(id, { signal });
      if (!isUnfinished(job)) this.#receive(id, endOf(job));
    }
  }

  async #followOne(id: string): Promise<void> {
    try {
      for await (const event of this.#client.jobs.events(id, { signal: this.signal })) this.#receive(id, event);
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
