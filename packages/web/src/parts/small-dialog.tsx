import { type ReactNode, useEffect, useId, useRef } from 'react';
import { createPortal } from 'react-dom';
import '../styles/small-dialog.css';

export interface SmallDialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Keeps Escape from closing it, as while something is under way. */
  readonly isBusy?: boolean;
  readonly className?: string;
}

/** A dialog for a few fields, over the view, wherever it is opened; the focus goes back to where it was. */
export function SmallDialog({ title, onClose, children, isBusy = false, className = '' }: SmallDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return createPortal(
    <dialog
      ref={dialog}
      className={`card stack small-dialog ${className}`}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => isBusy && event.preventDefault()}
      // What is sent in here is not meant for a form that the dialog was opened from.
      onSubmit={(event) => event.stopPropagation()}
    >
      <div className="row spread">
        <h2 id={id}>{title}</h2>
        <button
          type="button"
          className="plain"
          aria-label="Close"
          disabled={isBusy}
          onClick={() => dialog.current?.close()}
        >
          ✕
        </button>
      </div>
      {children}
    </dialog>,
    document.body,
  );
}
