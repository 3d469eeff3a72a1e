import type { Logger } from '../observability/logger.ts';

/** One step of the end of a process. */
export interface Phase {
  readonly name: string;
  readonly timeoutMs: number;
  run(): Promise<unknown>;
}

/** Runs the phases one after another. One that fails or takes too long is logged, and does not keep the next ones from running. */
export async function shutDown(phases: readonly Phase[], log: Logger): Promise<void> {
  for (const { name, timeoutMs, run } of phases) {
    const began = performance.now();
    try {
      await withTimeout(run(), timeoutMs);
      log.info({ phase: name, ms: Math.round(performance.now() - began) }, 'stopping');
    } catch (error) {
      log.error({ phase: name, err: error }, 'stopping: this phase did not end well');
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

interface Closable {
  close(): Promise<unknown>;
}

/**
 * The end of HTTP in two phases, before and after the jobs end: first nobody new is let in, and at last those who still wait for a job
 * that has been handed back are told so.
 *
 * @param drained aborted in the second phase
 */
export function closingRequests(app: Closable, drained: AbortController): { first: Phase; last: Phase } {
  let closing: Promise<unknown> = Promise.resolve();
  return {
    first: {
      name: 'listening',
      timeoutMs: 1000,
      async run() {
        closing = app.close(); // ends with the last reply, so it is waited for later
      },
    },
    last: {
      name: 'requests',
      timeoutMs: 10_000,
      run() {
        drained.abort();
        return closing;
      },
    },
  };
}
