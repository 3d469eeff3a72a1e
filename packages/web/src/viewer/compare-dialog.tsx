import { type Job, samplerLabel } from '@easel/contract';
import { type PointerEvent, useRef, useState } from 'react';
import { pathOf, thumbnailOf } from '../files/picture-file.ts';
import { FactLine } from '../parts/facts.tsx';
import { deviceOf } from '../parts/model-name.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { useKeys } from './use-keys.ts';
import { useZoom, type Zoom } from './use-zoom.ts';
import type { ZoomView } from './zoom.ts';
import { ZoomButtons, zoomKeys } from './zoom-buttons.tsx';
import '../styles/viewer.css';
import '../styles/compare.css';

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

/** Two pictures that were chosen. */
export function CompareDialog({ left, right, onClose }: CompareDialogProps) {
  return <Comparison left={comparedOf(left)} others={[comparedOf(right)]} onClose={onClose} />;
}

/** A picture as it is compared. */
export interface Compared {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly thumbnail: string;
  /** In an order of their own: those that differ from the other's are highlighted. */
  readonly facts: readonly string[];
  /** Unknown for what was only a start image. */
  readonly size?: { readonly width: number; readonly height: number };
}

export function comparedOf({ job, image }: Choice): Compared {
  return {
    id: image.id,
    title: job.prompt ?? 'Prompt not stored.',
    source: pathOf(image.url),
    thumbnail: thumbnailOf(image, 160),
    size: image,
    facts: [
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
    ],
  };
}

export interface ComparisonProps {
  readonly left: Compared;
  /** What it can be compared with; the first is at once. */
  readonly others: readonly Compared[];
  /** Why one that could be expected is not among them. */
  readonly note?: string;
  readonly onClose: () => void;
}

/** Two pictures, overlaid with a divider that can be dragged, or side by side. Both are zoomed and moved together. */
export function Comparison({ left, others, note, onClose }: ComparisonProps) {
  const [chosen, setChosen] = useState<string>();
  const right = others.find(({ id }) => id === chosen) ?? others[0];
  const [isOverlay, setOverlay] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useZoom(left.id, left.size ?? { width: 1, height: 1 });
  useKeys(frame, zoomKeys(zoom));
  if (right === undefined) {
    return (
      <Overlay label="Compare two pictures" className="comparison" onClose={onClose}>
        <p className="quiet centred">There is no other picture here to compare it with. {note}</p>
      </Overlay>
    );
  }
  return (
    <Overlay label="Compare two pictures" className="comparison" onClose={onClose}>
      <div ref={frame} className="compare-frame">
        {isOverlay ? (
          <OverlaidPictures left={left} right={right} zoom={zoom} />
        ) : (
          <div className="compare-boxes">
            <PictureBox picture={left} zoom={zoom} isMeasured />
            <PictureBox picture={right} zoom={zoom} />
          </div>
        )}
        <div className="viewer-bar">
          <ZoomButtons zoom={zoom} />
          <button type="button" onClick={() => setOverlay(!isOverlay)}>
            {isOverlay ? 'Side by side' : 'Overlay'}
          </button>
        </div>
        {note !== undefined && <small className="quiet note">{note}</small>}
        {others.length > 1 && <Candidates others={others} chosen={right.id} onChoose={setChosen} />}
        <div className="captions">
          <Caption picture={left} other={right} />
          <Caption picture={right} other={left} />
        </div>
      </div>
    </Overlay>
  );
}

function transformOf({ x, y, scale }: ZoomView) {
  return { transform: `translate(${x}px, ${y}px) scale(${scale})` };
}

interface PictureBoxProps {
  readonly picture: Compared;
  readonly zoom: Zoom;
  /** Whether this is the box that the zoom goes by; the other is as large. */
  readonly isMeasured?: boolean;
}

function PictureBox({ picture, zoom, isMeasured = false }: PictureBoxProps) {
  return (
    <div
      ref={isMeasured ? zoom.box : undefined}
      className={zoom.isCut ? 'zoom-box cut-off' : 'zoom-box'}
      {...zoom.handlers}
    >
      <img
        className="compared"
        src={picture.source}
        alt={picture.title}
        draggable={false}
        style={transformOf(zoom.view)}
      />
    </div>
  );
}

function OverlaidPictures({ left, right, zoom }: Pick<ComparisonProps, 'left'> & { right: Compared; zoom: Zoom }) {
  const { share, setShare, boxes, drag } = useDivider(zoom.isCut);
  const { handlers } = zoom;
  const style = transformOf(zoom.view);
  return (
    <>
      <div className="compare-boxes overlaid" ref={boxes}>
        <div
          ref={zoom.box}
          className={zoom.isCut ? 'zoom-box cut-off' : 'zoom-box divided'}
          {...handlers}
          onPointerDown={(event) => {
            handlers.onPointerDown(event);
            drag(event);
          }}
          onPointerMove={(event) => {
            handlers.onPointerMove(event);
            drag(event);
          }}
        >
          <img className="compared" src={right.source} alt={right.title} draggable={false} style={style} />
          <div className="upper" style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
            <img className="compared" src={left.source} alt={left.title} draggable={false} style={style} />
          </div>
        </div>
        <span className="cut" style={{ left: `${share}%` }} onPointerDown={drag} onPointerMove={drag} />
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

/** The divider is dragged from anywhere; over enlarged pictures, which are dragged themselves, only by its own line. */
function useDivider(isCut: boolean) {
  const [share, setShare] = useState(50);
  const boxes = useRef<HTMLDivElement>(null);
  const drag = (event: PointerEvent<HTMLElement>) => {
    const isLine = event.currentTarget.matches('.cut');
    if (event.buttons !== 1 || (isCut && !isLine)) return;
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    const { left, width } = boxes.current?.getBoundingClientRect() ?? new DOMRect();
    if (width > 0) setShare(Math.min(100, Math.max(0, Math.round((100 * (event.clientX - left)) / width))));
  };
  return { share, setShare, boxes, drag };
}

interface CandidatesProps {
  readonly others: readonly Compared[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

function Candidates({ others, chosen, onChoose }: CandidatesProps) {
  return (
    <fieldset className="candidates">
      <legend>Compare with</legend>
      {others.map(({ id, title, thumbnail, facts }) => (
        <button
          key={id}
          type="button"
          aria-pressed={id === chosen}
          aria-label={`Compare with ${title}, ${facts[0] ?? ''}`}
          title={`${title}, ${facts[0] ?? ''}`}
          onClick={() => onChoose(id)}
        >
          <img src={thumbnail} alt="" loading="lazy" draggable={false} />
        </button>
      ))}
    </fieldset>
  );
}

/** The settings of the picture; those that differ from the other one are highlighted. */
function Caption({ picture, other }: { readonly picture: Compared; readonly other: Compared }) {
  return (
    <small>
      <span className="prompt" dir="auto" title={picture.title}>
        {picture.title}
      </span>
      <span className="quiet">
        <FactLine facts={picture.facts} others={other.facts} />
      </span>
    </small>
  );
}
