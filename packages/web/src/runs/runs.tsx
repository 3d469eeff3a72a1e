import type { EaselClient } from '@easel/client';
import type { Job, JobCreate } from '@easel/contract';
import {
  createContext,
  type Dispatch,
  type ReactNode,
  type RefObject,
  type SetStateAction,
  use,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { randomId } from '../browser.ts';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type ChangeListener, JobFeed } from './job-feed.ts';
import { afterEvent, isOver, type Phase, type Run } from './run.ts';

export interface Runs extends RunActions {
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Whether events of the server arrive; if not, the status of the runs may be out of date. */
  readonly isConnected: boolean;
  /** Calls the listener when a list of jobs may be out of date. @returns a function that unsubscribes it */
  onChange(listener: ChangeListener): () => void;
}

interface RunActions {
  start(request: JobCreate): void;
  cancel(run: Run): void;
  /** Removes it from the page; its pictures stay in the gallery. */
  dismiss(run: Run): void;
  /** Waits for a job that is not among the runs. @throws the signal's reason, after cancelling the job */
  waitForEnd(job: Job, signal: AbortSignal): Promise<Job>;
  /** The start image of a job of this tab: the server deletes it when the job ends. */
  startImageOf(job: Job): string | null;
}

const RunsContext = createContext<Runs | null>(null);
let started = 0;

/** Follows jobs for as long as the page is open, whichever view is shown. */
export function RunsProvider({ children }: { readonly children: ReactNode }) {
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [isConnected, setConnected] = useState(true);
  const listeners = useRef(new Set<ChangeListener>());
  const feed = useFeed(setRuns, setConnected, listeners);
  const actions = useRunActions(feed, setRuns);
  const onChange = useCallback((listener: ChangeListener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  const value = useMemo<Runs>(
    () => ({ ...actions, runs, isConnected, onChange }),
    [actions, runs, isConnected, onChange],
  );
  return <RunsContext value={value}>{children}</RunsContext>;
}

export function useRuns(): Runs {
  const runs = use(RunsContext);
  if (runs === null) throw new Error('useRuns needs a RunsProvider');
  return runs;
}

type Feed = RefObject<JobFeed | undefined>;
type SetRuns = Dispatch<SetStateAction<readonly Run[]>>;

/** The feed of the account's jobs, reopened for another key. */
function useFeed(
  setRuns: SetRuns,
  setConnected: (isConnected: boolean) => void,
  listeners: RefObject<Set<ChangeListener>>,
): Feed {
  const { client, room } = useSession();
  const feed = useRef<JobFeed>(undefined);
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
  }, [client, room, setRuns, setConnected, listeners]);
  return feed;
}

function useRunActions(feed: Feed, setRuns: SetRuns): RunActions {
  const { client } = useSession();
  const startImages = useRef(new Map<string, string>());
  return useMemo<RunActions>(() => {
    const update = (key: string, next: (run: Run) => Run) =>
      setRuns((all) => all.map((run) => (run.key === key ? next(run) : run)));
    return {
      start(request) {
        const jobs = feed.current;
        if (jobs === undefined) return;
        started += 1;
        const key = `run-${started}`;
        setRuns((all) => [{ key, request, phase: 'sending', previews: 0 }, ...all]);
        // With an idempotency key a lost reply can be requested again without creating a second job.
        client.jobs.create(request, { signal: jobs.signal, idempotencyKey: randomId() }).then(
          (job) => {
            if (request.image !== undefined) startImages.current.set(job.id, request.image);
            // The list of unfinished jobs may have arrived before this reply.
            setRuns((all) => all.filter((run) => run.key === key || run.job?.id !== job.id));
            update(key, (run) => ({ ...jobs.runOf(job), key, request: run.request }));
            jobs.follow(job);
          },
          (error: unknown) => {
            if (jobs.signal.aborted) return;
            update(key, (run) => ({ ...run, phase: 'failed', problem: messageOf(error) }));
          },
        );
      },
      cancel({ key, job }) {
        if (job === undefined) return;
        client.jobs
          .cancel(job.id)
          .catch((error: unknown) => update(key, (run) => ({ ...run, problem: messageOf(error) })));
      },
      dismiss: ({ key }) => setRuns((all) => all.filter((run) => run.key !== key)),
      waitForEnd: (job, signal) => waitForEnd(client, feed.current, job, signal),
      startImageOf: ({ id }) => startImages.current.get(id) ?? null,
    };
  }, [client, feed, setRuns]);
}

async function waitForEnd(client: EaselClient, feed: JobFeed | undefined, job: Job, signal: AbortSignal): Promise<Job> {
  try {
    if (feed === undefined) throw new Error('the feed of jobs is not open');
    return await feed.waitForEnd(job, signal);
  } catch (error) {
    await client.jobs.cancel(job.id).catch(() => {}); // whether it was cancelled in time does not matter to the caller
    throw error;
  }
}

const announcements: Partial<Readonly<Record<Phase, string>>> = { succeeded: 'Done', cancelled: 'Cancelled' };

/**
 * Announces the progress of runs to screen readers. Failures are alerts where they are shown; steps are not announced: thirty of them
 * would drown out everything else.
 */
export function Announcer() {
  const { runs } = useRuns();
  const [text, setText] = useState('');
  const known = useRef<readonly Run[]>([]);
  useEffect(() => {
    for (const { key, phase, request } of runs) {
      const before = known.current.find((run) => run.key === key)?.phase;
      const words = phase === 'queued' && before === 'sending' ? 'Queued' : announcements[phase];
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
