import type { Job } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { pathOf } from '../parts/picture-path.ts';

/** Two pictures on top of each other; the slider uncovers one of them. */
export function CompareDialog({ jobs, onClose }: { readonly jobs: readonly Job[]; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [share, setShare] = useState(50);
  useEffect(() => dialog.current?.showModal(), []);
  const [left, right] = jobs;
  return (
    <dialog ref={dialog} className="card compare" aria-label="Two pictures side by side" onClose={onClose}>
      <div className="layers">
        <img src={pathOf(right?.images[0]?.url ?? '')} alt={right?.prompt ?? ''} />
        <img
          src={pathOf(left?.images[0]?.url ?? '')}
          alt={left?.prompt ?? ''}
          style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}
        />
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label="How much of the left picture is shown"
        onChange={(event) => setShare(Number(event.target.value))}
      />
      <div className="row spread">
        <small>{left?.prompt}</small>
        <small>{right?.prompt}</small>
      </div>
      <button type="button" className="primary" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
