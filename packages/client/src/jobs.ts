import type { Job, JobCreate, JobEvent, JobListQuery, JobPage, JobPatch } from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions, WorkOptions } from './call.ts';
import { EaselJobError } from './errors.ts';
import { type FollowOptions, followJob } from './follow-job.ts';
import { entriesOf } from './pages.ts';
import { graceAfter } from './retries.ts';
import type { Transport } from './transport.ts';

/** How long after an abort the server is still told that its work is not wanted. */
const GRACE_MS = 2500;

export interface RunOptions extends WorkOptions, FollowOptions {
  /** Told of every event: the place in the queue, each step with its preview, the end. */
  readonly onEvent?: (event: JobEvent) => void;
}

/** Pictures being made, and those that were. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Takes a job; its price is held from now on. @throws EaselError such as `insufficient_credits` */
  create(body: JobCreate, { signal, idempotencyKey }: WorkOptions = {}): Promise<Job> {
    return this.#transport.json(paths.jobs, { method: 'POST', body, signal, idempotencyKey });
  }

  get(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.job, { parts: { id }, signal });
  }

  /** One page of the own jobs, newest first. */
  list(query: JobListQuery = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    return this.#transport.json(paths.jobs, { query, signal });
  }

  /** All of them, page after page. */
  all(query: JobListQuery = {}, options: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
    return entriesOf(
      query,
      (page) => this.list(page, options),
      ({ jobs }) => jobs,
    );
  }

  change(id: string, body: JobPatch, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.job, { method: 'PATCH', parts: { id }, body, signal });
  }

  /** At once, whether it waits or runs; its price is given back. Nothing happens when it has ended. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.job, { method: 'DELETE', parts: { id }, signal });
  }

  /**
   * Takes one that has ended out of the history: its pictures, its prompt and its record. What it cost stays in the ledger.
   *
   * @throws EaselError `conflict` for one that has not ended
   */
  async forget(id: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.jobRecord, { method: 'DELETE', parts: { id }, signal });
    await reply.body?.cancel();
  }

  /** What happens to it, to its end; a lost connection is made again. */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return followJob(this.#transport, id, options);
  }

  /**
   * Makes pictures and waits for them. When the signal is aborted the job is cancelled, at the latest after two and a half seconds.
   *
   * @throws EaselError that refuses the job, EaselJobError for one that failed or was cancelled, or the signal's reason
   * @example
   * const job = await client.jobs.run({ prompt: 'a red apple', preview: true }, { onEvent: ({ event }) => console.log(event) });
   */
  async run(body: JobCreate, options: RunOptions = {}): Promise<Job> {
    const { signal, idempotencyKey } = options;
    signal?.throwIfAborted();
    const grace = graceAfter(signal, GRACE_MS);
    try {
      // Whoever breaks this request off cannot know whether there is a job now, so its reply is waited for.
      const call = { method: 'POST', body, signal, idempotencyKey, inFlight: grace.signal } as const;
      const { id } = await this.#transport.json<Job>(paths.jobs, call);
      return await this.#followToEnd(id, options).catch(async (error: unknown) => {
        // Nobody waits for it any more. Whether it was cancelled in time changes nothing for the caller.
        if (signal?.aborted) await this.cancel(id, { signal: grace.signal }).catch(() => {});
        throw error;
      });
    } finally {
      grace.end();
    }
  }

  async #followToEnd(id: string, options: RunOptions): Promise<Job> {
    for await (const event of this.events(id, options)) {
      options.onEvent?.(event);
      if (event.event === 'succeeded') return event.data.job;
      if (event.event === 'failed' || event.event === 'cancelled') throw endOf(event.data.job);
    }
    throw new Error(`the events of job ${id} ended before the job did`);
  }
}

function endOf({ id, error }: Job): EaselJobError {
  return new EaselJobError(id, error ?? { code: 'cancelled', message: 'cancelled' });
}
