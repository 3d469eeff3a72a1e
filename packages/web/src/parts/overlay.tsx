import { type ReactNode, useEffect, useRef } from 'react';
import { randomId } from '../browser.ts';
import { openedOverlay, openOverlay } from '../router.ts';

export interface OverlayProps {
  readonly label: string;
  readonly className: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Something over the view, closed by Escape, the back button, its ✕, which is always in sight, or a click beside it. */
export function Overlay({ label, className, onClose, children }: OverlayProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  useBackCloses(onClose);
  // A press that began inside, as when text is selected, is none beside it.
  const began = useRef<EventTarget>(null);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={dialog}
      className="overlay"
      aria-label={label}
      onClose={onClose}
      onPointerDown={({ target }) => {
        began.current = target;
      }}
      onClick={({ target }) => {
        if (target === dialog.current && began.current === target) dialog.current?.close();
      }}
    >
      <button type="button" className="close" aria-label="Close" onClick={() => dialog.current?.close()}>
        ✕
      </button>
      <div className={`inside ${className}`}>{children}</div>
    </dialog>
  );
}

/** What opens over a view is closed by the browser's back button, as on a phone everything is. */
export function useBackCloses(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  const own = useRef<string>(undefined);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(leaving.current);
    if (own.current === undefined) {
      own.current = randomId();
      openOverlay(own.current);
    }
    const onBack = () => {
      if (openedOverlay() !== own.current) latest.current();
    };
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('popstate', onBack);
      // Later, because React may take an effect back only to do it again.
      leaving.current = setTimeout(() => {
        if (openedOverlay() === own.current) window.history.back();
      });
    };
  }, []);
}
