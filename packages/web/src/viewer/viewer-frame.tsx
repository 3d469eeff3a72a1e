import { type ReactNode, useRef, useState } from 'react';
import { PictureStage, type PictureStageProps } from './picture-stage.tsx';
import { type Keys, useKeys } from './use-keys.ts';
import { useZoom, type Zoom } from './use-zoom.ts';
import { ZoomButtons, zoomKeys } from './zoom-buttons.tsx';
import '../styles/viewer.css';

/** The way through a list of pictures. */
export interface Walk {
  /** Such as “3 of 24”. */
  readonly position: string;
  /** Absent at the beginning. */
  readonly toPrevious?: () => void;
  /** Absent at the end. */
  readonly toNext?: () => void;
  readonly toFirst: () => void;
  readonly toLast: () => void;
}

export interface ViewerFrameProps extends Pick<PictureStageProps, 'source' | 'placeholder' | 'alt'> {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly walk?: Walk;
  /** A press beside the picture closes the viewer. */
  readonly onClose?: () => void;
  /** What is said of the picture and can be done with it. */
  readonly children: ReactNode;
}

/** A picture with its zoom, the way to its neighbours, and a panel that folds. */
export function ViewerFrame({ id, width, height, walk, onClose, children, ...shown }: ViewerFrameProps) {
  const frame = useRef<HTMLDivElement>(null);
  const zoom = useZoom(id, { width, height }, (by) => (by === 1 ? walk?.toNext : walk?.toPrevious)?.());
  const [isOpen, setOpen] = usePanel();
  useKeys(
    frame,
    keysOf(zoom, walk, () => setOpen(!isOpen)),
  );
  return (
    <div ref={frame} className={isOpen ? 'viewer-frame' : 'viewer-frame folded-panel'}>
      <div className="viewer-main">
        <div className="viewer-picture">
          <PictureStage {...shown} zoom={zoom} {...(onClose !== undefined && { onBeside: onClose })} />
          {walk && <StepButton name="Previous picture" sign="‹" onStep={walk.toPrevious} />}
          {walk && <StepButton name="Next picture" sign="›" onStep={walk.toNext} />}
        </div>
        <div className="viewer-bar">
          <ZoomButtons zoom={zoom} />
          {walk && (
            <span className="quiet position" role="status">
              {walk.position}
            </span>
          )}
          <button type="button" aria-expanded={isOpen} title="Key: i" onClick={() => setOpen(!isOpen)}>
            Details
          </button>
        </div>
      </div>
      {isOpen && <aside aria-label="Details">{children}</aside>}
    </div>
  );
}

interface StepButtonProps {
  readonly name: string;
  readonly sign: string;
  readonly onStep: (() => void) | undefined;
}

/** At an end it stays where it is, so that keyboard users do not lose their place. */
function StepButton({ name, sign, onStep }: StepButtonProps) {
  return (
    <button
      type="button"
      className={name.startsWith('Next') ? 'step next' : 'step'}
      aria-label={name}
      aria-disabled={onStep === undefined}
      onClick={onStep}
    >
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

const STORED = 'easel.viewer.panel';

/** Whether the panel is open; on a phone, where it covers the picture, only on request. */
function usePanel() {
  const [isOpen, setOpen] = useState(() => !isNarrow() && localStorage.getItem(STORED) !== 'closed');
  const change = (next: boolean) => {
    setOpen(next);
    if (!isNarrow()) localStorage.setItem(STORED, next ? 'open' : 'closed');
  };
  return [isOpen, change] as const;
}

function isNarrow(): boolean {
  return window.matchMedia('(max-width: 52rem)').matches;
}

/** By how much an arrow key moves an enlarged picture, in CSS pixels. */
const MOVE = 80;

function keysOf(zoom: Zoom, walk: Walk | undefined, togglePanel: () => void): Keys {
  const move = (x: number, y: number) => () => zoom.move({ x: x * MOVE, y: y * MOVE });
  const arrows: Keys = zoom.isCut
    ? { moveLeft: move(1, 0), moveRight: move(-1, 0), moveUp: move(0, 1), moveDown: move(0, -1) }
    : { previousPicture: walk?.toPrevious, nextPicture: walk?.toNext };
  return { ...arrows, ...zoomKeys(zoom), firstPicture: walk?.toFirst, lastPicture: walk?.toLast, details: togglePanel };
}
