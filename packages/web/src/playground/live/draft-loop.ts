import { type EaselClient, EaselConnectionError, EaselError } from '@easel/client';
import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { messageOf, pause, toSentence } from '../../session/requests.ts';
import type { Draftable } from './draft-request.ts';

/** A draft that is finished; its request has the seeds that were drawn for it. */
export interface Draft extends Draftable {
  /** A data URL. */
  readonly picture: string;
}

/** Why there is no newer draft. */
export interface DraftProblem {
  /** A hint: nothing is wrong, and drafts resume with the next change. */
  readonly kind: 'error' | 'hint';
  readonly text: string;
}

/** What becomes of the drafts. */
export interface DraftListener {
  readonly onDraft: (draft: Draft) => void;
  /** @param ahead jobs that come before the draft; undefined: none is being made */
  readonly onWork: (ahead: number | undefined) => void;
  /** Undefined: there is a newer draft, or none is wanted. */
  readonly onProblem: (problem: DraftProblem | undefined) => void;
  /** No draft will be made any more, for the last problem. */
  readonly onEnd: () => void;
}

const RETRY_MS = 2000;
/** The server counts drafts by the minute. */
const USUAL_WAIT_S = 60;

const CANCELLED: DraftProblem = {
  kind: 'hint',
  text: 'Drafts are paused: another tab or program with this key makes its own, or other jobs come first. They resume when you change something or return to this tab.',
};

/** A draft that is wanted, and that the server has no more. */
class LostDraftError extends Error {
  /** Cancelled: by the next draft of the same key, or because it waited for too long. Deleted: its record was, while this computer slept. */
  readonly how: 'cancelled' | 'deleted';

  constructor(how: LostDraftError['how']) {
    super(`the draft was ${how}`);
    this.how = how;
  }
}

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
      this.#listener.onProblem(problemOf(error));
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
      await this.#retryAfter(error, wanted, newer);
    }
  }

  /** @param newer aborted when the draft is not wanted any more. @throws what makes every further draft useless */
  async #retryAfter(error: unknown, wanted: Draftable, newer: AbortSignal): Promise<void> {
    const { signal } = this.#closing;
    const wait = waitAfter(error);
    this.#listener.onProblem(problemOf(error));
    if (wait === undefined) return;
    if (wait === 'focus') {
      this.#listener.onWork(undefined);
      await focusOrEnd(AbortSignal.any([signal, newer]));
      signal.throwIfAborted();
    } else await pause(wait, signal);
    if (!newer.aborted) this.#wanted = wanted;
    else if (this.#wanted === undefined) this.#listener.onProblem(undefined);
  }

  /** @throws the signal's reason, or why it has none */
  async #pictureOf({ id }: Job, signal: AbortSignal): Promise<string> {
    for await (const event of this.#eventsOf(id, signal)) {
      signal.throwIfAborted();
      if (event.event === 'queued') this.#listener.onWork(event.data.position);
      if (event.event === 'started') this.#listener.onWork(0);
      if (event.event === 'sample' && event.data.preview !== undefined) return event.data.preview;
      if (event.event === 'cancelled') throw new LostDraftError('cancelled');
      if (isEnd(event)) throw new Error(event.data.job.error?.message ?? 'the draft came without its picture');
    }
    throw new Error('the draft came without its picture');
  }

  async *#eventsOf(id: string, signal: AbortSignal): AsyncGenerator<JobEvent, void, undefined> {
    try {
      yield* this.#client.jobs.events(id, { signal });
    } catch (error) {
      throw error instanceof EaselError && error.status === 404 ? new LostDraftError('deleted') : error;
    }
  }
}

/** Until the user returns to this window. */
function focusOrEnd(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    window.addEventListener('focus', () => resolve(), { once: true, signal });
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Those that were drawn for the draft. */
function seedsOf({ seed, variation_seed: variationSeed }: Job, request: JobCreate): Partial<JobCreate> {
  const isVaried = request.variation_strength !== undefined && request.variation_strength > 0;
  return { seed, ...(isVaried && variationSeed !== null && { variation_seed: variationSeed }) };
}

function isEnd(event: JobEvent): event is Extract<JobEvent, { event: 'succeeded' | 'failed' }> {
  return event.event === 'succeeded' || event.event === 'failed';
}

/** When the same draft is worth another try, in milliseconds or with the focus; undefined: another one may be. @throws the error where none is */
function waitAfter(error: unknown): number | 'focus' | undefined {
  if (error instanceof LostDraftError) return error.how === 'cancelled' ? 'focus' : RETRY_MS;
  if (error instanceof EaselConnectionError) return RETRY_MS;
  if (!(error instanceof EaselError)) return undefined;
  if (error.status === 429) return (error.retryAfter ?? USUAL_WAIT_S) * 1000;
  if (error.status >= 500) return RETRY_MS;
  if (error.status === 400) return undefined;
  throw error;
}

function problemOf(error: unknown): DraftProblem | undefined {
  if (error instanceof LostDraftError) return error.how === 'cancelled' ? CANCELLED : undefined;
  if (!(error instanceof EaselError && error.status === 429)) return { kind: 'error', text: messageOf(error) };
  const seconds = error.retryAfter ?? USUAL_WAIT_S;
  const wait = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return { kind: 'error', text: `${toSentence(error.message)} Drafts resume in ${wait}.` };
}
