import { setTimeout as sleep } from 'node:timers/promises';
import { type EaselClient, EaselError } from '@easel/client';
import type { Job } from '@easel/contract';
import { type Installation, small } from './installation.ts';

/** steady: half of what the workers can do; heavy: half as much again as they can do; burst: all at once. */
export type Load = 'steady' | 'heavy' | 'burst';

const shareOfCapacity = { steady: 0.5, heavy: 1.5, burst: Number.POSITIVE_INFINITY } as const;

/** In which all is well again after any fault. */
const PATIENCE_MS = 300_000;

/** A job that the server has acknowledged, and what it took. */
export interface Submitted {
  readonly id: string;
  /** From the first try to the acknowledgement. */
  readonly ms: number;
  /** Tries that were answered 5xx or not at all. */
  readonly failures: number;
}

/** @returns how many small jobs the workers do in a second */
export async function measureCapacity(installation: Installation, name: string, count: number): Promise<number> {
  const began = performance.now();
  const jobs = await Promise.all(
    Array.from({ length: count }, (_, index) => submitUntilAcknowledged(installation.customer, `${name} ${index}`)),
  );
  await untilEnded(
    installation,
    jobs.map(({ id }) => id),
  );
  return (1000 * count) / (performance.now() - began);
}

/**
 * Submits jobs at a rate, whether the earlier ones were acknowledged or not, as many clients do that know nothing of each other.
 *
 * @param during submits for so long, and so many jobs at least
 */
export async function submitAtRate(
  installation: Installation,
  { load, capacity, name }: { readonly load: Load; readonly capacity: number; readonly name: string },
  during: { readonly ms: number; readonly jobs: number },
): Promise<Submitted[]> {
  const gapMs = 1000 / (capacity * shareOfCapacity[load]);
  const submitting: Promise<Submitted>[] = [];
  const count = load === 'burst' ? 3 * Math.max(during.jobs, Math.ceil((during.ms / 1000) * capacity)) : during.jobs;
  const until = performance.now() + (load === 'burst' ? 0 : during.ms);
  while (submitting.length < count || performance.now() < until) {
    submitting.push(submitUntilAcknowledged(installation.customer, `${name} ${submitting.length}`));
    if (gapMs > 0) await sleep(gapMs);
  }
  return Promise.all(submitting);
}

/** As a careful client does: the same request again, under the same key, until it is acknowledged. */
export async function submitUntilAcknowledged(customer: EaselClient, name: string): Promise<Submitted> {
  const began = performance.now();
  for (let failures = 0; ; failures += 1) {
    try {
      const { id } = await customer.jobs.create({ ...small, prompt: name }, { idempotencyKey: name });
      return { id, ms: performance.now() - began, failures };
    } catch (error) {
      const isRefusal = error instanceof EaselError && error.status < 500;
      if (isRefusal || performance.now() - began > PATIENCE_MS) throw error;
    }
    await sleep(200);
  }
}

/** @throws Error when one does not end */
export async function untilEnded({ customer }: Installation, ids: readonly string[]): Promise<Job[]> {
  const deadline = performance.now() + PATIENCE_MS;
  return Promise.all(
    ids.map(async (id) => {
      for (;;) {
        const job = await customer.jobs.get(id).catch(() => undefined);
        if (job !== undefined && job.status !== 'queued' && job.status !== 'running') return job;
        if (performance.now() > deadline) throw new Error(`job ${id} did not end: ${JSON.stringify(job)}`);
        await sleep(100);
      }
    }),
  );
}
