import { type PointerEvent, type ReactNode, type RefObject, useEffect, useRef, useSyncExternalStore } from 'react';
import { useCloseOnBack } from '../parts/overlay.tsx';

export interface SheetProps {
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  readonly children: ReactNode;
}

/** In pixels of the screen. */
const DRAG = 40;

const narrow = window.matchMedia('(max-width: 52rem)');

/** Whether the form is a sheet at the bottom of the window, as on phones. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      narrow.addEventListener('change', onChange);
      return () => narrow.removeEventListener('change', onChange);
    },
    () => narrow.matches,
  );
}

/**
 * The form's place: beside the pictures, or on a phone a sheet at the bottom. Closed, the sheet has the prompt and the button; open, it has
 * everything and keeps the focus, until Escape, the back button, a drag down or a tap outside closes it.
 */
export function Sheet({ isOpen, onOpen, children }: SheetProps) {
  const isNarrow = useNarrow();
  const sheet = useRef<HTMLElement>(null);
  const drag = useDrag(onOpen);
  const isModal = isNarrow && isOpen;
  useCoveredHeight(sheet, isNarrow && !isOpen);
  return (
    <section
      ref={sheet}
      className={isModal ? 'sheet open' : 'sheet'}
      aria-label="Settings"
      {...(isModal && { role: 'dialog', 'aria-modal': true })}
    >
      {isModal && (
        <>
          <Modal sheet={sheet} onClose={() => onOpen(false)} />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape and the button do the same */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
          <div className="sheet-backdrop" onClick={() => onOpen(false)} />
        </>
      )}
      <div className="sheet-body">
        {isNarrow && (
          <button
            type="button"
            className="handle"
            aria-expanded={isOpen}
            {...drag}
            // By the keyboard; a tap is a drag of no length.
            onClick={({ detail }) => detail === 0 && onOpen(!isOpen)}
          >
            {isOpen ? 'Fewer settings' : 'All settings'}
          </button>
        )}
        {children}
      </div>
    </section>
  );
}

/** Tells the layout how much of the window the closed sheet covers, as it is while nobody types: the picture does not move with each line. */
function useCoveredHeight(sheet: RefObject<HTMLElement | null>, isClosed: boolean): void {
  useEffect(() => {
    const [own, view] = [sheet.current, sheet.current?.closest<HTMLElement>('.playground')];
    if (!isClosed || !own || !view) return undefined;
    const observer = new ResizeObserver(() => {
      if (!own.matches(':focus-within')) view.style.setProperty('--sheet-height', `${own.offsetHeight}px`);
    });
    observer.observe(own);
    return () => observer.disconnect();
  }, [sheet, isClosed]);
}

/** Up opens, down closes, a tap does the other of both. */
function useDrag(onOpen: SheetProps['onOpen']) {
  const startY = useRef<number>(undefined);
  return {
    onPointerDown: (event: PointerEvent<HTMLButtonElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      startY.current = event.clientY;
    },
    onPointerCancel: () => {
      startY.current = undefined;
    },
    onPointerUp: ({ clientY, currentTarget }: PointerEvent<HTMLButtonElement>) => {
      if (startY.current === undefined) return;
      const down = clientY - startY.current;
      startY.current = undefined;
      if (Math.abs(down) < DRAG) onOpen(currentTarget.getAttribute('aria-expanded') === 'false');
      else onOpen(down < 0);
    },
  };
}

interface ModalProps {
  readonly sheet: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
}

/** While the sheet is open nothing else of the page can be reached. */
function Modal({ sheet, onClose }: ModalProps) {
  useCloseOnBack(onClose);
  const latest = useRef(onClose);
  latest.current = onClose;
  useEffect(() => {
    const others: Element[] = [];
    for (let inner: Element | null = sheet.current; inner?.parentElement; inner = inner.parentElement) {
      for (const other of inner.parentElement.children) if (other !== inner) others.push(other);
    }
    const made = others.filter((other) => other instanceof HTMLElement && !other.inert);
    for (const other of made) other.toggleAttribute('inert', true);
    const onKey = ({ key, defaultPrevented }: KeyboardEvent) => {
      // It closes one thing at a time: first a dialog that was opened from the sheet.
      if (key === 'Escape' && !defaultPrevented && document.querySelector(':modal') === null) latest.current();
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      for (const other of made) other.toggleAttribute('inert', false);
    };
  }, [sheet]);
  return null;
}
