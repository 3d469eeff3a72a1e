import { type ReactNode, useEffect, useId, useRef } from 'react';
import '../styles/small-dialog.css';

export interface SmallDialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Keeps Escape from closing it, as while something is under way. */
  readonly isBusy?: boolean;
  readonly className?: string;
}

/** A dialog for a few fields, over the view; the focus goes back to where it was. */
export function SmallDialog({ title, onClose, children, isBusy = false, className = '' }: SmallDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className={`card stack small-dialog ${className}`}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => isBusy && event.preventDefault()}
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
    </dialog>
  );
}
