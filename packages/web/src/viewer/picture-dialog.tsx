import { type Job, type JobCreate, samplerLabel } from '@easel/contract';
import { type MouseEvent, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { pathOf } from '../files/picture-file.ts';
import { FactList } from '../parts/facts.tsx';
import { describeModelOf, deviceOf } from '../parts/model-name.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { PictureActions } from './picture-actions.tsx';

export interface PictureDialogProps {
  readonly job: Job;
  readonly index: number;
  readonly onIndex: (index: number) => void;
  readonly onClose: () => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** One picture as large as the window allows, with everything that can be done with it. */
export function PictureDialog({ job, index, onIndex, onClose, onUse, onMake }: PictureDialogProps) {
  const image = job.images[index];
  const count = job.images.length;
  const step = (by: number) => onIndex((index + by + count) % count);
  useArrowKeys(step);
  if (image === undefined) return null;
  const closeAnd = <Value,>(act: (value: Value) => void, value: Value) => {
    onClose();
    act(value);
  };
  return (
    <Overlay label="Picture" className="viewer" onClose={onClose}>
      <ZoomablePicture image={image} prompt={job.prompt} />
      <aside>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the window is low, and keys scroll what has the focus (WCAG 2.1.1) */}
        <div className="about stack" tabIndex={0}>
          <FoldedText text={job.prompt ?? 'Prompt not stored.'} />
          <PictureFacts job={job} seed={image.seed} />
        </div>
        <div className="stack">
          {count > 1 && (
            <div className="row">
              <button type="button" onClick={() => step(-1)} aria-label="Previous picture">
                ←
              </button>
              <span className="quiet">
                {index + 1} of {count}
              </span>
              <button type="button" onClick={() => step(1)} aria-label="Next picture">
                →
              </button>
            </div>
          )}
          <PictureActions
            job={job}
            image={image}
            onUse={(settings) => closeAnd(onUse, settings)}
            onMake={(request) => closeAnd(onMake, request)}
          />
        </div>
      </aside>
    </Overlay>
  );
}

/** Steps through the pictures of a job with the arrow keys. */
function useArrowKeys(step: (by: number) => void): void {
  const latest = useRef(step);
  latest.current = step;
  useEffect(() => {
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (target instanceof HTMLElement && target.matches('.zoomed')) return; // there the arrow keys scroll
      if (key === 'ArrowRight') latest.current(1);
      if (key === 'ArrowLeft') latest.current(-1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

interface ZoomablePictureProps {
  readonly image: Job['images'][number];
  readonly prompt: string | null;
}

function ZoomablePicture({ image, prompt }: ZoomablePictureProps) {
  const [isZoomed, setZoomed] = useState(false);
  /** Centres the point that was clicked; by keyboard, the centre of the picture. */
  const zoom = ({ currentTarget: stage, clientX, clientY, detail }: MouseEvent<HTMLButtonElement>) => {
    const box = stage.getBoundingClientRect();
    const scale = Math.min(box.width / image.width, box.height / image.height);
    const across = detail === 0 ? 0 : (clientX - box.x - box.width / 2) / (image.width * scale);
    const down = detail === 0 ? 0 : (clientY - box.y - box.height / 2) / (image.height * scale);
    flushSync(() => setZoomed(!isZoomed));
    stage.scrollTo(
      (0.5 + across) * stage.scrollWidth - stage.clientWidth / 2,
      (0.5 + down) * stage.scrollHeight - stage.clientHeight / 2,
    );
  };
  return (
    <button
      type="button"
      className={isZoomed ? 'stage zoomed' : 'stage'}
      aria-pressed={isZoomed}
      aria-label="Zoom"
      onClick={zoom}
    >
      <img src={pathOf(image.url)} alt={prompt ?? ''} width={image.width} height={image.height} />
    </button>
  );
}

/** The start of a prompt, and the rest on request. */
function FoldedText({ text }: { readonly text: string }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > 160;
  return (
    <div>
      <h2 dir="auto" className={isLong && !isOpen ? 'folded' : undefined}>
        {text}
      </h2>
      {isLong && (
        <button type="button" className="plain small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show less' : 'Show full prompt'}
        </button>
      )}
    </div>
  );
}

function PictureFacts({ job, seed }: { readonly job: Job; readonly seed: number }) {
  const { reply: models = [] } = useModels();
  const device = deviceOf(job);
  const facts: readonly (readonly [string, string])[] = [
    ['Model', describeModelOf(job, models)],
    ['API name', job.model],
    ['Seed', String(seed)],
    ['Size', `${job.img_width}×${job.img_height}`],
    ['Steps', String(job.num_inference_steps)],
    ['Guidance', String(job.guidance_scale)],
    ['Scheduler', samplerLabel(job.scheduler)],
    ['Profile', job.profile],
    ...(device === undefined ? [] : [['Device', device] as const]),
    ...(job.negative_prompt === null ? [] : [['Negative prompt', job.negative_prompt] as const]),
    ...(job.strength === null ? [] : [['Strength', String(job.strength)] as const]),
  ];
  return <FactList facts={facts} />;
}
