import { EaselError } from '@easel/client';
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef } from 'react';
import { listedSource } from '../files/picture-file.ts';
import { isOver, type Run, runCount, shareOf } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import { useSession } from '../session/session.tsx';
import { isShortcut } from '../shortcuts.ts';
import type { Shown, ShownRun } from './use-shown.ts';

export interface StripProps extends Pick<ShownRun, 'show'> {
  readonly runs: readonly Run[];
  readonly shown: Shown;
  /** Whether something else, a draft, is on the stage. */
  readonly isAside?: boolean;
}

/** The runs of this visit, and the last ones from before it; the one on the stage is marked. */
export function Strip({ runs, shown, isAside = false, show }: StripProps) {
  const strip = useRef<HTMLElement>(null);
  useShownInSight(strip, shown.run.key);
  const earlier = runs.filter((run) => run.isEarlier === true);
  const own = runs.filter((run) => run.isEarlier !== true);
  const onKey = (event: KeyboardEvent) => {
    const buttons = [...(strip.current?.querySelectorAll<HTMLElement>('button') ?? [])];
    const at = buttons.findIndex((button) => button.matches(':focus'));
    const to = placeAfter(event, at, buttons.length);
    const run = to === undefined ? undefined : [...own, ...earlier][to];
    if (at < 0 || run === undefined || to === undefined) return;
    event.preventDefault();
    show(run);
    buttons[to]?.focus({ preventScroll: true });
  };
  const list = (listed: readonly Run[]) => (
    <ul>
      {listed.map((run) => (
        <Card key={run.key} run={run} isShown={run.key === shown.run.key} isAside={isAside} onShow={() => show(run)} />
      ))}
    </ul>
  );
  return (
    <nav ref={strip} className="strip" aria-label="Runs" onKeyDown={onKey}>
      {own.length > 0 && list(own)}
      {earlier.length > 0 && (
        <>
          <h2 className="quiet">Earlier</h2>
          {list(earlier)}
        </>
      )}
    </nav>
  );
}

function placeAfter(event: KeyboardEvent, at: number, count: number): number | undefined {
  if (isShortcut(event, 'newerRun')) return at - 1;
  if (isShortcut(event, 'olderRun')) return at + 1;
  if (isShortcut(event, 'newestRun')) return 0;
  return isShortcut(event, 'oldestRun') ? count - 1 : undefined;
}

/** Scrolls the strip, and nothing else, until the chosen run is in sight. */
function useShownInSight(strip: RefObject<HTMLElement | null>, key: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when another run is chosen
  useEffect(() => {
    const [list, card] = [strip.current, strip.current?.querySelector('[aria-current]')];
    if (list === null || !card) return;
    const [outer, inner] = [list.getBoundingClientRect(), card.getBoundingClientRect()];
    const missing = (start: number, end: number, from: number, to: number) =>
      start < from ? start - from - GAP : end > to ? end - to + GAP : 0;
    list.scrollBy({
      left: missing(inner.left, inner.right, outer.left, outer.right),
      top: missing(inner.top, inner.bottom, outer.top, outer.bottom),
    });
  }, [strip, key]);
}

const GAP = 8;

const phaseWords = {
  sending: 'Sending',
  queued: 'Queued',
  running: 'Running',
  succeeded: '',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const;

interface CardProps {
  readonly run: Run;
  readonly isShown: boolean;
  readonly isAside: boolean;
  readonly onShow: () => void;
}

function Card({ run, isShown, isAside, onShow }: CardProps) {
  const { phase, request, preview } = run;
  const words = phaseWords[phase];
  return (
    <li
      className={run.isEarlier === true ? 'earlier-card' : `run-card ${phase}`}
      data-phase={phase}
      title={request.prompt}
    >
      <button
        type="button"
        aria-current={isShown && !isAside ? 'true' : undefined}
        tabIndex={isShown ? 0 : -1}
        onClick={onShow}
      >
        {phase === 'succeeded' ? (
          <Thumbnails run={run} />
        ) : (
          <>
            {preview !== undefined && !isOver(run) && (
              <img src={preview} alt="" className="card-preview" draggable={false} />
            )}
            {isOver(run) ? <span aria-hidden="true">{phase === 'failed' ? '!' : '–'}</span> : <Ring run={run} />}
          </>
        )}
        <span className="visually-hidden">
          {words === '' ? '' : `${words}: `}
          <bdi>{request.prompt}</bdi>
          {runCount(run) > 1 && `, ${runCount(run)} pictures`}
        </span>
      </button>
    </li>
  );
}

/** At most four of a run's pictures. One that was deleted elsewhere takes its run out of the strip. */
function Thumbnails({ run: { job } }: { readonly run: Run }) {
  const { client } = useSession();
  const { replace } = useRuns();
  const check = useCallback(
    (id: string) =>
      void client.jobs.get(id).then(
        (found) => replace(id, found.images.length === 0 ? null : found),
        (error: unknown) => error instanceof EaselError && error.status === 404 && replace(id, null),
      ),
    [client, replace],
  );
  if (job === undefined) return null;
  const images = job.images.slice(0, 4);
  return (
    <span className={`thumbnails of-${images.length}`}>
      {images.map((image) => (
        <img
          key={image.id}
          {...listedSource(image, images.length === 1 ? '5rem' : '2.5rem')}
          alt=""
          width={image.width}
          height={image.height}
          loading="lazy"
          draggable={false}
          onError={() => check(job.id)}
        />
      ))}
    </span>
  );
}

/** How far a run is. */
function Ring({ run }: { readonly run: Run }) {
  const share = shareOf(run) ?? 0;
  return (
    <svg className="ring" viewBox="0 0 36 36" aria-hidden="true">
      <circle cx="18" cy="18" r="15" pathLength="1" />
      <circle cx="18" cy="18" r="15" pathLength="1" strokeDasharray={`${share} 1`} className="share" />
    </svg>
  );
}
