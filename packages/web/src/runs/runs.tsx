import type { Job, JobCreate } from '@easel/contract';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { randomId } from '../browser.ts';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type ChangeListener, JobFeed } from './job-feed.ts';
import { afterEvent, isOver, type Phase, type Run } from './run.ts';

export interface Runs {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Whether the server is heard; else what is known of the runs may have changed. */
  readonly isConnected: boolean;
  start(request: JobCreate): void;
  cancel(run: Run): void;
  /** Takes it off the page; its pictures stay in the history. */
  dismiss(run: Run): void;
  /** Waits for a job that is none of the runs. @throws the signal's reason, and then the job is cancelled */
  untilEnded(job: Job, signal: AbortSignal): Promise<Job>;
  /** What a job of this tab started from: the server forgets it when the job ends. */
  startImageOf(job: Job): string | null;
  /** Calls the listener when a list of jobs may be out of date. @returns ends that */
  onChange(listener: ChangeListener): () => void;
}

const Context = createContext<Runs | null>(null);
let started = 0;

/** Follows jobs for as long as the page is open, whichever view is shown. */
export function RunsProvider({ children }: { readonly children: ReactNode }) {
  const { client, room } = useSession();
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [isConnected, setConnected] = useState(true);
  const startImages = useRef(new Map<string, string>());
  const feed = useRef<JobFeed>(undefined);
  const listeners = useRef(new Set<ChangeListener>());

  const change = useCallback((key: string, next: (run: Run) => Run) => {
    setRuns((all) => all.map((run) => (run.key === key ? next(run) : run)));
  }, []);

  useEffect(() => {
    const own = new JobFeed(client, {
      onEvent: (id, event) => {
        const now = Date.now();
        setRuns((all) => all.map((run) => (run.job?.id === id && !isOver(run) ? afterEvent(run, event, now) : run)));
      },
      onJobs: (jobs) =>
        setRuns((all) => {
          const known = new Set(all.map((run) => run.job?.id));
          return [...all, ...jobs.filter(({ id }) => !known.has(id)).map((job) => own.runOf(job))];
        }),
      onConnection: setConnected,
      onChange: (ended) => {
        for (const listener of listeners.current) listener(ended);
      },
    });
    feed.current = own;
    setRuns([]);
    setConnected(true);
    void own.open(room);
    return () => own.close();
  }, [client, room]);

  const onChange = useCallback((listener: ChangeListener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);

  const value = useMemo<Runs>(
    () => ({
      runs,
      isConnected,
      start(request) {
        const jobs = feed.current;
        if (jobs === undefined) return;
        started += 1;
        const key = `run-${started}`;
        setRuns((all) => [{ key, request, phase: 'sending', previews: 0 }, ...all]);
        // With a key of its own a lost reply can be asked for again, and nothing is made twice.
        client.jobs.create(request, { signal: jobs.signal, idempotencyKey: randomId() }).then(
          (job) => {
            if (request.image !== undefined) startImages.current.set(job.id, request.image);
            // The list of what is unfinished may have been faster than this reply.
            setRuns((all) => all.filter((run) => run.key === key || run.job?.id !== job.id));
            change(key, (run) => ({ ...jobs.runOf(job), key, request: run.request }));
            jobs.follow(job);
          },
          (error: unknown) => {
            if (jobs.signal.aborted) return;
            change(key, (run) => ({ ...run, phase: 'failed', problem: messageOf(error) }));
          },
        );
      },
      cancel({ key, job }) {
        if (job === undefined) return;
        client.jobs
          .cancel(job.id)
          .catch((error: unknown) => change(key, (run) => ({ ...run, problem: messageOf(error) })));
      },
      async untilEnded(job, signal) {
        try {
          if (feed.current === undefined) throw new Error('nobody listens to the jobs');
          return await feed.current.untilEnded(job, signal);
        } catch (error) {
          await client.jobs.cancel(job.id).catch(() => {}); // whether it was cancelled in time changes nothing for the caller
          throw error;
        }
      },
      startImageOf: ({ id }) => startImages.current.get(id) ?? null,
      dismiss: ({ key }) => setRuns((all) => all.filter((run) => run.key !== key)),
      onChange,
    }),
    [runs, isConnected, client, change, onChange],
  );
  return <Context value={value}>{children}</Context>;
}

export function useRuns(): Runs {
  const runs = use(Context);
  if (runs === null) throw new Error('there are no runs around this');
  return runs;
}

const ends: Partial<Readonly<Record<Phase, string>>> = { succeeded: 'Done', cancelled: 'Cancelled' };

/**
 * Says what became of a run to whoever listens to the page; failures are alerts where they are shown. The steps are not said: thirty
 * of them would talk over everything else.
 */
export function Announcer() {
  const { runs } = useRuns();
  const [text, setText] = useState('');
  const known = useRef<readonly Run[]>([]);
  useEffect(() => {
    for (const { key, phase, request } of runs) {
      const before = known.current.find((run) => run.key === key)?.phase;
      const words = phase === 'queued' && before === 'sending' ? 'Queued' : ends[phase];
      if (before !== undefined && before !== phase && words !== undefined) setText(`${words}: ${request.prompt}`);
    }
    known.current = runs;
  }, [runs]);
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  );
}
