import { type EaselClient, EaselError, EaselJobError } from '@easel/client';
import { useEffect, useRef, useState } from 'react';
import { pathOf } from '../files/picture-file.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { isUndecided, jobOfSide, loadStudy, type Study, saveStudy, updatePair } from './study.ts';

/** The study stored in this browser: its pictures are generated one by one for as long as the view is open and the study goes on. */
export function useStudy(client: EaselClient) {
  const [study, setStudy] = useState(loadStudy);
  const [problem, setProblem] = useState<string>();
  const generation = useRef(new AbortController());

  /** Changes the study, unless it has been replaced meanwhile. */
  const change = (id: string, next: (study: Study) => Study) =>
    setStudy((before) => {
      if (before?.id !== id) return before;
      const after = next(before);
      saveStudy(after);
      return after;
    });
  const generate = useGenerate(client, change);
  const begin = (next: Study | undefined) => {
    generation.current.abort();
    generation.current = new AbortController();
    const { signal } = generation.current;
    setProblem(undefined);
    setStudy(next);
    saveStudy(next);
    if (next === undefined || next.isRevealed) return;
    generate(next, signal).catch((error: unknown) => {
      if (!signal.aborted) setProblem(messageOf(error));
    });
  };
  // Resumes a study whose pictures were not complete when the view was left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the view opens, or the key changes
  useEffect(() => {
    if (study?.pairs.some(isUndecided)) begin(study);
    return () => generation.current.abort();
  }, [client]);

  return {
    study,
    problem,
    begin: (next: Study) => begin(next),
    /** Its pictures stay in the gallery; unfinished ones are cancelled. */
    end: () => begin(undefined),
    /** Retries what failed. */
    retry: () => begin(study),
    change: (next: (now: Study) => Study) => study !== undefined && change(study.id, next),
    reveal: () => {
      generation.current.abort();
      if (study !== undefined) change(study.id, (now) => ({ ...now, isRevealed: true }));
    },
  };
}

type ChangeStudy = (id: string, next: (study: Study) => Study) => void;

/** @returns a function that generates the missing pictures of a study; aborting its signal cancels the running job, too */
function useGenerate(client: EaselClient, change: ChangeStudy) {
  const { waitForEnd } = useRuns();
  const generateOne = async (study: Study, index: number, side: 'a' | 'b', signal: AbortSignal) => {
    const pair = study.pairs[index];
    if (pair === undefined) return;
    // The same key in another tab, or after a reload: generated and charged once.
    const idempotencyKey = `${study.id}-${index}-${side}`;
    try {
      signal.throwIfAborted();
      // Not aborted: the job may already exist by then, and cancelling it needs the id in the reply.
      const created = await client.jobs.create(jobOfSide(pair, study[side]), { idempotencyKey });
      const job = await waitForEnd(created, signal);
      if (job.error !== null) throw new EaselJobError(job.id, job.error);
      change(study.id, (now) => updatePair(now, index, { [side]: pathOf(job.images[0]?.url ?? '') }));
    } catch (error) {
      if (signal.aborted || !isCausedByPrompt(error)) throw error;
      change(study.id, (now) => updatePair(now, index, { failure: messageOf(error) }));
    }
  };
  return async (study: Study, signal: AbortSignal) => {
    for (const [index, pair] of study.pairs.entries())
      for (const side of ['a', 'b'] as const)
        if (pair[side] === undefined && isUndecided(pair)) await generateOne(study, index, side, signal);
  };
}

/** Whether other prompts may still succeed, so that generation goes on with them. */
function isCausedByPrompt(error: unknown): boolean {
  return error instanceof EaselJobError || (error instanceof EaselError && error.status === 400);
}
