import type { Size } from '@easel/contract';
import { type RefObject, useEffect, useState } from 'react';

/** The size of an element, in pixels of the screen, as it changes. */
export function useElementSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const own = element.current;
    if (own === null) return;
    const observer = new ResizeObserver(() => setSize({ width: own.clientWidth, height: own.clientHeight }));
    observer.observe(own);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

/** Calls the listener for each turn of the wheel, and keeps the page from scrolling: React's own listener is passive and cannot. */
export function useWheel(element: RefObject<HTMLElement | null>, listener: (event: WheelEvent) => void): void {
  const [latest] = useState({ listener });
  latest.listener = listener;
  useEffect(() => {
    const own = element.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      latest.listener(event);
    };
    own?.addEventListener('wheel', onWheel, { passive: false });
    return () => own?.removeEventListener('wheel', onWheel);
  }, [element, latest]);
}

/** By how much one turn of the wheel enlarges. */
export function zoomOfWheel({ deltaY, deltaMode }: WheelEvent): number {
  const pixels = deltaMode === WheelEvent.DOM_DELTA_PIXEL ? deltaY : deltaY * 16;
  return Math.exp(-Math.max(-120, Math.min(120, pixels)) * 0.002);
}
