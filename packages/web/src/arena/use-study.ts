import { type EaselClient, EaselError, EaselJobError } from '@easel/client';
import { useEffect, useRef, useState } from 'react';
import { pathOf } from '../files/picture-file.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { isUndecided, jobOfSide, type Study, storedStudy, storeStudy, withPair } from './study.ts';

interface Drawing {
  readonly index: number;
  readonly side: 'a' | 'b';
  readonly signal: AbortSignal;
}

/** The study of this browser: its pictures are made one after the other for as long as the view is open and the study goes on. */
export function useStudy(client: EaselClient) {
  const { untilEnded } = useRuns();
  const [study, setStudy] = useState(storedStudy);
  const [problem, setProblem] = useState<string>();
  const painting = useRef(new AbortController());

  /** Changes it, unless it has ended meanwhile. */
  const change = (id: string, next: (study: Study) => Study) =>
    setStudy((before) => {
      if (before?.id !== id) return before;
      const after = next(before);
      storeStudy(after);
      return after;
    });
  const paint = async (wanted: Study) => {
    const { signal } = painting.current;
    try {
      for (const [index, pair] of wanted.pairs.entries())
        for (const side of ['a', 'b'] as const)
          if (pair[side] === undefined && isUndecided(pair)) await draw(wanted, { index, side, signal });
    } catch (error) {
      if (!signal.aborted) setProblem(messageOf(error));
    }
  };
  const draw = async (wanted: Study, { index, side, signal }: Drawing) => {
    const pair = wanted.pairs[index];
    if (pair === undefined) return;
    // The same key in another tab, or after a reload: made and paid for once. A signal that is aborted cancels the job, too.
    const idempotencyKey = `${wanted.id}-${index}-${side}`;
    try {
      signal.throwIfAborted();
      // Whoever breaks this request off cannot know whether there is a job now, so its reply is waited for.
      const taken = await client.jobs.create(jobOfSide(pair, wanted[side]), { idempotencyKey });
      const job = await untilEnded(taken, signal);
      if (job.error !== null) throw new EaselJobError(job.id, job.error);
      change(wanted.id, (now) => withPair(now, index, { [side]: pathOf(job.images[0]?.url ?? '') }));
    } catch (error) {
      if (signal.aborted || !isOfThisPrompt(error)) throw error;
      change(wanted.id, (now) => withPair(now, index, { failure: messageOf(error) }));
    }
  };
  const begin = (next: Study | undefined) => {
    painting.current.abort();
    painting.current = new AbortController();
    setProblem(undefined);
    setStudy(next);
    storeStudy(next);
    if (next !== undefined && !next.isRevealed) void paint(next);
  };
  // One that was left before its pictures were made goes on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the view opens, or acts for somebody else
  useEffect(() => {
    if (study?.pairs.some(isUndecided)) begin(study);
    return () => painting.current.abort();
  }, [client]);

  return {
    study,
    problem,
    begin: (next: Study) => begin(next),
    /** Its pictures stay in the history; what is not made yet is cancelled. */
    end: () => begin(undefined),
    /** Tries again what failed. */
    goOn: () => begin(study),
    change: (next: (now: Study) => Study) => study !== undefined && change(study.id, next),
    reveal: () => {
      painting.current.abort();
      if (study !== undefined) change(study.id, (now) => ({ ...now, isRevealed: true }));
    },
  };
}

/** Whether another prompt may do better: the others need not wait for it. */
function isOfThisPrompt(error: unknown): boolean {
  return error instanceof EaselJobError || (error instanceof EaselError && error.status === 400);
}
