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
import { type Choice, CompareDialog } from '../viewer/compare-dialog.tsx';
import { type Filter, Filters, faultOfFilter, filterOf, queryOf } from './filters.tsx';
import { GalleryEntry } from './gallery-entry.tsx';
import { type Gallery, useGallery } from './use-gallery.ts';

/** All pictures, newest first; the address holds the search, so that it can be bookmarked. */
export function GalleryView() {
  const { query } = useRoute();
  const { start } = useRuns();
  const filter = filterOf(query);
  const fault = faultOfFilter(filter);
  const gallery = useGallery(fault === undefined ? filter : null);
  const entries = useRef<HTMLDivElement>(null);
  const comparison = useComparison();
  const actions = useJobActions(gallery, entries, comparison.deselectJob);
  const search = (change: Partial<Filter>) =>
    go(addressOf('gallery', queryOf({ ...filter, ...change })), { replace: true });
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
        <h1>Gallery</h1>
        <Filters filter={filter} onChange={search} />
      </div>
      {actions.problem !== undefined && <Notice kind="error">{actions.problem}</Notice>}
      <ComparisonBar comparison={comparison} />
      {fault !== undefined && <Notice kind="error">{fault}</Notice>}
      <div className="gallery" ref={entries}>
        {gallery.jobs.map((job) => (
          <GalleryEntry
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
      <LoadError problem={gallery.problem} retry={gallery.more} />
      {fault === undefined && <EndOfList gallery={gallery} isSearch={Object.keys(queryOf(filter)).length > 0} />}
    </div>
  );
}

/** What a user can do with a job, and why the last attempt failed. */
function useJobActions(gallery: Gallery, entries: RefObject<HTMLDivElement | null>, onRemoved: (job: Job) => void) {
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
      attempt(async () => gallery.replace(await client.jobs.change(job.id, { favourite: !job.favourite }))),
    cancel: (job: Job) => attempt(async () => gallery.replace(await client.jobs.cancel(job.id))),
    remove: (job: Job) =>
      attempt(async () => {
        const index = gallery.jobs.findIndex(({ id }) => id === job.id);
        await client.jobs.forget(job.id);
        flushSync(() => gallery.remove(job));
        // The next entry takes its place; keyboard users keep the focus there.
        const next = entries.current?.children[Math.min(index, gallery.jobs.length - 2)];
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
function EndOfList({ gallery, isSearch }: { readonly gallery: Gallery; readonly isSearch: boolean }) {
  const { jobs, state, problem, more, sentinel } = gallery;
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
