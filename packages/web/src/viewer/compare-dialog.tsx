import { type Job, samplerLabel } from '@easel/contract';
import { type PointerEvent, useState } from 'react';
import { pathOf } from '../files/picture-file.ts';
import { FactLine } from '../parts/facts.tsx';
import { deviceOf } from '../parts/model-name.tsx';
import { Overlay } from '../parts/overlay.tsx';

/** One picture of a job. */
export interface Choice {
  readonly job: Job;
  readonly image: Job['images'][number];
}

export interface CompareDialogProps {
  readonly left: Choice;
  readonly right: Choice;
  readonly onClose: () => void;
}

/** Two pictures: overlaid, with a divider that can be dragged, or side by side. */
export function CompareDialog({ left, right, onClose }: CompareDialogProps) {
  const isSameShape = left.image.width * right.image.height === right.image.width * left.image.height;
  const [isOverlay, setOverlay] = useState(isSameShape);
  return (
    <Overlay label="Compare two pictures" className="card compare" onClose={onClose}>
      <h2>Compare</h2>
      {isOverlay ? (
        <OverlayComparison left={left} right={right} />
      ) : (
        <div className="halves">
          <ComparedPicture choice={left} />
          <ComparedPicture choice={right} />
        </div>
      )}
      <div className="halves">
        <Caption choice={left} other={right} />
        <Caption choice={right} other={left} />
      </div>
      {isSameShape ? (
        <button type="button" className="own-width" onClick={() => setOverlay(!isOverlay)}>
          {isOverlay ? 'Side by side' : 'Overlay'}
        </button>
      ) : (
        <small className="quiet">Pictures with different aspect ratios are shown side by side.</small>
      )}
    </Overlay>
  );
}

function OverlayComparison({ left, right }: Pick<CompareDialogProps, 'left' | 'right'>) {
  const [share, setShare] = useState(50);
  const drag = ({ currentTarget: box, pointerId, clientX, buttons, type }: PointerEvent<HTMLDivElement>) => {
    if (buttons !== 1) return;
    if (type === 'pointerdown') box.setPointerCapture(pointerId);
    const { left: start, width } = box.getBoundingClientRect();
    setShare(Math.min(100, Math.max(0, Math.round((100 * (clientX - start)) / width))));
  };
  const { width, height } = left.image;
  return (
    <>
      <div
        className="layers"
        style={{ aspectRatio: `${width} / ${height}`, maxWidth: `calc(56dvh * ${width / height})` }}
        onPointerDown={drag}
        onPointerMove={drag}
      >
        <ComparedPicture choice={right} />
        <ComparedPicture choice={left} cut={100 - share} />
        <span className="cut" style={{ left: `${share}%` }} />
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label="Position of the divider"
        onChange={(event) => setShare(Number(event.target.value))}
      />
    </>
  );
}

/** @param cut how much of its right side is hidden, in percent */
function ComparedPicture({ choice: { job, image }, cut = 0 }: { readonly choice: Choice; readonly cut?: number }) {
  return (
    <img
      className="compared"
      src={pathOf(image.url)}
      alt={job.prompt ?? ''}
      width={image.width}
      height={image.height}
      draggable={false}
      style={{ clipPath: `inset(0 ${cut}% 0 0)` }}
    />
  );
}

/** The settings of the picture; those that differ from the other one are highlighted. */
function Caption({ choice, other }: { readonly choice: Choice; readonly other: Choice }) {
  return (
    <small>
      <span className="prompt" dir="auto" title={choice.job.prompt ?? ''}>
        {choice.job.prompt ?? 'Prompt not stored.'}
      </span>
      <span className="quiet">
        <FactLine facts={factsOf(choice)} others={factsOf(other)} />
      </span>
    </small>
  );
}

function factsOf({ job, image }: Choice): readonly string[] {
  return [
    `seed ${image.seed}`,
    `${job.num_inference_steps} steps`,
    `guidance ${job.guidance_scale}`,
    `${image.width}×${image.height}`,
    samplerLabel(job.scheduler),
    `profile ${job.profile}`,
    job.model,
    `on ${deviceOf(job) ?? 'an unknown device'}`,
    job.strength === null ? 'no start image' : `strength ${job.strength}`,
    job.negative_prompt === null ? 'no negative prompt' : `negative prompt “${job.negative_prompt}”`,
  ];
}
