import type { Phase } from './shutdown.ts';

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
