import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBus, JobEvent } from '../jobs/events-port.ts';
import type { PaintStep } from '../models/painter.ts';

/** About ten events a second: more cannot be seen. */
const INTERVAL_MS = 100;

/**
 * Publishes the steps of a job, not more often than people can see. While one is on its way the newest of the others waits, so
 * the last one is always published. A step that cannot be published is reported and does not stop the run.
 */
export class StepPublisher {
  readonly #bus: Pick<EventBus, 'publish'>;
  readonly #jobId: string;
  readonly #report: (error: unknown) => void;
  readonly #hurry = new AbortController();
  #newest: PaintStep | undefined;
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

  /** Publishes what waits without waiting. */
  async finish(): Promise<void> {
    this.#hurry.abort();
    await this.#publishing;
  }

  /** Forgets what waits. */
  async drop(): Promise<void> {
    this.#newest = undefined;
    await this.finish();
  }

  async #publishAll(): Promise<void> {
    for (let step = this.#take(); step !== undefined; step = this.#take()) {
      const pause = this.#pause();
      try {
        await this.#bus.publish(this.#jobId, await eventOf(step));
      } catch (error) {
        this.#report(error);
      }
      await pause;
    }
    this.#publishing = undefined;
  }

  #take(): PaintStep | undefined {
    const step = this.#newest;
    this.#newest = undefined;
    return step;
  }

  #pause(): Promise<void> {
    return sleep(INTERVAL_MS, undefined, { signal: this.#hurry.signal }).catch(() => {});
  }
}

async function eventOf({ index, total, sigma, etaMs, preview }: PaintStep): Promise<JobEvent> {
  const picture = preview === undefined ? null : await preview();
  return { kind: 'step', index, total, sigma, etaSeconds: etaMs / 1000, preview: picture };
}
