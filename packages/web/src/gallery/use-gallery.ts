import type { EaselClient } from '@easel/client';
import type { Job, JobPage } from '@easel/contract';
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from 'react';
import { isSlowConnection } from '../browser.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf, retryUntilAnswered } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type Filter, listQueryOf, noFilter } from './filter.ts';
import { type ListedPicture, picturesOf } from './pictures.ts';

/** Of the newest: what fills the first screen. */
const PAGE_LENGTH = 24;
/** Of what one scrolls to: as many again as there are, up to this. */
const LONGEST_PAGE = 100;
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
 * @param isLaidOut whether the list has its height, so that the scroll position can be restored
 */
export function useGallery(filter: Filter | null, isLaidOut: boolean) {
  const query = filter === null ? null : JSON.stringify(listQueryOf(filter, new Date()));
  const list = useJobList(query);
  const { jobs, state, problem, load } = list;
  useAutoRefresh(list, query);
  useScrollPosition(list, query, isLaidOut);
  const shown = useShownPictures(jobs, list.loaded);
  const more = useCallback(() => void load(false), [load]);
  const sentinel = useCallback(
    (element: HTMLElement | null) => {
      if (element === null || state !== 'more' || problem !== undefined) return undefined;
      // A busy browser reports several changes at once; the last one is current (W3C Intersection Observer, “Notify Intersection Observers”).
      const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && more(), {
        // Soon enough that scrolling does not wait; where that would delay the pictures in view, later.
        rootMargin: isSlowConnection() ? '100px' : '1500px',
      });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [state, problem, more],
  );
  return {
    jobs,
    refresh: () => list.progress.refresh(),
    /** In the order in which they are shown. */
    pictures: shown,
    state,
    /** What is shown is of the search before. */
    isStale: query !== list.loaded,
    problem,
    more,
    sentinel,
    replace: list.replace,
    remove: list.remove,
  };
}

/** @param query that the jobs are of */
function useShownPictures(jobs: readonly Job[], query: string | null): readonly ListedPicture[] {
  return useMemo(() => {
    const { seed = '', size = '' }: { readonly seed?: number | ''; readonly size?: string } = JSON.parse(query ?? '{}');
    return picturesOf(jobs, { seed: String(seed), size });
  }, [jobs, query]);
}

/** What changes without a render: where the list is, and what is under way. */
interface ListProgress {
  cursor: string | null;
  isLoading: boolean;
  /** Counts local changes: a list that was requested before one of them is out of date. */
  edits: number;
  shown: readonly Job[];
  /** The query that they are of. */
  shownQuery: string | null;
  /** Aborted when the query changes. */
  search: AbortController;
  /** Aborted when another page is loaded instead. */
  page: AbortController;
  /** Called when a page has been loaded. */
  onLoaded: () => void;
  /** Looks for what is new. */
  refresh: () => void;
  /** To be restored when the list appears. */
  scrollY: number | undefined;
}

type JobList = ReturnType<typeof useJobList>;

function useJobList(query: string | null) {
  const { client } = useSession();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [state, setState] = useState<'loading' | 'more' | 'end'>('loading');
  const [problem, setProblem] = useState<string>();
  /** The query that the jobs are of: those of the last one stay until others are there. */
  const [loaded, setLoaded] = useState(query);
  const [progress] = useState(startProgress);
  progress.shown = jobs;
  progress.shownQuery = loaded;
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
        const limit = isFirst ? PAGE_LENGTH : Math.min(LONGEST_PAGE, Math.max(PAGE_LENGTH, progress.shown.length));
        const ask = () => client.jobs.list({ ...JSON.parse(query), limit, ...after }, { signal });
        const page = await retryUntilAnswered(ask, signal, (error) => setProblem(messageOf(error)));
        progress.cursor = page.next_cursor;
        setJobs((before) => (isFirst ? page.jobs : [...before, ...page.jobs]));
        setLoaded(query);
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
  return { jobs, state, problem, loaded, progress, replace, remove, load, setJobs, setLoaded, setState, setProblem };
}

