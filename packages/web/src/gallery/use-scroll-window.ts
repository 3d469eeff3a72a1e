import { type RefObject, useEffect, useState, useSyncExternalStore } from 'react';

/** The window moves in steps of this many pixels, so that most frames of a scroll render nothing. */
const STEP = 300;
/** Whoever scrolls this many pixels between two looks does not press the buttons of a picture. */
const MOVING = 200;
/** Who scrolls this many passes by pictures that need not be loaded. */
const FAST = 2400;
const LOOK_MS = 120;

/** `fast`: nothing can be looked at; `moving`: nothing can be pressed. */
export type ScrollPace = 'slow' | 'moving' | 'fast';

export interface ScrollWindow {
  /** From and to which height of the element its content has to be there. */
  readonly from: number;
  readonly to: number;
  readonly pace: ScrollPace;
}

/** The part of an element that is in sight, and as much above and below it. */
export function useScrollWindow(element: RefObject<HTMLElement | null>): ScrollWindow {
  const step = useSyncExternalStore(subscribe, () => {
    const top = element.current?.getBoundingClientRect().top ?? 0;
    return Math.floor(-top / STEP) + 0; // never -0, which would be another value
  });
  const height = useSyncExternalStore(subscribe, () => window.innerHeight);
  const pace = usePace();
  const overscan = Math.max(height, STEP);
  return { from: step * STEP - overscan, to: (step + 1) * STEP + height + overscan, pace };
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('scroll', onChange, { passive: true });
  window.addEventListener('resize', onChange);
  return () => {
    window.removeEventListener('scroll', onChange);
    window.removeEventListener('resize', onChange);
  };
}

function usePace(): ScrollPace {
  const [pace, setPace] = useState<ScrollPace>('slow');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let seen = window.scrollY;
    const look = () => {
      const moved = Math.abs(window.scrollY - seen);
      seen = window.scrollY;
      timer = moved === 0 ? undefined : setTimeout(look, LOOK_MS);
      setPace(moved > FAST ? 'fast' : moved > MOVING ? 'moving' : 'slow');
    };
    const onScroll = () => {
      timer ??= setTimeout(look, LOOK_MS);
    };
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      window.removeEventListener('scroll', onScroll);
    };
  }, []);
  return pace;
}
