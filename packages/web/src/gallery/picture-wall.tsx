import { type KeyboardEvent, type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { isShortcut } from '../shortcuts.ts';
import { PictureTile, type TileActions } from './picture-tile.tsx';
import type { ListedPicture } from './pictures.ts';
import { arrange, type Layout, rowAt, verticalNeighbour } from './rows.ts';
import { useScrollWindow } from './use-scroll-window.ts';

const GAP = 8;

export interface PictureWallProps {
  readonly pictures: readonly ListedPicture[];
  /** In CSS pixels; 0: not measured yet. */
  readonly width: number;
  readonly rowHeight: number;
  /** How many pictures there are in all; -1: not known yet. */
  readonly total: number;
  readonly isSelected: (picture: ListedPicture) => boolean;
  /** Must be stable. */
  readonly actions: TileActions;
  /** Loads more, if there are. */
  readonly onEnd: () => void;
  readonly wall: RefObject<HTMLUListElement | null>;
}

/**
 * Pictures in rows of one height. Only those near the window are in the document, so thousands scroll as a dozen do. The arrow keys move
 * between pictures; one of them at a time is in the order of the Tab key.
 */
export function PictureWall({ pictures, width, rowHeight, total, isSelected, actions, onEnd, wall }: PictureWallProps) {
  const layout = useMemo(() => {
    const ratios = pictures.map(({ image }) => image.width / image.height);
    return width === 0 ? arrange([], { width, rowHeight, gap: GAP }) : arrange(ratios, { width, rowHeight, gap: GAP });
  }, [pictures, width, rowHeight]);
  const { from, to, pace } = useScrollWindow(wall);
  usePlaceKept(wall, pictures, layout);
  const [active, setActive] = useState<string>();
  const found = pictures.findIndex(({ image }) => image.id === active);
  const activeIndex = Math.max(0, found);
  const shown = indexesBetween(layout, from, to, activeIndex);
  const move = (event: KeyboardEvent<HTMLUListElement>) => {
    const next = targetOf(event, activeIndex, layout, pictures.length);
    if (next === undefined) return;
    event.preventDefault();
    const picture = pictures[next];
    if (picture === undefined) return onEnd();
    flushSync(() => setActive(picture.image.id));
    focusPicture(wall.current, picture.image.id);
  };
  const activate = useCallback((id: string) => setActive(id), []);
  return (
    <ul ref={wall} className="wall" style={{ height: layout.height }} onKeyDown={move}>
      {shown.map((index) => {
        const [picture, box] = [pictures[index], layout.boxes[index]];
        if (picture === undefined || box === undefined) return null;
        return (
          <PictureTile
            key={picture.image.id}
            picture={picture}
            place={index + 1}
            total={total}
            {...box}
            isActive={index === activeIndex}
            isSelected={isSelected(picture)}
            pace={pace}
            actions={actions}
            onActive={activate}
          />
        );
      })}
    </ul>
  );
}

/** Gives a picture the focus and shows all of it. */
export function focusPicture(wall: HTMLElement | null, id: string): void {
  const button = wall?.querySelector<HTMLElement>(`[data-picture="${id}"]`);
  button?.focus({ preventScroll: true });
  button?.scrollIntoView({ block: 'nearest' });
}

/** The pictures between two heights, and the active one, which may have the focus. */
function indexesBetween({ rows, boxes }: Layout, from: number, to: number, active: number): readonly number[] {
  const first = rows[rowAt(rows, from)]?.first ?? boxes.length;
  const end = rows[rowAt(rows, to)]?.end ?? boxes.length;
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  if (active < first) return [active, ...indexes];
  return active >= end ? [...indexes, active] : indexes;
}

/** Where a key leads to; past the last picture: to where more are loaded. */
function targetOf(event: KeyboardEvent, index: number, layout: Layout, count: number): number | undefined {
  const { target, shiftKey } = event;
  if (shiftKey || !(target instanceof HTMLElement) || target.dataset.picture === undefined) return undefined;
  if (isShortcut(event, 'galleryRight')) return index + 1;
  if (isShortcut(event, 'galleryLeft')) return Math.max(0, index - 1);
  if (isShortcut(event, 'galleryDown')) return verticalNeighbour(layout, index, 1) ?? count;
  if (isShortcut(event, 'galleryUp')) return verticalNeighbour(layout, index, -1) ?? index;
  if (isShortcut(event, 'galleryFirst')) return 0;
  return isShortcut(event, 'galleryLast') ? count - 1 : undefined;
}

/**
 * Keeps in place what one looks at while pictures come in above it, or change their size. Where the wall begins in sight, new ones push
 * the others down.
 */
function usePlaceKept(wall: RefObject<HTMLElement | null>, pictures: readonly ListedPicture[], layout: Layout): void {
  const last = useRef({ pictures, layout });
  /** How far the page was scrolled before its height changed. */
  const scrolled = useRef(0);
  /** The picture that is kept in place, until somebody scrolls. */
  const kept = useRef<string>(undefined);
  const remember = useCallback(() => {
    if (Math.abs(window.scrollY - scrolled.current) > 1) kept.current = undefined;
    scrolled.current = window.scrollY;
  }, []);
  useLayoutEffect(() => {
    remember();
    window.addEventListener('scroll', remember, { passive: true });
    return () => window.removeEventListener('scroll', remember);
  }, [remember]);
  useLayoutEffect(() => {
    const { pictures: old, layout: oldLayout } = last.current;
    last.current = { pictures, layout };
    const element = wall.current;
    if (element === null || oldLayout === layout || old.length === 0) return;
    // Whoever scrolls is ahead of the event that tells so. At the end of the page it may be the browser that has moved: the page got shorter.
    if (!isAtEnd()) remember();
    const style = getComputedStyle(element);
    const start = element.getBoundingClientRect().top + window.scrollY - Number.parseFloat(style.scrollMarginTop);
    const y = scrolled.current - start;
    if (y <= 0) return;
    const places = new Map(pictures.map(({ image }, index) => [image.id, index]));
    const before = old.findIndex(({ image }) => image.id === kept.current);
    const first = before >= 0 ? before : (oldLayout.rows[rowAt(oldLayout.rows, y)]?.first ?? old.length);
    for (let index = first; index < old.length; index += 1) {
      const id = old[index]?.image.id ?? '';
      const now = layout.boxes[places.get(id) ?? -1];
      const then = oldLayout.boxes[index];
      if (now === undefined || then === undefined) continue;
      kept.current = id;
      scrolled.current += now.top - then.top;
      if (scrolled.current !== window.scrollY) window.scrollTo(0, scrolled.current);
      return;
    }
  }, [wall, pictures, layout, remember]);
}

function isAtEnd(): boolean {
  return window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1;
}
