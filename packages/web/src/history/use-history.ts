import type { EaselClient } from '@easel/client';
import type { Job, JobPage } from '@easel/contract';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useRuns } from '../runs/runs.tsx';
import { askUntilAnswered, messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { type Filter, listQueryOf } from './filters.tsx';

const PAGE = 24;
/** For what no event tells: stars and deletions of other tabs, pictures whose time is over. */
const LOOK_AGAIN_MS = 15_000;
/** Many events at once are one change. */
const PAUSE_MS = 250;

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
  const { onChange } = useRuns();
  const wanted = filter === null ? null : JSON.stringify(listQueryOf(filter));
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [state, setState] = useState<'loading' | 'more' | 'end'>('loading');
  const [problem, setProblem] = useState<string>();
  const cursor = useRef<string | null>(null);
  const searching = useRef(new AbortController());
  const loading = useRef(new AbortController());
  const place = useRef<number>(undefined);
  const isLoading = useRef(false);
  /** Counts what was changed here: a list that was asked for before says nothing of it. */
  const edits = useRef(0);
  const lookAgain = useRef(() => {});
  const shown = useRef<readonly Job[]>([]);
  shown.current = jobs;

  const edit = useCallback((change: (jobs: readonly Job[]) => readonly Job[]) => {
    edits.current += 1;
    setJobs(change);
  }, []);
  const replace = useCallback(
    (changed: Job) => edit((all) => all.map((job) => (job.id === changed.id ? changed : job))),
    [edit],
  );

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
        if (!signal.aborted) {
          isLoading.current = false;
          edits.current += 1;
          lookAgain.current();
        }
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
      const before = edits.current;
      const page = await client.jobs.list({ ...JSON.parse(wanted), limit: PAGE }, { signal: controller.signal });
      if (isLoading.current || edits.current !== before) return false;
      setProblem(undefined);
      if (olderThan(page, shown.current) === null) {
        cursor.current = page.next_cursor;
        setState(page.next_cursor === null ? 'end' : 'more');
        setJobs(page.jobs);
      } else setJobs((before) => [...page.jobs, ...(olderThan(page, before) ?? [])]);
      return true;
    };
    const looker = new Looker(look, () => document.hidden || isLoading.current, controller.signal);
    lookAgain.current = () => looker.goOn();
    const onVisible = () => looker.goOn();
    document.addEventListener('visibilitychange', onVisible);
    const stopListening = onChange((ended) => {
      // A look is at the newest only.
      if (ended !== undefined) replace({ ...ended, favourite: isFavourite(ended, shown.current) });
      looker.look();
    });
    if (known === undefined) void load(true);
    else {
      setState(known.cursor === null ? 'end' : 'more');
      place.current = known.scrolled;
      looker.look();
    }
    const timer = setInterval(() => looker.look(), LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      stopListening();
      document.removeEventListener('visibilitychange', onVisible);
      controller.abort();
    };
  }, [client, wanted, load, onChange, replace]);

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
      // A busy browser tells of several changes at once; the last is how it is now (W3C Intersection Observer, “Notify Intersection Observers”).
      const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && more(), {
        rootMargin: '600px',
      });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [state, problem, more],
  );
  const remove = ({ id }: Job) => edit((all) => all.filter((job) => job.id !== id));
  return { jobs, state, problem, more, sentinel, replace, remove };
}

/** A star may have been set since the job was read. */
function isFavourite({ id, favourite }: Job, known: readonly Job[]): boolean {
  return known.find((job) => job.id === id)?.favourite ?? favourite;
}

/** Looks whenever asked to, one look at a time, and once more for what happened during a look. */
class Looker {
  /** @returns false when what was found came too late to be shown */
  readonly #look: () => Promise<boolean>;
  readonly #isHindered: () => boolean;
  readonly #signal: AbortSignal;
  #isDue = false;
  #isLooking = false;

  constructor(look: () => Promise<boolean>, isHindered: () => boolean, signal: AbortSignal) {
    this.#look = look;
    this.#isHindered = isHindered;
    this.#signal = signal;
  }

  look(): void {
    this.#isDue = true;
    this.goOn();
  }

  /** Looks if that is due: what has hindered it may be over. */
  goOn(): void {
    if (!this.#isDue || this.#isLooking || this.#isHindered() || this.#signal.aborted) return;
    this.#isDue = false;
    this.#isLooking = true;
    this.#look()
      .then(
        (isShown) => {
          if (!isShown) this.#isDue = true;
        },
        () => {}, // the next connection, or the next turn, makes up for it
      )
      .finally(() =>
        setTimeout(() => {
          this.#isLooking = false;
          this.goOn();
        }, PAUSE_MS),
      );
  }
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
