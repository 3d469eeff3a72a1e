import { type RefObject, useEffect, useRef } from 'react';
import { isShortcut, type ShortcutName, shortcutNames } from '../shortcuts.ts';

/** What keys do, by their names in the table of all keys. */
export type Keys = Partial<Readonly<Record<ShortcutName, (() => void) | undefined>>>;

/** Keys work wherever the focus is in the viewer, but where they mean something else. */
export function useKeys(frame: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const name = shortcutNames.find((each) => latest.current[each] !== undefined && isShortcut(event, each));
      if (name === undefined || event.defaultPrevented || !isMeant(frame.current, event)) return;
      event.preventDefault();
      latest.current[name]?.();
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
