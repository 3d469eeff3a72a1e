import type { ReactNode } from 'react';

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
