import type { Job } from '@easel/contract';
import { useCallback, useEffect, useRef, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { useSession } from '../session/session.tsx';
import { type Filter, listQueryOf } from './filter.ts';

const PAGE = 24;

/** The own jobs page by page, the next one when its place comes into view. */
export function useHistory(filter: Filter) {
  const { client } = useSession();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [state, setState] = useState<'loading' | 'more' | 'end'>('loading');
  const [problem, setProblem] = useState<string>();
  const cursor = useRef<string | null>(null);
  const searching = useRef(new AbortController());
  const wanted = JSON.stringify(listQueryOf(filter));

  const load = useCallback(
    async (isFirst: boolean) => {
      const { signal } = searching.current;
      setState('loading');
      try {
        const after = isFirst || cursor.current === null ? {} : { cursor: cursor.current };
        const page = await client.jobs.list({ ...JSON.parse(wanted), limit: PAGE, ...after }, { signal });
        cursor.current = page.next_cursor;
        setJobs((before) => (isFirst ? page.jobs : [...before, ...page.jobs]));
        setState(page.next_cursor === null ? 'end' : 'more');
        setProblem(undefined);
      } catch (error) {
        if (signal.aborted) return;
        setProblem(messageOf(error));
        setState('more');
      }
    },
    [client, wanted],
  );

  useEffect(() => {
    const controller = new AbortController();
    searching.current = controller;
    cursor.current = null;
    void load(true);
    return () => controller.abort();
  }, [load]);

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
  return { jobs, state, problem, more, sentinel, replace };
}