function startProgress(): ListProgress {
  return {
    cursor: null,
    isLoading: false,
    edits: 0,
    shown: [],
    shownQuery: null,
    search: new AbortController(),
    page: new AbortController(),
    onLoaded: () => {},
    refresh: () => {},
    scrollY: undefined,
  };
}

/** Loads the list for a query, or restores it from the last visit, and keeps its newest page up to date. */
function useAutoRefresh(list: JobList, query: string | null) {
  const { progress, replace, load, setJobs, setLoaded, setState, setProblem } = list;
  const { client } = useSession();
  const { onChange } = useRuns();
  useEffect(() => {
    const controller = new AbortController();
    progress.search = controller;
    progress.isLoading = false;
    const known = lastVisit?.client === client && lastVisit.query === query ? lastVisit : undefined;
    progress.cursor = known?.cursor ?? null;
    if (known !== undefined || query === null) {
      setJobs(known?.jobs ?? []);
      setLoaded(query);
    }
    setProblem(undefined);
    if (query === null) return undefined;
    const refresh = async () => {
      const { edits } = progress;
      const newest = { ...JSON.parse(query), limit: PAGE_LENGTH };
      const page = await client.jobs.list(newest, { signal: controller.signal });
      if (progress.isLoading || progress.edits !== edits) return false;
      setProblem(undefined);
      setLoaded(query);
      const isJoined = progress.shownQuery === query && olderThan(page, progress.shown) !== null;
      if (!isJoined) {
        progress.cursor = page.next_cursor;
        setState(page.next_cursor === null ? 'end' : 'more');
        setJobs(page.jobs);
      } else setJobs((before) => [...page.jobs, ...(olderThan(page, before) ?? [])]);
      return true;
    };
    const refresher = new Refresher(refresh, () => document.hidden || progress.isLoading, controller.signal);
    progress.onLoaded = () => refresher.resume();
    progress.refresh = () => refresher.request();
    const onVisible = () => refresher.resume();
    document.addEventListener('visibilitychange', onVisible);
    const unsubscribe = onChange((ended) => {
      // A refresh covers the newest page only.
      if (ended !== undefined) {
        replace({ ...ended, favourite: isFavourite(ended, progress.shown) });
        if (query === allPictures && ended.images.length > 0) setJobs((before) => withEarlier(before, ended));
      }
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
  }, [client, query, progress, load, onChange, replace, setJobs, setLoaded, setState, setProblem]);
}

/** Restores the scroll position of the last visit, and remembers this one. */
function useScrollPosition({ jobs, loaded, progress }: JobList, query: string | null, isLaidOut: boolean): void {
  const { client } = useSession();
  // Both run before the browser paints, and so before it scrolls for another view.
  useLayoutEffect(() => {
    const { scrollY } = progress;
    if (scrollY === undefined || jobs.length === 0 || !isLaidOut) return;
    window.scrollTo(0, scrollY);
    progress.scrollY = undefined;
  }, [jobs, isLaidOut, progress]);
  useLayoutEffect(() => {
    if (loaded !== query) return undefined;
    return () => {
      const { shown, cursor } = progress;
      lastVisit = shown.length > 0 ? { client, query, jobs: shown, cursor, scrollY: window.scrollY } : undefined;
    };
  }, [client, query, loaded, progress]);
}

const allPictures = JSON.stringify(listQueryOf(noFilter, new Date()));

/** A job that others have overtaken takes its place among them; the newest come with the refresh, the oldest when one scrolls to them. */
function withEarlier(jobs: readonly Job[], ended: Job): readonly Job[] {
  const place = jobs.findIndex(({ created_at: at }) => at < ended.created_at);
  if (place < 1 || jobs.some(({ id }) => id === ended.id)) return jobs;
  return jobs.toSpliced(place, 0, ended);
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
