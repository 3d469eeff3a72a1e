import type { EaselClient } from '@easel/client';
import type { Job, JobPage } from '@easel/contract';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { askUntilAnswered } from '../session/ask-until-answered.ts';
import { useSession } from '../session/session.tsx';
import { type Filter, listQueryOf } from './filter.ts';

const PAGE = 24;
const LOOK_AGAIN_MS = 4000;

/** What was loaded when the view was last left, so that one comes back to the same place. */
interface Left {
  readonly client: EaselClient;
  readonly wanted: string | null;
  readonly jobs: readonly Job[];
  readonly cursor: string | null;
  readonly scrolled: number;
}
let left: Left | undefined;

/**
 * The own jobs page by page, the next one when its place comes into view; new ones and changes appear by themselves.
 *
 * @param filter null: what is typed is nothing that can be searched for
 */
export function useHistory(filter: Filter | null) {
  const { client } = useSession();
  const wanted = filter === null ? null : JSON.stringify(listQueryOf(filter));
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [state, setState] = useState<'loading' | 'more' | 'end'>('loading');
  const [problem, setProblem] = useState<string>();
  const cursor = useRef<string | null>(null);
  const searching = useRef(new AbortController());
  const loading = useRef(new AbortController());
  const place = useRef<number>(undefined);
  const isLoading = useRef(false);
  const shown = useRef<readonly Job[]>([]);
  shown.current = jobs;

  const load = useCallback(
    async (isFirst: boolean) => {
      if (wanted === null) return;
      loading.current.abort();
      loading.current = new AbortController();
      const signal = AbortSignal.any([searching.current.signal, loading.current.signal]);
      isLoading.current = true;
      setState('loading');
      try {
        const after = isFirst || cursor.current === null ? {} : { cursor: cursor.current };
        const query = { ...JSON.parse(wanted), limit: PAGE, ...after };
        const ask = () => client.jobs.list(query, { signal });
        const page = await askUntilAnswered(ask, signal, (error) => setProblem(messageOf(error)));
        cursor.current = page.next_cursor;
        setJobs((before) => (isFirst ? page.jobs : [...before, ...page.jobs]));
        setState(page.next_cursor === null ? 'end' : 'more');
        setProblem(undefined);
      } catch (error) {
        if (signal.aborted) return;
        setProblem(messageOf(error));
        setState('more');
      } finally {
        if (!signal.aborted) isLoading.current = false;
      }
    },
    [client, wanted],
  );

  useEffect(() => {
    const controller = new AbortController();
    searching.current = controller;
    isLoading.current = false;
    const known = left?.client === client && left.wanted === wanted ? left : undefined;
    cursor.current = known?.cursor ?? null;
    setJobs(known?.jobs ?? []);
    setProblem(undefined);
    if (wanted === null) return undefined;
    const look = async () => {
      if (document.hidden || isLoading.current) return;
      const page = await client.jobs.list({ ...JSON.parse(wanted), limit: PAGE }, { signal: controller.signal });
      if (isLoading.current) return;
      setProblem(undefined);
      if (olderThan(page, shown.current) === null) {
        cursor.current = page.next_cursor;
        setState(page.next_cursor === null ? 'end' : 'more');
        setJobs(page.jobs);
      } else setJobs((before) => [...page.jobs, ...(olderThan(page, before) ?? [])]);
    };
    if (known === undefined) void load(true);
    else {
      setState(known.cursor === null ? 'end' : 'more');
      place.current = known.scrolled;
      void look().catch(() => {});
    }
    // One that fails is made up for by the next.
    const timer = setInterval(() => void look().catch(() => {}), LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [client, wanted, load]);

  // Both before the browser paints, and so before it scrolls another view's way.
  useLayoutEffect(() => {
    if (place.current === undefined || jobs.length === 0) return;
    window.scrollTo(0, place.current);
    place.current = undefined;
  }, [jobs]);
  useLayoutEffect(
    () => () => {
      const now = { client, wanted, jobs: shown.current, cursor: cursor.current, scrolled: window.scrollY };
      left = now.jobs.length > 0 ? now : undefined;
    },
    [client, wanted],
  );

  const more = useCallback(() => void load(false), [load]);
  const sentinel = useCallback(
    (element: HTMLElement | null) => {
      if (element === null || state !== 'more' || problem !== undefined) return undefined;
      const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && more(), { rootMargin: '600px' });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [state, problem, more],
  );
  const replace = (changed: Job) => setJobs((all) => all.map((job) => (job.id === changed.id ? changed : job)));
  const remove = ({ id }: Job) => setJobs((all) => all.filter((job) => job.id !== id));
  return { jobs, state, problem, more, sentinel, replace, remove };
}

/**
 * What of the known jobs comes after the newest page. Null: nothing can be joined to it, because there is nothing more, or because more
 * has been made since than a page holds.
 */
function olderThan({ jobs, next_cursor: next }: JobPage, known: readonly Job[]): readonly Job[] | null {
  const last = jobs.at(-1);
  const place = known.findIndex(({ id }) => id === last?.id);
  return next === null || place < 0 ? null : known.slice(place + 1);
}
