import type {
  CancelledJobs,
  Job,
  JobCreate,
  JobEvent,
  JobListQuery,
  JobMove,
  JobOrder,
  JobPage,
  JobPatch,
  JobsCancel,
} from '@easel/contract';
import { paths } from './address.ts';
import type { CallOptions, WorkOptions } from './call.ts';
import { EaselJobError } from './errors.ts';
import { type FollowOptions, followJob } from './follow-job.ts';
import { entriesOf } from './pages.ts';
import { graceAfter } from './retries.ts';
import type { Transport } from './transport.ts';

/** How long after an abort the client still tries to cancel the job. */
const GRACE_MS = 2500;

export interface RunOptions extends WorkOptions, FollowOptions {
  /** Called for every event: the position in the queue, each step with its preview, the end. */
  readonly onEvent?: (event: JobEvent) => void;
}

/** Jobs: creating, following, listing and cancelling them. */
export class Jobs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a job and reserves its price; a draft (`draft: true`) is free and only its event `sample` has a picture. @throws EaselError such as `insufficient_credits` */
  create(body: JobCreate, { signal, idempotencyKey }: WorkOptions = {}): Promise<Job> {
    return this.#transport.json(paths.jobs, { method: 'POST', body, signal, idempotencyKey });
  }

  get(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.job, { parts: { id }, signal });
  }

  /** One page of the account's jobs, newest first. */
  list(query: JobListQuery = {}, { signal }: CallOptions = {}): Promise<JobPage> {
    return this.#transport.json(paths.jobs, { query, signal });
  }

  /** All of them, page by page. */
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

  /** Cancels a queued or running job at once and refunds it. Does nothing if it has ended. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#transport.json(paths.job, { method: 'DELETE', parts: { id }, signal });
  }

  /** Cancels all unfinished jobs of the account, or only those in one state, and refunds them. */
  cancelAll(body: JobsCancel = {}, { signal }: CallOptions = {}): Promise<CancelledJobs> {
    return this.#transport.json(paths.cancelJobs, { method: 'POST', body, signal });
  }

  /**
   * Moves a queued job among the account's own of the same model.
   *
   * @throws EaselError `conflict` if it has begun
   * @example
   * const job = await client.jobs.create({ prompt: 'a fox' });
   * const { jobs } = await client.jobs.move(job.id, { to: 'first' });
   */
  move(id: string, body: JobMove, { signal }: CallOptions = {}): Promise<JobOrder> {
    return this.#transport.json(paths.moveJob, { method: 'POST', parts: { id }, body, signal });
  }

  /**
   * Deletes a job that has ended: its pictures, its prompt and its record. Its price stays in the ledger.
   *
   * @throws EaselError `conflict` if it has not ended
   */
  async forget(id: string, { signal }: CallOptions = {}): Promise<void> {
    const reply = await this.#transport.send(paths.jobRecord, { method: 'DELETE', parts: { id }, signal });
    await reply.body?.cancel();
  }

  /** The events of a job until it ends; reconnects when the connection is lost. */
  events(id: string, options: FollowOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return followJob(this.#transport, id, options);
  }

  /**
   * Generates pictures and waits for them. When the signal is aborted, the job is cancelled, at the latest after two and a half seconds.
   *
   * @throws EaselError if the job is refused, EaselJobError if it fails or is cancelled, or the signal's reason
   * @example
   * const job = await client.jobs.run({ prompt: 'a red apple', preview: true }, { onEvent: ({ event }) => console.log(event) });
   */
  async run(body: JobCreate, options: RunOptions = {}): Promise<Job> {
    const { signal, idempotencyKey } = options;
    signal?.throwIfAborted();
    const grace = graceAfter(signal, GRACE_MS);
    try {
      // If this request were aborted, the job might already exist, so wait for the reply.
      const call = { method: 'POST', body, signal, idempotencyKey, inFlight: grace.signal } as const;
      const { id } = await this.#transport.json<Job>(paths.jobs, call);
      return await this.#followToEnd(id, options).catch(async (error: unknown) => {
        // Whether it was cancelled in time makes no difference to the caller.
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
      if (event.event === 'failed' || event.event === 'cancelled') throw errorOfEnd(event.data.job);
    }
    throw new Error(`the event stream of job ${id} ended before the job`);
  }
}

function errorOfEnd({ id, error }: Job): EaselJobError {
  return new EaselJobError(id, error ?? { code: 'cancelled', message: 'cancelled' });
}
