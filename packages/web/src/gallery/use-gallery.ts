import type { EaselClient } from '@easel/client';
import type { Job, JobPage } from '@easel/contract';
import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import { useRuns } from '../runs/runs.tsx';
import { messageOf, retryUntilAnswered } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type Filter, listQueryOf } from './filters.tsx';

const PAGE_LENGTH = 24;
/** For changes without an event: favourites and deletions in other tabs, pictures that have expired. */
const REFRESH_MS = 15_000;
/** Events that come close together cause one refresh. */
const PAUSE_MS = 250;

/** What the view showed when it was last left, so that coming back restores the list and the scroll position. */
interface LastVisit {
  readonly client: EaselClient;
  readonly query: string | null;
  readonly jobs: readonly Job[];
  readonly cursor: string | null;
  readonly scrollY: number;
}
let lastVisit: LastVisit | undefined;

export type Gallery = ReturnType<typeof useGallery>;

/**
 * The jobs of the account page by page; the next page is loaded when its place comes into view, and new jobs and changes appear by themselves.
 *
 * @param filter null: the search is not valid
 */
export function useGallery(filter: Filter | null) {
  const query = filter === null ? null : JSON.stringify(listQueryOf(filter));
  const list = useJobList(query);
  const { jobs, state, problem, load } = list;
  useAutoRefresh(list, query);
  useScrollPosition(list, query);
  const more = useCallback(() => void load(false), [load]);
  const sentinel = useCallback(
    (element: HTMLElement | null) => {
      if (element === null || state !== 'more' || problem !== undefined) return undefined;
      // A busy browser reports several changes at once; the last one is current (W3C Intersection Observer, “Notify Intersection Observers”).
      const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && more(), {
        rootMargin: '600px',
      });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [state, problem, more],
  );
  return { jobs, state, problem, more, sentinel, replace: list.replace, remove: list.remove };
}

/** What changes without a render: where the list is, and what is under way. */
interface ListProgress {
  cursor: string | null;
  isLoading: boolean;
  /** Counts local changes: a list that was requested before one of them is out of date. */
  edits: number;
  shown: readonly Job[];
  /** Aborted when the query changes. */
  search: AbortController;
  /** Aborted when another page is loaded instead. */
  page: AbortController;
  /** Called when a page has been loaded. */
  onLoaded: () => void;
  /** To be restored when the list appears. */
  scrollY: number | undefined;
}

type JobList = ReturnType<typeof useJobList>;

function useJobList(query: string | null) {
  const { client } = useSession();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [state, setState] = useState<'loading' | 'more' | 'end'>('loading');
  const [problem, setProblem] = useState<string>();
  const [progress] = useState(startProgress);
  progress.shown = jobs;
  const edit = useCallback(
    (change: (jobs: readonly Job[]) => readonly Job[]) => {
      progress.edits += 1;
      setJobs(change);
    },
    [progress],
  );
  const replace = useCallback(
    (changed: Job) => edit((all) => all.map((job) => (job.id === changed.id ? changed : job))),
    [edit],
  );
  const remove = ({ id }: Job) => edit((all) => all.filter((job) => job.id !== id));
  const load = useCallback(
    async (isFirst: boolean) => {
      if (query === null) return;
      progress.page.abort();
      progress.page = new AbortController();
      const signal = AbortSignal.any([progress.search.signal, progress.page.signal]);
      progress.isLoading = true;
      setState('loading');
      try {
        const after = isFirst || progress.cursor === null ? {} : { cursor: progress.cursor };
        const ask = () => client.jobs.list({ ...JSON.parse(query), limit: PAGE_LENGTH, ...after }, { signal });
        const page = await retryUntilAnswered(ask, signal, (error) => setProblem(messageOf(error)));
        progress.cursor = page.next_cursor;
        setJobs((before) => (isFirst ? page.jobs : [...before, ...page.jobs]));
        setState(page.next_cursor === null ? 'end' : 'more');
        setProblem(undefined);
      } catch (error) {
        if (signal.aborted) return;
        setProblem(messageOf(error));
        setState('more');
      } finally {
        if (!signal.aborted) {
          progress.isLoading = false;
          progress.edits += 1;
          progress.onLoaded();
        }
      }
    },
    [client, query, progress],
  );
  return { jobs, state, problem, progress, replace, remove, load, setJobs, setState, setProblem };
}

function startProgress(): ListProgress {
  return {
    cursor: null,
    isLoading: false,
    edits: 0,
    shown: [],
    search: new AbortController(),
    page: new AbortController(),
    onLoaded: () => {},
    scrollY: undefined,
  };
}

