import type { ReactNode } from 'react';
import type { Loaded } from '../session/requests.ts';

export interface NoticeProps {
  readonly kind: 'error' | 'hint';
  readonly children: ReactNode;
  readonly onClose?: () => void;
}

/** A message above the content; screen readers announce errors at once. */
export function Notice({ kind, children, onClose }: NoticeProps) {
  return (
    <div className={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <span>{children}</span>
      {onClose && (
        <button type="button" className="plain" aria-label="Dismiss" onClick={onClose}>
          ✕
        </button>
      )}
    </div>
  );
}

/** Shown in place of a view, or above it, while its data cannot be loaded. */
export function LoadError({ problem, retry }: Pick<Loaded<unknown>, 'problem' | 'retry'>) {
  if (problem === undefined) return null;
  return (
    <Notice kind="error">
      {problem}{' '}
      <button type="button" onClick={retry}>
        Retry
      </button>
    </Notice>
  );
}
