import { type EaselClient, EaselConnectionError, EaselError } from '@easel/client';
import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { messageOf, pause, toSentence } from '../../session/requests.ts';
import type { Draftable } from './draft-request.ts';

/** A draft that is finished; its request has the seeds that were drawn for it. */
export interface Draft extends Draftable {
  /** A data URL. */
  readonly picture: string;
}

/** What becomes of the drafts. */
export interface DraftListener {
  readonly onDraft: (draft: Draft) => void;
  /** @param ahead jobs that come before the draft; undefined: none is being made */
  readonly onWork: (ahead: number | undefined) => void;
  /** Why there is no newer draft; undefined: there is one. */
  readonly onProblem: (problem: string | undefined) => void;
  /** No draft will be made any more, for the last problem. */
  readonly onEnd: () => void;
}

const RETRY_MS = 2000;
/** The server counts drafts by the minute. */
const USUAL_WAIT_S = 60;

/**
 * Has one draft after another made: always of what was wanted last. Requests are sent one after another, so that the server, which makes only the
 * last draft of a key, knows which one that is.
 */
export class DraftLoop {
  readonly #client: EaselClient;
  readonly #listener: DraftListener;
  readonly #closing = new AbortController();
  #wanted: Draftable | undefined;
  /** Aborted when something newer is wanted. */
  #newer = new AbortController();
  #isRunning = false;

  constructor(client: EaselClient, listener: DraftListener) {
    this.#client = client;
    this.#listener = listener;
  }

  want(wanted: Draftable): void {
    this.#wanted = wanted;
    this.#newer.abort();
    if (!this.#isRunning) void this.#run();
  }

  /** Nothing is wanted any more, until `want`. */
  drop(): void {
    this.#wanted = undefined;
    this.#newer.abort();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let next = this.#take(); next !== undefined; next = this.#take()) await this.#make(next);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#listener.onProblem(messageOf(error));
      this.#listener.onEnd();
    } finally {
      this.#isRunning = false;
      if (!this.#closing.signal.aborted) this.#listener.onWork(undefined);
    }
  }

  #take(): Draftable | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    this.#newer = new AbortController();
    return wanted;
  }

  /** @throws what makes every further draft useless */
  async #make(wanted: Draftable): Promise<void> {
    const { request } = wanted;
    const { signal } = this.#closing;
    const newer = this.#newer.signal;
    try {
      this.#listener.onWork(0);
      const job = await this.#client.jobs.create({ ...request, draft: true }, { signal });
      const picture = await this.#pictureOf(job, AbortSignal.any([signal, newer]));
      this.#listener.onDraft({ ...wanted, request: { ...request, ...seedsOf(job, request) }, picture });
      this.#listener.onProblem(undefined);
    } catch (error) {
      signal.throwIfAborted();
      if (newer.aborted) return;
      const wait = waitAfter(error);
      this.#listener.onProblem(problemOf(error));
      if (wait === undefined) return;
      await pause(wait, signal);
      this.#wanted ??= wanted;
    }
  }

  /** @throws the signal's reason, or why it has none */
  async #pictureOf(job: Job, signal: AbortSignal): Promise<string> {
    for await (const event of this.#client.jobs.events(job.id, { signal })) {
      if (event.event === 'queued') this.#listener.onWork(event.data.position);
      if (event.event === 'started') this.#listener.onWork(0);
      if (event.event === 'sample' && event.data.preview !== undefined) return event.data.preview;
      if (isEnd(event)) throw new Error(event.data.job.error?.message ?? 'the draft came without its picture');
    }
    throw new Error('the draft came without its picture');
  }
}

/** Those that were drawn for the draft. */
function seedsOf({ seed, variation_seed: variationSeed }: Job, request: JobCreate): Partial<JobCreate> {
  const isVaried = request.variation_strength !== undefined && request.variation_strength > 0;
  return { seed, ...(isVaried && variationSeed !== null && { variation_seed: variationSeed }) };
}

function isEnd(event: JobEvent): event is Extract<JobEvent, { event: 'succeeded' | 'failed' | 'cancelled' }> {
  return event.event === 'succeeded' || event.event === 'failed' || event.event === 'cancelled';
}

/** Milliseconds until the same draft is worth another try; undefined: another one may be. @throws the error where none is */
function waitAfter(error: unknown): number | undefined {
  if (error instanceof EaselConnectionError) return RETRY_MS;
  if (!(error instanceof EaselError)) return undefined;
  if (error.status === 429) return (error.retryAfter ?? USUAL_WAIT_S) * 1000;
  if (error.status >= 500) return RETRY_MS;
  if (error.status === 400) return undefined;
  throw error;
}

function problemOf(error: unknown): string {
  if (!(error instanceof EaselError && error.status === 429)) return messageOf(error);
  return `${toSentence(error.message)} Drafts go on in ${error.retryAfter ?? USUAL_WAIT_S} seconds.`;
}
