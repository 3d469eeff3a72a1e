import type { Job, JobCreate } from '@easel/contract';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { pathOf, thumbnailOf } from '../files/picture-file.ts';
import { Overlay } from '../parts/overlay.tsx';
import { addressOfPicture } from '../router.ts';
import type { Settings } from '../settings/settings.ts';
import { ComparePicker } from './compare-picker.tsx';
import { PicturePanel } from './picture-panel.tsx';
import { ViewerFrame, type Walk } from './viewer-frame.tsx';

/** One picture of a job. */
export interface ShownPicture {
  readonly job: Job;
  readonly image: Job['images'][number];
}

export interface PictureViewerProps {
  /** What can be walked through, in this order. */
  readonly pictures: readonly ShownPicture[];
  /** The `id` of the picture that is shown. */
  readonly shown: string;
  readonly onShow: (picture: ShownPicture) => void;
  readonly onClose: () => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  /** Loads what comes after the last picture; absent: there is nothing. */
  readonly onMore?: (() => void) | undefined;
  /** It is all of the page instead of a dialog over it. */
  readonly isPage?: boolean;
  /** A job was changed here: marked, or a picture of it deleted. One without pictures is deleted as a whole. */
  readonly onChange?: (job: Job) => void;
}

/** One picture as large as the window, with everything that can be done with it, and the way to all others of a list. */
export function PictureViewer({ pictures: given, shown, onShow, onClose, isPage = false, ...act }: PictureViewerProps) {
  const { onUse, onMake, onMore, onChange } = act;
  const { pictures, keep } = useOwnChanges(given);
  const [isComparing, setComparing] = useState(false);
  const index = pictures.findIndex(({ image }) => image.id === shown);
  const found = pictures[index];
  useNeighbours(pictures, index, onMore);
  const isGone = found === undefined;
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    if (isGone) close.current();
  }, [isGone]);
  if (found === undefined) return null;
  const change = (job: Job) => {
    if (!job.images.some(({ id }) => id === shown)) {
      const neighbour = pictures[index + 1] ?? pictures[index - 1];
      if (neighbour === undefined) onClose();
      else onShow(neighbour);
    }
    keep(job);
    onChange?.(job);
  };
  const closeAnd = <Value,>(then: (value: Value) => void, value: Value) => {
    if (!isPage) onClose();
    then(value);
  };
  const others = nearby(pictures, index);
  return (
    <>
      <Surroundings isPage={isPage} shown={shown} onClose={onClose}>
        <ViewerFrame
          id={shown}
          source={pathOf(found.image.url)}
          placeholder={thumbnailOf(found.image)}
          alt={found.job.prompt ?? 'Picture'}
          width={found.image.width}
          height={found.image.height}
          {...walkOf(pictures, index, { onShow, hasMore: onMore !== undefined })}
          {...(!isPage && { onClose })}
        >
          <PicturePanel
            key={shown}
            {...found}
            onUse={(settings) => closeAnd(onUse, settings)}
            onMake={(request) => closeAnd(onMake, request)}
            onLeave={() => !isPage && onClose()}
            onChange={change}
            onCompare={() => setComparing(true)}
          />
        </ViewerFrame>
      </Surroundings>
      {isComparing && <ComparePicker left={found} others={others} onClose={() => setComparing(false)} />}
    </>
  );
}

interface SurroundingsProps extends Pick<PictureViewerProps, 'shown' | 'onClose'> {
  readonly isPage: boolean;
  readonly children: ReactNode;
}

/** A dialog with an address of its own, or a page that has been opened at that address. */
function Surroundings({ isPage, shown, onClose, children }: SurroundingsProps) {
  if (isPage) {
    return (
      <section className="viewer-page" aria-label="Picture">
        <button type="button" className="close" aria-label="Close" title="To the gallery" onClick={onClose}>
          ✕
        </button>
        {children}
      </section>
    );
  }
  return (
    <Overlay label="Picture" className="viewer" address={addressOfPicture(shown)} onClose={onClose}>
      {children}
    </Overlay>
  );
}

/** What was changed in the viewer, until whoever opened it knows it too. */
function useOwnChanges(given: readonly ShownPicture[]) {
  const [changed, setChanged] = useState<ReadonlyMap<string, Job>>(new Map());
  const pictures = given.flatMap(({ job, image }) => {
    const own = changed.get(job.id) ?? job;
    return own.images.some(({ id }) => id === image.id) ? [{ job: own, image }] : [];
  });
  const keep = (job: Job) => setChanged((before) => new Map(before).set(job.id, job));
  return { pictures, keep };
}

/** How near the end of the list one is when the next page is loaded. */
const NEAR = 4;

/** The pictures before and after are loaded in advance, and so is the list. */
function useNeighbours(pictures: readonly ShownPicture[], index: number, onMore: (() => void) | undefined): void {
  const next = pictures[index + 1]?.image.url;
  const previous = pictures[index - 1]?.image.url;
  useEffect(() => {
    for (const url of [next, previous]) if (url !== undefined) new Image().src = pathOf(url);
  }, [next, previous]);
  const more = useRef(onMore);
  more.current = onMore;
  const count = pictures.length;
  useEffect(() => {
    if (index >= count - NEAR) more.current?.();
  }, [index, count]);
}

interface WalkParts {
  readonly onShow: (picture: ShownPicture) => void;
  readonly hasMore: boolean;
}

function walkOf(
  pictures: readonly ShownPicture[],
  index: number,
  { onShow, hasMore }: WalkParts,
): { readonly walk?: Walk } {
  if (pictures.length < 2) return {};
  const [previous, next] = [pictures[index - 1], pictures[index + 1]];
  const to = (picture: ShownPicture | undefined) => () => {
    if (picture !== undefined) onShow(picture);
  };
  const walk = {
    position: `${index + 1} of ${pictures.length}${hasMore ? '+' : ''}`,
    ...(previous && { toPrevious: to(previous) }),
    ...(next && { toNext: to(next) }),
    toFirst: to(pictures[0]),
    toLast: to(pictures.at(-1)),
  };
  return { walk };
}

/** So many on each side of a picture are offered for comparison with it. */
const OFFERED = 12;

/** Its neighbours, those of its own run first. */
function nearby(pictures: readonly ShownPicture[], index: number): readonly ShownPicture[] {
  const shown = pictures[index];
  const around = pictures.slice(Math.max(0, index - OFFERED), index + OFFERED + 1).filter((each) => each !== shown);
  return around.toSorted((one, other) => rank(other, shown) - rank(one, shown));
}

function rank({ job }: ShownPicture, shown: ShownPicture | undefined): number {
  return job.id === shown?.job.id ? 1 : 0;
}
