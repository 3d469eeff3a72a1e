import type { Job, JobCreate } from '@easel/contract';
import { type RefObject, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { Link } from '../parts/buttons.tsx';
import { LoadError, Notice } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { setPendingSettings } from '../settings/initial-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { type Choice, CompareDialog } from './compare-dialog.tsx';
import { type Filter, Filters, faultOfFilter, filterOf, queryOf } from './filters.tsx';
import { HistoryEntry } from './history-entry.tsx';
import { type History, useHistory } from './use-history.ts';

/** All jobs, newest first; the address holds the search, so that it can be bookmarked. */
export function HistoryView() {
  const { query } = useRoute();
  const { start } = useRuns();
  const filter = filterOf(query);
  const fault = faultOfFilter(filter);
  const history = useHistory(fault === undefined ? filter : null);
  const gallery = useRef<HTMLDivElement>(null);
  const comparison = useComparison();
  const actions = useJobActions(history, gallery, comparison.deselectJob);
  const search = (change: Partial<Filter>) =>
    go(addressOf('history', queryOf({ ...filter, ...change })), { replace: true });
  const use = (settings: Partial<Settings>) => {
    setPendingSettings(settings);
    go(addressOf('playground'));
  };
  const make = (request: JobCreate) => {
    start(request);
    go(addressOf('playground'));
  };
  return (
    <div className="stack">
      <div className="row wrap spread">
        <h1>History</h1>
        <Filters filter={filter} onChange={search} />
      </div>
      {actions.problem !== undefined && <Notice kind="error">{actions.problem}</Notice>}
      <ComparisonBar comparison={comparison} />
      {fault !== undefined && <Notice kind="error">{fault}</Notice>}
      <div className="gallery" ref={gallery}>
        {history.jobs.map((job) => (
          <HistoryEntry
            key={job.id}
            job={job}
            choice={{ isChosen: comparison.isSelected, onChoose: (image) => comparison.toggle({ job, image }) }}
            onUse={use}
            onMake={make}
            onFavourite={() => void actions.toggleFavourite(job)}
            onDelete={() => void actions.remove(job)}
            onCancel={() => void actions.cancel(job)}
          />
        ))}
      </div>
      <LoadError problem={history.problem} retry={history.more} />
      {fault === undefined && <EndOfList history={history} isSearch={Object.keys(queryOf(filter)).length > 0} />}
    </div>
  );
}

/** What a user can do with a job, and why the last attempt failed. */
function useJobActions(history: History, gallery: RefObject<HTMLDivElement | null>, onRemoved: (job: Job) => void) {
  const { client } = useSession();
  const [problem, setProblem] = useState<string>();
  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(undefined);
      await work();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return {
    problem,
    toggleFavourite: (job: Job) =>
      attempt(async () => history.replace(await client.jobs.change(job.id, { favourite: !job.favourite }))),
    cancel: (job: Job) => attempt(async () => history.replace(await client.jobs.cancel(job.id))),
    remove: (job: Job) =>
      attempt(async () => {
        const index = history.jobs.findIndex(({ id }) => id === job.id);
        await client.jobs.forget(job.id);
        flushSync(() => history.remove(job));
        // The next entry takes its place; keyboard users keep the focus there.
        const next = gallery.current?.children[Math.min(index, history.jobs.length - 2)];
        next?.querySelector<HTMLElement>('.delete')?.focus();
        onRemoved(job);
      }),
  };
}

/** The pictures selected for comparison, at most two. */
function useComparison() {
  const [selected, setSelected] = useState<readonly Choice[]>([]);
  return {
    selected,
    isSelected: ({ id }: Choice['image']) => selected.some(({ image }) => image.id === id),
    toggle: (choice: Choice) =>
      setSelected((before) => {
        const others = before.filter(({ image }) => image.id !== choice.image.id);
        return others.length < before.length ? others : [...before.slice(-1), choice];
      }),
    deselectJob: (job: Job) => setSelected((before) => before.filter((choice) => choice.job.id !== job.id)),
    clear: () => setSelected([]),
  };
}

function ComparisonBar({ comparison: { selected, clear } }: { readonly comparison: ReturnType<typeof useComparison> }) {
  const [left, right] = selected;
  if (left === undefined) return null;
  return (
    <>
      <p className="row choosing card" role="status">
        {right === undefined ? 'Select another picture to compare.' : 'Two pictures selected.'}
        <button type="button" className="plain" onClick={clear}>
          Clear selection
        </button>
      </p>
      {right && <CompareDialog left={left} right={right} onClose={clear} />}
    </>
  );
}

/** Loads the next page when it comes into view, and says when there is nothing to show. */
function EndOfList({ history, isSearch }: { readonly history: History; readonly isSearch: boolean }) {
  const { jobs, state, problem, more, sentinel } = history;
  if (state === 'end') {
    if (jobs.length > 0) return null;
    return (
      <p className="quiet centred">
        {isSearch ? (
          'No results.'
        ) : (
          <>
            No pictures yet. <Link href={addressOf('playground')}>Generate a picture</Link>
          </>
        )}
      </p>
    );
  }
  if (problem !== undefined) return null;
  return (
    <p ref={sentinel} className="quiet centred">
      {state === 'loading' ? (
        'Loading…'
      ) : (
        <button type="button" onClick={more}>
          Load more
        </button>
      )}
    </p>
  );
}
