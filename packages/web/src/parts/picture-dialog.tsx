import { type Job, type JobCreate, samplerLabel } from '@easel/contract';
import { type MouseEvent, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { convertPicture, pathOf, pictureTypes, saveFile } from '../files/picture-file.ts';
import { codeSamples } from '../format/code-samples.ts';
import { messageOf } from '../session/requests.ts';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { CopyButton } from './buttons.tsx';
import { modelFactOf } from './model-name.tsx';
import { Notice } from './notices.tsx';
import { Overlay } from './overlay.tsx';
import { PictureActions } from './picture-actions.tsx';

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
  const [isZoomed, setZoomed] = useState(false);
  const image = job.images[index];
  const count = job.images.length;
  const step = (by: number) => onIndex((index + by + count) % count);
  const latest = useRef(step);
  latest.current = step;
  useEffect(() => {
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (target instanceof HTMLElement && target.matches('.zoomed')) return; // there the arrows scroll
      if (key === 'ArrowRight') latest.current(1);
      if (key === 'ArrowLeft') latest.current(-1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  if (image === undefined) return null;
  const path = pathOf(image.url);
  /** What was pressed is in the middle then; by keyboard it is the picture's own middle. */
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
  const then = <Value,>(act: (value: Value) => void, value: Value) => {
    onClose();
    act(value);
  };
  return (
    <Overlay label="Picture" className="viewer" onClose={onClose}>
      <button
        type="button"
        className={isZoomed ? 'stage zoomed' : 'stage'}
        aria-pressed={isZoomed}
        aria-label="Zoom"
        onClick={zoom}
      >
        <img src={path} alt={job.prompt ?? ''} width={image.width} height={image.height} />
      </button>
      <aside>
        <div className="about stack">
          <FoldedText text={job.prompt ?? 'The prompt was not kept.'} />
          <Facts job={job} seed={image.seed} />
        </div>
        <div className="stack">
          {count > 1 && (
            <div className="row">
              <button type="button" onClick={() => step(-1)} aria-label="The picture before">
                ←
              </button>
              <span className="quiet">
                {index + 1} of {count}
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
          <Downloads path={path} seed={image.seed} />
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
        </div>
      </aside>
    </Overlay>
  );
}

/** A prompt as far as there is room for it, and the rest on request. */
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
          {isOpen ? 'Show less' : 'Show all of the prompt'}
        </button>
      )}
    </div>
  );
}

function Downloads({ path, seed }: { readonly path: string; readonly seed: number }) {
  const [problem, setProblem] = useState<string>();
  const download = async (type: (typeof pictureTypes)[number]) => {
    try {
      saveFile(await convertPicture(path, type), `${seed}.${type === 'jpeg' ? 'jpg' : type}`);
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <fieldset className="row wrap">
        <legend>Download</legend>
        {pictureTypes.map((type) => (
          <button key={type} type="button" onClick={() => void download(type)}>
            {type === 'webp' ? 'WebP' : type.toUpperCase()}
          </button>
        ))}
      </fieldset>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </>
  );
}

function Facts({ job, seed }: { readonly job: Job; readonly seed: number }) {
  const { reply: models = [] } = useModels();
  const entries: readonly (readonly [string, string])[] = [
    ['Model', modelFactOf(job, models)],
    ['Name in the API', job.model],
    ['Seed', String(seed)],
    ['Size', `${job.img_width}×${job.img_height}`],
    ['Steps', String(job.num_inference_steps)],
    ['Guidance', String(job.guidance_scale)],
    ['Scheduler', samplerLabel(job.scheduler)],
    ...(job.negative_prompt === null ? [] : [['Negative prompt', job.negative_prompt] as const]),
    ...(job.strength === null ? [] : [['Strength', String(job.strength)] as const]),
  ];
  return (
    <dl className="facts">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
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
