import type { Job, JobCreate } from '@easel/contract';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { convertPicture, pictureTypes } from '../files/convert-picture.ts';
import { saveFile } from '../files/save-file.ts';
import { codeSamples } from '../format/code-samples.ts';
import { messageOf } from '../format/message-of.ts';
import { schedulerNames } from '../format/scheduler-names.ts';
import type { Settings } from '../playground/settings.ts';
import { CopyButton } from './copy-button.tsx';
import { Notice } from './notice.tsx';
import { PictureActions } from './picture-actions.tsx';
import { pathOf } from './picture-path.ts';
import { useBackCloses } from './use-back-closes.ts';

export interface PictureDialogProps {
  readonly job: Job;
  readonly index: number;
  readonly onIndex: (index: number) => void;
  readonly onClose: () => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** One picture as large as the window allows, with all that can be done with it. */
export function PictureDialog({ job, index, onIndex, onClose, onUse, onMake }: PictureDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isZoomed, setZoomed] = useState(false);
  const [problem, setProblem] = useState<string>();
  const image = job.images[index];
  useEffect(() => dialog.current?.showModal(), []);
  useBackCloses(onClose);
  if (image === undefined) return null;
  const path = pathOf(image.url);
  const then = <Value,>(act: (value: Value) => void, value: Value) => {
    onClose();
    act(value);
  };
  const step = (by: number) => onIndex((index + by + job.images.length) % job.images.length);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key === 'ArrowRight') step(1);
    if (key === 'ArrowLeft') step(-1);
  };
  const download = async (type: (typeof pictureTypes)[number]) => {
    try {
      saveFile(await convertPicture(path, type), `${image.seed}.${type === 'jpeg' ? 'jpg' : type}`);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <dialog ref={dialog} className="viewer" aria-label="Picture" onClose={onClose} onKeyDown={onKeyDown}>
      <button
        type="button"
        className={isZoomed ? 'stage zoomed' : 'stage'}
        aria-pressed={isZoomed}
        aria-label="Zoom"
        onClick={() => setZoomed(!isZoomed)}
      >
        <img src={path} alt={job.prompt ?? ''} width={image.width} height={image.height} />
      </button>
      <aside className="stack">
        <div className="row">
          <h2>{job.prompt}</h2>
          <button type="button" className="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </div>
        <dl className="facts">
          {facts(job, image.seed).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {job.images.length > 1 && (
          <div className="row">
            <button type="button" onClick={() => step(-1)} aria-label="The picture before">
              ←
            </button>
            <span className="quiet">
              {index + 1} of {job.images.length}
            </span>
            <button type="button" onClick={() => step(1)} aria-label="The next picture">
              →
            </button>
          </div>
        )}
        <PictureActions
          job={job}
          image={image}
          onUse={(settings) => then(onUse, settings)}
          onMake={(request) => then(onMake, request)}
        />
        <fieldset className="row wrap">
          <legend>Download</legend>
          {pictureTypes.map((type) => (
            <button key={type} type="button" onClick={() => void download(type)}>
              {type === 'webp' ? 'WebP' : type.toUpperCase()}
            </button>
          ))}
        </fieldset>
        <fieldset className="row wrap">
          <legend>Copy</legend>
          <CopyButton text={new URL(path, window.location.origin).href}>Link</CopyButton>
          {codeSamples({ ...requestOf(job), seed: image.seed }, window.location.origin, job.model).map(
            ({ name, code }) => (
              <CopyButton key={name} text={code}>
                {name}
              </CopyButton>
            ),
          )}
        </fieldset>
        {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      </aside>
    </dialog>
  );
}

function facts(job: Job, seed: number): (readonly [string, string])[] {
  return [
    ['Seed', String(seed)],
    ['Size', `${job.img_width}×${job.img_height}`],
    ['Steps', String(job.num_inference_steps)],
    ['Guidance', String(job.guidance_scale)],
    ['Scheduler', schedulerNames[job.scheduler]],
    ['Model', job.model],
    ...(job.negative_prompt === null ? [] : [['Negative prompt', job.negative_prompt] as const]),
    ...(job.strength === null ? [] : [['Strength', String(job.strength)] as const]),
  ];
}

function requestOf(job: Job) {
  return {
    prompt: job.prompt ?? '',
    ...(job.negative_prompt !== null && { negative_prompt: job.negative_prompt }),
    samples: 1,
    num_inference_steps: job.num_inference_steps,
    guidance_scale: job.guidance_scale,
    img_width: job.img_width,
    img_height: job.img_height,
    scheduler: job.scheduler,
    ...(job.strength !== null && { image: 'BASE64 OF THE START IMAGE', strength: job.strength }),
    base64: false,
  };
}
