import type { Job } from '@easel/contract';
import { useEffect, useRef, useState } from 'react';
import { pathOf } from '../parts/picture-path.ts';
import { useBackCloses } from '../parts/use-back-closes.ts';

/** Two pictures on top of each other; the slider uncovers one of them. */
export function CompareDialog({ jobs, onClose }: { readonly jobs: readonly Job[]; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [share, setShare] = useState(50);
  useEffect(() => dialog.current?.showModal(), []);
  useBackCloses(onClose);
  const [left, right] = jobs;
  return (
    <dialog ref={dialog} className="card compare" aria-label="Two pictures side by side" onClose={onClose}>
      <div className="row spread">
        <h2>Compare</h2>
        <button type="button" className="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      <div className="layers">
        <img src={pathOf(right?.images[0]?.url ?? '')} alt={right?.prompt ?? ''} />
        <img
          src={pathOf(left?.images[0]?.url ?? '')}
          alt={left?.prompt ?? ''}
          style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}
        />
        <span className="cut" style={{ left: `${share}%` }} />
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
        <Caption job={left} />
        <Caption job={right} />
      </div>
    </dialog>
  );
}

function Caption({ job }: { readonly job: Job | undefined }) {
  if (job === undefined) return null;
  return (
    <small>
      {job.prompt ?? 'The prompt was not kept.'}
      <br />
      <span className="quiet">
        seed {job.seed} · {job.num_inference_steps} steps · guidance {job.guidance_scale} · {job.img_width}×
        {job.img_height}
      </span>
    </small>
  );
}
