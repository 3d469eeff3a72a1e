import type { EaselClient } from '@easel/client';
import type { Job, JobCreate } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { randomId } from '../format/random-id.ts';
import { useSession } from '../session/session.tsx';
import { afterEvent, isOver, type Run } from './run.ts';
import { requestOfJob } from './settings.ts';

export interface Runs {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Whether the server is heard; else what is known of the runs may have changed. */
  readonly isConnected: boolean;
  start(request: JobCreate): void;
  cancel(run: Run): void;
  /** Takes it off the page; its pictures stay in the history. */
  dismiss(run: Run): void;
  /** What a job of this tab started from: the server forgets it when the job ends. */
  startImageOf(job: Job): string | null;
}

const Context = createContext<Runs | null>(null);
let started = 0;

/** Follows jobs for as long as the page is open, whichever view is shown. */
export function RunsProvider({ children }: { readonly children: ReactNode }) {
  const { client } = useSession();
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const leaving = useRef(new AbortController());
  const startImages = useRef(new Map<string, string>());

  const change = useCallback((key: string, next: (run: Run) => Run) => {
    setRuns((all) => all.map((run) => (run.key === key ? next(run) : run)));
  }, []);

  const follow = useCallback(
    async (key: string, id: string, signal: AbortSignal) => {
      try {
        for await (const event of client.jobs.events(id, { signal }))
          change(key, (run) => afterEvent(run, event, Date.now()));
      } catch (error) {
        if (!signal.aborted) change(key, (run) => ({ ...run, phase: 'failed', problem: messageOf(error) }));
      }
      // Its reply tells the balance; without it the next one does.
      await client.account.credits({ signal }).catch(() => {});
    },
    [client, change],
  );

  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    setRuns([]);
    void resumeUnfinished(client, controller.signal, (job) => {
      setRuns((all) => (all.some((run) => run.job?.id === job.id) ? all : [...all, runOfJob(job)]));
      void follow(job.id, job.id, controller.signal);
    });
    return () => controller.abort();
  }, [client, follow]);

  const value = useMemo<Runs>(
    () => ({
      runs,
      isConnected: true,
      start(request) {
        started += 1;
        const key = `run-${started}`;
        setRuns((all) => [{ key, request, phase: 'sending', previews: 0 }, ...all]);
        const { signal } = leaving.current;
        // With a key of its own a lost reply can be asked for again, and nothing is made twice.
        client.jobs.create(request, { signal, idempotencyKey: randomId() }).then(
          (job) => {
            if (request.image !== undefined) startImages.current.set(job.id, request.image);
            change(key, (run) => ({ ...run, job, phase: run.phase === 'sending' ? 'queued' : run.phase }));
            void follow(key, job.id, signal);
          },
          (error: unknown) => {
            if (!signal.aborted) change(key, (run) => ({ ...run, phase: 'failed', problem: messageOf(error) }));
          },
        );
      },
      cancel({ key, job }) {
        if (job === undefined) return;
        client.jobs
          .cancel(job.id)
          .catch((error: unknown) => change(key, (run) => ({ ...run, problem: messageOf(error) })));
      },
      startImageOf: ({ id }) => startImages.current.get(id) ?? null,
      dismiss: ({ key }) => setRuns((all) => all.filter((run) => run.key !== key)),
    }),
    [runs, client, change, follow],
  );
  return <Context value={value}>{children}</Context>;
}

export function useRuns(): Runs {
  const runs = use(Context);
  if (runs === null) throw new Error('there are no runs around this');
  return runs;
}

/** Jobs of another tab, or from before the page was loaded. */
async function resumeUnfinished(client: EaselClient, signal: AbortSignal, onJob: (job: Job) => void): Promise<void> {
  try {
    const { jobs } = await client.jobs.list({ limit: 20 }, { signal });
    for (const job of jobs) if (!isOver(runOfJob(job))) onJob(job);
  } catch {
    // Nothing can be shown of them; the history has them all the same.
  }
}

function runOfJob(job: Job): Run {
  return {
    key: job.id,
    request: requestOfJob(job, null),
    phase: job.status,
    job,
    previews: 0,
  };
}
