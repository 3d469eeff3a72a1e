import { type ReactNode, useEffect, useRef } from 'react';
import { useBackCloses } from './use-back-closes.ts';

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
