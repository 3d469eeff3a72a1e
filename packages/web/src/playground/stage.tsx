import type { Job, JobCreate } from '@easel/contract';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { listedSource, pathOf } from '../files/picture-file.ts';
import { isOver, type Run, runCount } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import type { Settings } from '../settings/settings.ts';
import { isShortcut } from '../shortcuts.ts';
import { PictureWalk } from '../viewer/picture-dialog.tsx';
import type { ShownPicture } from '../viewer/picture-viewer.tsx';
import { StageCaption } from './stage-caption.tsx';
import type { Shown, ShownRun } from './use-shown.ts';

export interface StageProps extends Pick<ShownRun, 'show' | 'move'> {
  readonly runs: readonly Run[];
  readonly shown: Shown;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  /** A picture is opened: nothing else should take the stage now. */
  readonly onOpen: () => void;
}

/** The chosen run as large as the window allows: its picture or pictures, or while it is computed its preview. */
export function Stage({ runs, shown, show, move, onUse, onMake, onOpen }: StageProps) {
  const { run, index } = shown;
  const { job, phase } = run;
  const { replace } = useRuns();
  /** The `id` of the picture that is open in the viewer. */
  const [opened, setOpened] = useState<string>();
  const swipe = useSwipe(move);
  const onKey = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement && event.target.matches('.picture'))) return;
    if (isShortcut(event, 'nextPicture')) move(1);
    if (isShortcut(event, 'previousPicture')) move(-1);
  };
  const open = (at: number) => {
    onOpen();
    setOpened(job?.images[at]?.id);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the pictures in it
    <div
      className={`stage-run ${phase}`}
      aria-busy={!isOver(run)}
      data-phase={phase}
      data-previews={run.previews}
      onKeyDown={onKey}
    >
      <div className="easel" {...swipe}>
        {phase === 'succeeded' && job !== undefined ? (
          <Finished run={run} job={job} index={index} onOpen={open} />
        ) : (
          <Unfinished run={run} />
        )}
      </div>
      <StageCaption shown={shown} show={show} onOpen={open} onUse={onUse} onMake={onMake} />
      {opened !== undefined && (
        <PictureWalk
          pictures={picturesOf(runs)}
          shown={opened}
          onShow={({ job: { id }, image }) => {
            const of = runs.find((each) => each.job?.id === id);
            if (of !== undefined)
              show(
                of,
                of.job?.images.findIndex((each) => each.id === image.id),
              );
            setOpened(image.id);
          }}
          onClose={() => setOpened(undefined)}
          onUse={onUse}
          onMake={onMake}
          onChange={(changed) => replace(changed.id, changed.images.length === 0 ? null : changed)}
        />
      )}
    </div>
  );
}

/** All pictures of the strip, to walk through. */
function picturesOf(runs: readonly Run[]): readonly ShownPicture[] {
  return runs.flatMap(({ job, phase }) =>
    phase === 'succeeded' && job !== undefined ? job.images.map((image) => ({ job, image })) : [],
  );
}

interface FinishedProps {
  readonly run: Run;
  readonly job: Job;
  readonly index: number | null;
  readonly onOpen: (index: number) => void;
}

function Finished({ run, job, index, onOpen }: FinishedProps) {
  const { images, prompt } = job;
  const all = images.length;
  if (all === 0) return <p className="quiet">The pictures are no longer available.</p>;
  const listed = images.map((image, at) => ({ image, at })).filter(({ at }) => index === null || at === index);
  return (
    <Mat count={listed.length} size={listed[0]?.image ?? { width: 1, height: 1 }}>
      {listed.map(({ image, at }) => (
        <button
          key={image.id}
          type="button"
          className="picture"
          aria-label={`Open picture ${at + 1} of ${all}: ${prompt ?? 'prompt not stored'}`}
          // What was there last is in sight until the file is.
          style={backgroundOf(run.finished?.[at] ?? (all === 1 ? run.preview : undefined))}
          onClick={() => onOpen(at)}
        >
          <img
            {...(listed.length === 1
              ? { src: pathOf(image.url) }
              : listedSource(image, '(max-width: 52rem) 45vw, 35vw'))}
            alt={prompt ?? ''}
            width={image.width}
            height={image.height}
            className={run.isEarlier === true ? undefined : 'arriving'}
            draggable={false}
          />
        </button>
      ))}
    </Mat>
  );
}

/** The preview; of several pictures those that are finished, the one that is computed now, and the places of the others. */
function Unfinished({ run }: { readonly run: Run }) {
  const { request, preview, finished = [], phase } = run;
  const size = sizeOf(run);
  const places = Array.from({ length: runCount(run) }, (_, at) => {
    const isCurrent = at === finished.length && phase === 'running';
    const source = finished[at] ?? (isCurrent || (finished.length === 0 && at === 0) ? preview : undefined);
    return { at, source, isFinished: finished[at] !== undefined, isCurrent };
  });
  return (
    <Mat count={places.length} size={size}>
      {places.map(({ at, source, isFinished, isCurrent }) => (
        <div key={at} className={isCurrent ? 'place current' : 'place'}>
          {source !== undefined && (
            <img src={source} alt={isFinished ? `Picture ${at + 1}: ${request.prompt}` : 'Preview'} draggable={false} />
          )}
        </div>
      ))}
    </Mat>
  );
}

function sizeOf({ job, request }: Run): { readonly width: number; readonly height: number } {
  return {
    width: job?.images[0]?.width ?? job?.img_width ?? request.img_width ?? 1,
    height: job?.images[0]?.height ?? job?.img_height ?? request.img_height ?? 1,
  };
}

export interface MatProps {
  readonly count: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly children: ReactNode;
}

/** Lays out pictures of one size so that they are as large as possible. */
export function Mat({ count, size, children }: MatProps) {
  const ratio = size.width / size.height;
  // Two wide pictures are larger one above the other.
  const columns = count === 2 && ratio > 1.3 ? 1 : Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const overall = (columns * ratio) / rows;
  return (
    <div
      className={`mat of-${count}`}
      style={{
        aspectRatio: String(overall),
        width: `min(100cqw, ${100 * overall}cqh)`,
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        gridTemplateRows: `repeat(${rows}, minmax(0, 1fr))`,
      }}
    >
      {children}
    </div>
  );
}

function backgroundOf(source: string | undefined) {
  return source === undefined ? undefined : { backgroundImage: `url(${source})` };
}

/** In pixels of the screen. */
const SWIPE = 40;

/** A swipe to the left goes on to the next picture. The page itself scrolls up and down under the same finger. */
function useSwipe(move: (by: 1 | -1) => void) {
  const start = useRef<{ readonly x: number; readonly y: number }>(undefined);
  return {
    onPointerDown: ({ clientX: x, clientY: y, isPrimary, pointerType }: PointerEvent) => {
      start.current = isPrimary && pointerType !== 'mouse' ? { x, y } : undefined;
    },
    onPointerCancel: () => {
      start.current = undefined;
    },
    onPointerUp: ({ clientX, clientY }: PointerEvent) => {
      if (start.current === undefined) return;
      const [across, down] = [clientX - start.current.x, clientY - start.current.y];
      start.current = undefined;
      if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(down)) move(across < 0 ? 1 : -1);
    },
  };
}
