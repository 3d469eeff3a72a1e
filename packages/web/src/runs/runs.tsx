import { type EaselClient, EaselError } from '@easel/client';
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
import { messageOf, pause } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type ChangeListener, JobFeed } from './job-feed.ts';
import { afterEvent, isOver, type Run } from './run.ts';

export interface Runs extends RunActions {
  /** Those of this page, newest first: what it has started, and what there was before it was loaded. */
  readonly runs: readonly Run[];
  /** All that are unfinished, newest first, also those that another client or view has started. */
  readonly unfinished: readonly Run[];
  /** Whether events of the server arrive; if not, the status of the runs may be out of date. */
  readonly isConnected: boolean;
  /** Whether the last finished jobs have been read. */
  readonly isLoaded: boolean;
  /** Calls the listener when a list of jobs may be out of date. @returns a function that unsubscribes it */
  onChange(listener: ChangeListener): () => void;
}

interface RunActions {
  /** Sends the requests one after another, as they would be typed. */
  start(...requests: readonly JobCreate[]): void;
  cancel(run: Run): void;
  /** Removes it from the page, after a reload too; its pictures stay in the gallery. */
  dismiss(run: Run): void;
  /** Takes over a job that has been changed, or deleted (null). */
  replace(id: string, job: Job | null): void;
  /** Waits for a job that is not among the runs. @throws the signal's reason, after cancelling the job */
  waitForEnd(job: Job, signal: AbortSignal): Promise<Job>;
  /**
   * The start image of a job: a picture of this server by its path, which may be deleted by now; of what was sent as a file only this tab
   * has a copy, because the server deletes it when the job ends.
   */
  startImageOf(job: Job): string | null;
}

const RunsContext = createContext<Runs | null>(null);
let started = 0;
/** The server counts requests by the minute. */
const LONGEST_WAIT_S = 90;

