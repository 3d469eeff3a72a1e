import type { ReactNode } from 'react';
import type { Loaded } from '../session/requests.ts';

export interface NoticeProps {
  readonly kind: 'error' | 'hint';
  readonly children: ReactNode;
  readonly onClose?: () => void;
}

/** A sentence that has to be seen; errors are read out at once. */
export function Notice({ kind, children, onClose }: NoticeProps) {
  return (
    <div className={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <span>{children}</span>
      {onClose && (
        <button type="button" className="plain" aria-label="Close this message" onClick={onClose}>
          ✕
        </button>
      )}
    </div>
  );
}

/** What stands in place of a view, or above it, while the server has not answered. */
export function Trouble({ problem, again }: Pick<Loaded<unknown>, 'problem' | 'again'>) {
  if (problem === undefined) return null;
  return (
    <Notice kind="error">
      {problem}{' '}
      <button type="button" onClick={again}>
        Try again
      </button>
    </Notice>
  );
}