/** Loads the list for a query, or restores it from the last visit, and keeps its newest page up to date. */
function useAutoRefresh({ progress, replace, load, setJobs, setState, setProblem }: JobList, query: string | null) {
  const { client } = useSession();
  const { onChange } = useRuns();
  useEffect(() => {
    const controller = new AbortController();
    progress.search = controller;
    progress.isLoading = false;
    const known = lastVisit?.client === client && lastVisit.query === query ? lastVisit : undefined;
    progress.cursor = known?.cursor ?? null;
    setJobs(known?.jobs ?? []);
    setProblem(undefined);
    if (query === null) return undefined;
    const refresh = async () => {
      const { edits } = progress;
      const newest = { ...JSON.parse(query), limit: PAGE_LENGTH };
      const page = await client.jobs.list(newest, { signal: controller.signal });
      if (progress.isLoading || progress.edits !== edits) return false;
      setProblem(undefined);
      if (olderThan(page, progress.shown) === null) {
        progress.cursor = page.next_cursor;
        setState(page.next_cursor === null ? 'end' : 'more');
        setJobs(page.jobs);
      } else setJobs((before) => [...page.jobs, ...(olderThan(page, before) ?? [])]);
      return true;
    };
    const refresher = new Refresher(refresh, () => document.hidden || progress.isLoading, controller.signal);
    progress.onLoaded = () => refresher.resume();
    const onVisible = () => refresher.resume();
    document.addEventListener('visibilitychange', onVisible);
    const unsubscribe = onChange((ended) => {
      // A refresh covers the newest page only.
      if (ended !== undefined) replace({ ...ended, favourite: isFavourite(ended, progress.shown) });
      refresher.request();
    });
    if (known === undefined) void load(true);
    else {
      setState(known.cursor === null ? 'end' : 'more');
      progress.scrollY = known.scrollY;
      refresher.request();
    }
    const timer = setInterval(() => refresher.request(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      unsubscribe();
      document.removeEventListener('visibilitychange', onVisible);
      controller.abort();
    };
  }, [client, query, progress, load, onChange, replace, setJobs, setState, setProblem]);
}

/** Restores the scroll position of the last visit, and remembers this one. */
function useScrollPosition({ jobs, progress }: JobList, query: string | null): void {
  const { client } = useSession();
  // Both run before the browser paints, and so before it scrolls for another view.
  useLayoutEffect(() => {
    const { scrollY } = progress;
    if (scrollY === undefined || jobs.length === 0) return;
    window.scrollTo(0, scrollY);
    progress.scrollY = undefined;
  }, [jobs, progress]);
  useLayoutEffect(() => {
    return () => {
      const { shown, cursor } = progress;
      lastVisit = shown.length > 0 ? { client, query, jobs: shown, cursor, scrollY: window.scrollY } : undefined;
    };
  }, [client, query, progress]);
}

/** The job may have been marked as a favourite since it was read. */
function isFavourite({ id, favourite }: Job, known: readonly Job[]): boolean {
  return known.find((job) => job.id === id)?.favourite ?? favourite;
}

/** Refreshes on request, one refresh at a time, and once more for requests that come during a refresh. */
class Refresher {
  /** @returns false when the result came too late to be shown */
  readonly #refresh: () => Promise<boolean>;
  readonly #isBlocked: () => boolean;
  readonly #signal: AbortSignal;
  #isDue = false;
  #isRunning = false;

  constructor(refresh: () => Promise<boolean>, isBlocked: () => boolean, signal: AbortSignal) {
    this.#refresh = refresh;
    this.#isBlocked = isBlocked;
    this.#signal = signal;
  }

  request(): void {
    this.#isDue = true;
    this.resume();
  }

  /** Refreshes if that is due and no longer blocked. */
  resume(): void {
    if (!this.#isDue || this.#isRunning || this.#isBlocked() || this.#signal.aborted) return;
    this.#isDue = false;
    this.#isRunning = true;
    this.#refresh()
      .then(
        (isShown) => {
          if (!isShown) this.#isDue = true;
        },
        () => {}, // the next connection, or the timer, tries again
      )
      .finally(() =>
        setTimeout(() => {
          this.#isRunning = false;
          this.resume();
        }, PAUSE_MS),
      );
  }
}

/**
 * The known jobs that come after the newest page. Null: they do not join up with it, because the page is the last one, or because more jobs
 * were created since than a page holds.
 */
function olderThan({ jobs, next_cursor: next }: JobPage, known: readonly Job[]): readonly Job[] | null {
  const last = jobs.at(-1);
  const index = known.findIndex(({ id }) => id === last?.id);
  return next === null || index < 0 ? null : known.slice(index + 1);
}
