import type { Place } from './jobs-port.ts';

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996, §2, equation 4) with every job of the same length: a job starts at the
 * virtual time of its arrival or when the account's last job ends, whichever is later. So the first job of one account does not
 * wait for a thousand of another.
 */
export function nextTurn(
  virtualTime: bigint,
  virtualFinish: bigint,
): { readonly start: bigint; readonly finish: bigint } {
  const start = virtualTime > virtualFinish ? virtualTime : virtualFinish;
  return { start, finish: start + 1n };
}

export interface Reordered {
  /** Of the new job. */
  readonly virtualStart: bigint;
  /** Of those that it overtakes. */
  readonly moved: readonly { readonly jobId: string; readonly virtualStart: bigint }[];
}

/**
 * Lets a new job overtake the account's own waiting jobs of a lower priority: they exchange the turns that the account has, so
 * nobody else's job starts earlier or later.
 *
 * @param waiting the account's waiting jobs, in the order in which they will start
 */
export function overtake(
  job: { readonly priority: number; readonly virtualStart: bigint },
  waiting: readonly Place[],
): Reordered {
  const first = waiting.findIndex(({ priority }) => priority < job.priority);
  if (first < 0) return { virtualStart: job.virtualStart, moved: [] };
  const overtaken = waiting.slice(first);
  const turns = [...overtaken.map(({ virtualStart }) => virtualStart), job.virtualStart];
  const [virtualStart = job.virtualStart, ...later] = turns;
  return {
    virtualStart,
    moved: overtaken.map(({ jobId, virtualStart: own }, index) => ({ jobId, virtualStart: later[index] ?? own })),
  };
}