/** Follows jobs for as long as the page is open, whichever view is shown. */
export function RunsProvider({ children }: { readonly children: ReactNode }) {
  const [runs, setRuns] = useState<readonly Run[]>([]);
  const [isConnected, setConnected] = useState(true);
  const [isLoaded, setLoaded] = useState(false);
  const listeners = useRef(new Set<ChangeListener>());
  const feed = useFeed({ setRuns, setConnected, setLoaded }, listeners);
  const actions = useRunActions(feed, setRuns);
  const onChange = useCallback((listener: ChangeListener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  const value = useMemo<Runs>(
    () => ({
      ...actions,
      runs: runs.filter((run) => run.isElsewhere !== true),
      unfinished: runs.filter((run) => !isOver(run)),
      isConnected,
      isLoaded,
      onChange,
    }),
    [actions, runs, isConnected, isLoaded, onChange],
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

interface FeedSetters {
  readonly setRuns: SetRuns;
  readonly setConnected: (isConnected: boolean) => void;
  readonly setLoaded: (isLoaded: boolean) => void;
}

/** The feed of the account's jobs, reopened for another key. */
function useFeed({ setRuns, setConnected, setLoaded }: FeedSetters, listeners: RefObject<Set<ChangeListener>>): Feed {
  const { client, room } = useSession();
  const feed = useRef<JobFeed>(undefined);
  useEffect(() => {
    const feedOf = (job: Job) => own.runOf(job);
    const own = new JobFeed(client, {
      onEvent: (id, event) => {
        const now = Date.now();
        setRuns((all) =>
          all
            .map((run) => (run.job?.id === id && !isOver(run) ? afterEvent(run, event, now) : run))
            .filter((run) => run.isElsewhere !== true || !isOver(run)),
        );
      },
      onJobs: (jobs) =>
        setRuns((all) => {
          const [own, earlier] = [all.filter(isOwn), all.filter((run) => !isOwn(run))];
          return [...own, ...unknownOf(jobs, all).map((job) => feedOf(job)), ...earlier];
        }),
      onJobsElsewhere: (jobs) =>
        setRuns((all) => [...unknownOf(jobs, all).map((job): Run => ({ ...feedOf(job), isElsewhere: true })), ...all]),
      onFinished: (jobs) => {
        const dismissed = new Set(loadDismissed());
        setRuns((all) => [
          ...all,
          ...unknownOf(jobs, all)
            .filter(({ id }) => !dismissed.has(id))
            .map((job): Run => ({ ...feedOf(job), isEarlier: true })),
        ]);
        setLoaded(true);
      },
      onConnection: setConnected,
      onChange: (ended) => {
        for (const listener of listeners.current) listener(ended);
      },
    });
    feed.current = own;
    setRuns([]);
    setConnected(true);
    setLoaded(false);
    void own.open(room);
    return () => own.close();
  }, [client, room, setRuns, setConnected, setLoaded, listeners]);
  return feed;
}

const isOwn = (run: Run) => run.isEarlier !== true;

function unknownOf(jobs: readonly Job[], runs: readonly Run[]): readonly Job[] {
  const known = new Set(runs.map((run) => run.job?.id));
  return jobs.filter(({ id }) => !known.has(id));
}

const DISMISSED = 'easel.dismissed';
/** Far more than are ever read again. */
const DISMISSED_KEPT = 500;

function loadDismissed(): readonly string[] {
  return (localStorage.getItem(DISMISSED) ?? '').split(' ');
}

function saveDismissed(id: string): void {
  localStorage.setItem(DISMISSED, [id, ...loadDismissed()].slice(0, DISMISSED_KEPT).join(' '));
}

function useRunActions(feed: Feed, setRuns: SetRuns): RunActions {
  const { client } = useSession();
  const startImages = useRef(new Map<string, string>());
  return useMemo<RunActions>(() => {
    const update = (key: string, next: (run: Run) => Run) =>
      setRuns((all) => all.map((run) => (run.key === key ? next(run) : run)));
    const create = async (jobs: JobFeed, { key, request }: Run, isOfMany: boolean) => {
      try {
        const job = await createJob(client, jobs, request, isOfMany);
        if (request.image !== undefined) startImages.current.set(job.id, request.image);
        // The list of unfinished jobs may have arrived before this reply.
        setRuns((all) => all.filter((run) => run.key === key || run.job?.id !== job.id));
        update(key, (run) => ({ ...jobs.runOf(job), key, request: run.request }));
      } catch (error) {
        if (jobs.signal.aborted) return;
        update(key, (run) => ({ ...run, phase: 'failed', problem: messageOf(error) }));
      }
    };
    return {
      start(...requests) {
        const jobs = feed.current;
        if (jobs === undefined) return;
        const added = requests.map((request): Run => {
          started += 1;
          return { key: `run-${started}`, request, phase: 'sending', previews: 0 };
        });
        setRuns((all) => [...added.toReversed(), ...all]);
        void (async () => {
          for (const run of added) await create(jobs, run, added.length > 1);
        })();
      },
      cancel({ key, job }) {
        if (job === undefined) return;
        client.jobs
          .cancel(job.id)
          .catch((error: unknown) => update(key, (run) => ({ ...run, problem: messageOf(error) })));
      },
      dismiss({ key, job }) {
        if (job !== undefined) saveDismissed(job.id);
        setRuns((all) => all.filter((run) => run.key !== key));
      },
      replace: (id, job) =>
        setRuns((all) => all.flatMap((run) => (run.job?.id !== id ? [run] : job === null ? [] : [{ ...run, job }]))),
      waitForEnd: (job, signal) => waitForEnd(client, feed.current, job, signal),
      startImageOf: ({ id, start_image: url }) =>
        startImages.current.get(id) ?? (url === undefined ? null : new URL(url).pathname),
    };
  }, [client, feed, setRuns]);
}

/**
 * Creates a job. With an idempotency key a lost reply can be requested again without creating a second one.
 *
 * @param isOfMany a list of prompts may be longer than the rate limit: it goes on when that allows it
 */
async function createJob(client: EaselClient, feed: JobFeed, request: JobCreate, isOfMany: boolean): Promise<Job> {
  const { signal } = feed;
  const idempotencyKey = randomId();
  for (;;) {
    try {
      return await feed.create(() => client.jobs.create(request, { signal, idempotencyKey }));
    } catch (error) {
      const wait = error instanceof EaselError && error.code === 'rate_limited' ? error.retryAfter : undefined;
      if (!isOfMany || wait === undefined || wait > LONGEST_WAIT_S) throw error;
      await pause(wait * 1000, signal);
    }
  }
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
