import type { Job } from '@easel/contract';
import { useState } from 'react';
import { Overlay } from '../parts/overlay.tsx';
import { pathOf } from '../parts/picture-path.ts';

/** Two pictures on top of each other; the slider uncovers one of them. */
export function CompareDialog({ jobs, onClose }: { readonly jobs: readonly Job[]; readonly onClose: () => void }) {
  const [share, setShare] = useState(50);
  const [left, right] = jobs;
  return (
    <Overlay label="Two pictures side by side" className="card compare" onClose={onClose}>
      <h2>Compare</h2>
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
    </Overlay>
  );
}

function Caption({ job }: { readonly job: Job | undefined }) {
  if (job === undefined) return null;
  return (
    <small>
      <span dir="auto">{job.prompt ?? 'The prompt was not kept.'}</span>
      <br />
      <span className="quiet">
        seed {job.seed} · {job.num_inference_steps} steps · guidance {job.guidance_scale} · {job.img_width}×
        {job.img_height}
      </span>
    </small>
  );
}
