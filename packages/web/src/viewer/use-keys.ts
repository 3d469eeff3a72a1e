import { type RefObject, useEffect, useRef } from 'react';

/** What keys do, by their names. */
export type Keys = Readonly<Record<string, (() => void) | undefined>>;

/** Keys work wherever the focus is in the viewer, but where they mean something else. */
export function useKeys(frame: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const act = latest.current[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (!isMeant(frame.current, event)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [frame]);
}

/** Not a key that is typed into a field or scrolls the panel up and down, nor one for a dialog above. */
function isMeant(frame: HTMLElement | null, { target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element) || target.matches('input, textarea, select')) return false;
  const isScrolling = ['ArrowUp', 'ArrowDown', 'Home', 'End'].includes(key);
  if (isScrolling && target.closest('aside') !== null && target.matches('[tabindex]')) return false;
  const own = frame?.closest('dialog') ?? null;
  const modals = document.querySelectorAll('dialog:modal');
  // What has the focus in a modal dialog may be the document itself, after a press on something that takes none.
  return target.closest('dialog') === own || (target === document.body && modals.length === (own === null ? 0 : 1));
}
