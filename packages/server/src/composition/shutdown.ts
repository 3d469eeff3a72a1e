import type { Logger } from '../observability/logger.ts';

interface Phase {
  readonly name: string;
  /** After which the next phase begins all the same. */
  readonly timeoutMs: number;
}

/**
 * How a process ends: its phases in their order. A worker has no requests, and a start that failed has only what it had begun, so
 * phases may have nothing to stop.
 */
const phases = [
  /** No new connection and no new request; those under way go on. */
  { name: 'listening', timeoutMs: 1000 },
  /** Running jobs finish, or are handed back when their time (`drainSeconds`, on top of this) is over. Requests that wait for them are answered. */
  { name: 'jobs', timeoutMs: 15_000 },
  /** Requests that wait for a job which was handed back are told to ask again. */
  { name: 'requests', timeoutMs: 10_000 },
  /** Of models; what has arrived is kept. */
  { name: 'downloads', timeoutMs: 5000 },
  /** Attempts to deliver webhooks. */
  { name: 'webhooks', timeoutMs: 10_000 },
  /** The sweep under way. */
  { name: 'janitor', timeoutMs: 5000 },
  /** The processes that decode pictures from clients. */
  { name: 'start images', timeoutMs: 5000 },
  /** The server's heartbeat, for the jobs whose clients wait on it. */
  { name: 'awaited jobs', timeoutMs: 10_000 },
  { name: 'events', timeoutMs: 5000 },
  { name: 'queue', timeoutMs: 15_000 },
  /** The processes of the models. */
  { name: 'engine', timeoutMs: 5000 },
  /** What is recorded and not sent yet. */
  { name: 'traces', timeoutMs: 12_000 },
  { name: 'connections', timeoutMs: 5000 },
  /** The embedded PostgreSQL, and the lock of the data folder. */
  { name: 'database', timeoutMs: 70_000 },
] as const satisfies readonly Phase[];

type PhaseName = (typeof phases)[number]['name'];

/** The end of a process: each part that is opened says what stops it. */
export class Shutdown {
  readonly #log: Logger;
  readonly #drainMs: number;
  readonly #begun = new AbortController();
  readonly #stops = new Map<PhaseName, () => Promise<unknown>>();

  /** @param drainMs for running jobs to finish */
  constructor(log: Logger, { drainMs }: { readonly drainMs: number }) {
    this.#log = log;
    this.#drainMs = drainMs;
  }

  /** Aborted when the end begins. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** What the phase does. @throws Error for a phase that has something to do already */
  on(phase: PhaseName, stop: () => Promise<unknown>): void {
    if (this.#stops.has(phase)) throw new Error(`the phase ${phase} has something to stop already`);
    this.#stops.set(phase, stop);
  }

  /** Runs the phases one after another. One that fails or takes too long is logged, and does not keep the next ones from running. */
  async run(): Promise<void> {
    this.#begun.abort();
    for (const { name, timeoutMs } of phases) {
      const stop = this.#stops.get(name);
      if (stop === undefined) continue;
      const start = performance.now();
      try {
        await withTimeout(stop(), name === 'jobs' ? this.#drainMs + timeoutMs : timeoutMs);
        this.#log.info({ phase: name, ms: Math.round(performance.now() - start) }, 'stopped');
      } catch (error) {
        this.#log.error({ phase: name, err: error }, 'did not stop cleanly; continuing the shutdown');
      }
    }
  }
}

async function withTimeout(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
