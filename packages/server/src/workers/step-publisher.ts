import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBus } from '../jobs/event-bus.ts';
import type { JobEvent } from '../jobs/job-events.ts';
import type { PaintedSample, PaintStep } from '../models/painter.ts';

/** About ten events a second: more would not be visible. */
const INTERVAL_MS = 100;

/**
 * Publishes the steps of a job, throttled. While one is being published the newest of the others is kept, so the last step is always
 * published. Finished pictures are all published. What cannot be published is reported and does not stop the run.
 */
export class StepPublisher {
  readonly #bus: Pick<EventBus, 'publish'>;
  readonly #jobId: string;
  readonly #report: (error: unknown) => void;
  readonly #flushing = new AbortController();
  #newest: PaintStep | undefined;
  #samples: PaintedSample[] = [];
  #publishing: Promise<void> | undefined;

  constructor(bus: Pick<EventBus, 'publish'>, jobId: string, report: (error: unknown) => void) {
    this.#bus = bus;
    this.#jobId = jobId;
    this.#report = report;
  }

  readonly offer = (step: PaintStep): void => {
    this.#newest = step;
    this.#publishing ??= this.#publishAll();
  };

  readonly offerSample = (sample: PaintedSample): void => {
    this.#samples.push(sample);
    this.#publishing ??= this.#publishAll();
  };

  /** Publishes the kept step at once. */
  async finish(): Promise<void> {
    this.#flushing.abort();
    await this.#publishing;
  }

  /** Discards the kept step. */
  async drop(): Promise<void> {
    this.#newest = undefined;
    this.#samples = [];
    await this.finish();
  }

  async #publishAll(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const pause = this.#pause();
      try {
        await this.#bus.publish(this.#jobId, await next());
      } catch (error) {
        this.#report(error);
      }
      await pause;
    }
    this.#publishing = undefined;
  }

  /** The step is of the picture after the finished ones. */
  #take(): (() => Promise<JobEvent>) | undefined {
    const sample = this.#samples.shift();
    if (sample !== undefined) return () => sampleEventOf(sample);
    const step = this.#newest;
    this.#newest = undefined;
    return step && (() => stepEventOf(step));
  }

  #pause(): Promise<void> {
    return sleep(INTERVAL_MS, undefined, { signal: this.#flushing.signal }).catch(() => {});
  }
}

export async function sampleEventOf({ sample, preview }: PaintedSample): Promise<JobEvent> {
  return { kind: 'sample', sample, preview: await preview() };
}

async function stepEventOf({ index, total, sigma, etaMs, preview }: PaintStep): Promise<JobEvent> {
  const picture = preview === undefined ? null : await preview();
  return { kind: 'step', index, total, sigma, etaSeconds: etaMs / 1000, preview: picture };
}
