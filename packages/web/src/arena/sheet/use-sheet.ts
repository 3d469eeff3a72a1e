import { type EaselClient, EaselError, EaselJobError } from '@easel/client';
import type { Job } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { useRuns } from '../../runs/runs.tsx';
import { messageOf } from '../../session/requests.ts';
import {
  isMissing,
  jobOfCell,
  loadSheet,
  type Sheet,
  saveSheet,
  updateCell,
  withJob,
  withoutFailures,
} from './sheet.ts';

/** Jobs at the same time: enough for several workers, few enough to leave the queue to others. */
const AT_ONCE = 4;

/** The sheet stored in this browser; its pictures are generated for as long as the view is open and it is not stopped. */
export function useSheet(client: EaselClient) {
  const [sheet, setSheet] = useState(loadSheet);
  const [problem, setProblem] = useState<string>();
  const [isKept, setKept] = useState(true);
  const generation = useRef(new AbortController());

  const replace = (next: Sheet | undefined) => {
    setSheet(next);
    setKept(saveSheet(next));
  };
  /** Changes the sheet, unless it has been replaced meanwhile. */
  const change = (id: string, next: (sheet: Sheet) => Sheet) =>
    setSheet((before) => {
      if (before?.id !== id) return before;
      const after = next(before);
      setKept(saveSheet(after));
      return after;
    });
  const generate = useGenerate(client, change);
  const begin = (next: Sheet) => {
    generation.current.abort();
    const own = new AbortController();
    generation.current = own;
    setProblem(undefined);
    replace(next);
    generate(next, own.signal).catch((error: unknown) => {
      if (own.signal.aborted) return;
      own.abort(); // the other jobs would meet the same
      setProblem(messageOf(error));
    });
  };
  const stop = () => {
    generation.current.abort();
    if (sheet !== undefined) change(sheet.id, (now) => ({ ...now, isStopped: true }));
  };
  // Resumes a sheet that was not complete when the view was left.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the view opens, or the key changes
  useEffect(() => {
    if (sheet !== undefined && !sheet.isStopped && sheet.cells.some(isMissing)) begin(sheet);
    return () => generation.current.abort();
  }, [client]);

  return {
    sheet,
    problem,
    isKept,
    begin,
    stop,
    /** Goes on with what is missing, and tries again what failed. */
    resume: () => sheet !== undefined && begin(withoutFailures(sheet)),
    keep: (job: Job) => sheet !== undefined && change(sheet.id, (now) => withJob(now, job)),
    /** Its pictures stay in the gallery. */
    end: () => {
      generation.current.abort();
      replace(undefined);
    },
  };
}

type ChangeSheet = (id: string, next: (sheet: Sheet) => Sheet) => void;

/** @returns a function that generates the missing pictures of a sheet; aborting its signal cancels the running jobs, too */
function useGenerate(client: EaselClient, change: ChangeSheet) {
  const { waitForEnd } = useRuns();
  const generateOne = async (target: Sheet, index: number, signal: AbortSignal) => {
    // The same key in another tab, or after a reload: generated and charged once.
    const idempotencyKey = `${target.id}-${index}`;
    try {
      signal.throwIfAborted();
      // Not aborted: the job may already exist by then, and cancelling it needs the id in the reply.
      const created = await client.jobs.create(jobOfCell(target, index), { idempotencyKey });
      const job = await waitForEnd(created, signal);
      if (job.error !== null) throw new EaselJobError(job.id, job.error);
      const isKept = job.images.length > 0;
      change(target.id, (now) =>
        updateCell(now, index, isKept ? { job } : { failure: 'The picture is no longer kept.' }),
      );
    } catch (error) {
      if (signal.aborted || !isOfThisCell(error)) throw error;
      change(target.id, (now) => updateCell(now, index, { failure: messageOf(error) }));
    }
  };
  return async (target: Sheet, signal: AbortSignal) => {
    const missing = target.cells.flatMap((cell, index) => (isMissing(cell) ? [index] : []));
    const work = async () => {
      for (let index = missing.shift(); index !== undefined; index = missing.shift())
        await generateOne(target, index, signal);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
}

/** Whether other cells may still succeed, so that generation goes on with them. */
function isOfThisCell(error: unknown): boolean {
  return error instanceof EaselJobError || (error instanceof EaselError && error.status === 400);
}
