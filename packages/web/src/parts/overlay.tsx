import { type ReactNode, useEffect, useRef } from 'react';
import { randomId } from '../browser.ts';
import { moveOverlay, openedOverlay, openOverlay } from '../router.ts';

export interface OverlayProps {
  readonly label: string;
  readonly className: string;
  /** Of its own, while it is open. */
  readonly address?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A dialog over the view, closed by Escape, the back button, its ✕, which is always visible, or a click outside it. */
export function Overlay({ label, className, address, onClose, children }: OverlayProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  // By the dialog, which gives the focus back to what had it.
  useCloseOnBack(() => dialog.current?.close(), address);
  // A click that starts inside, as when selecting text, is not a click outside.
  const pressed = useRef<EventTarget>(null);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={dialog}
      className="overlay"
      aria-label={label}
      onClose={onClose}
      onPointerDown={({ target }) => {
        pressed.current = target;
      }}
      onClick={({ target }) => {
        if (target === dialog.current && pressed.current === target) dialog.current?.close();
      }}
    >
      <button type="button" className="close" aria-label="Close" onClick={() => dialog.current?.close()}>
        ✕
      </button>
      <div className={`inside ${className}`}>{children}</div>
    </dialog>
  );
}

/** Closes a dialog on the browser's back button, as users of phones expect. */
export function useCloseOnBack(close: () => void, address?: string): void {
  const latest = useRef({ close, address });
  latest.current = { close, address };
  const own = useRef<string>(undefined);
  const pendingBack = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** Whoever has gone back may go forward again before the dialog is gone. */
  const isBehind = useRef(false);
  useEffect(() => {
    clearTimeout(pendingBack.current);
    if (own.current === undefined) {
      own.current = randomId();
      openOverlay(own.current, latest.current.address);
    }
    const onBack = () => {
      if (openedOverlay() === own.current) return;
      isBehind.current = true;
      latest.current.close();
    };
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('popstate', onBack);
      if (isBehind.current) return;
      // Deferred, because React may clean up an effect only to run it again (StrictMode).
      pendingBack.current = setTimeout(() => {
        if (openedOverlay() === own.current) window.history.back();
      });
    };
  }, []);
  useEffect(() => {
    if (own.current !== undefined && address !== undefined) moveOverlay(own.current, address);
  }, [address]);
}
