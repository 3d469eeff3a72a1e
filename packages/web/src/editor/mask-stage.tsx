import type { Size } from '@easel/contract';
import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useId, useRef } from 'react';
import type { Box } from '../settings/frame.ts';
import type { Brush, MaskRaster } from './mask-raster.ts';
import { Outside } from './outside.tsx';
import { useElementSize, useWheel, zoomOfWheel } from './stage-size.ts';

export interface MaskStageProps {
  /** What is sent of the start image, without the mask. */
  readonly picture: HTMLCanvasElement;
  readonly raster: MaskRaster;
  readonly brush: Brush;
  /** Where the picture lies, if what is around it is painted, too. */
  readonly kept: Box | null;
  /** Whether dragging moves the view instead of painting. */
  readonly isHand: boolean;
  /** Another number: all of the mask may have changed. */
  readonly version: number;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onStroke: () => void;
  /** For screen readers. */
  readonly onSay: (text: string) => void;
}

/** 1: all of the picture just fits. The offsets are in pixels of the screen, from the centre. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export const wholeView: View = { zoom: 1, x: 0, y: 0 };
const viewZoom = { min: 0.5, max: 16 } as const;
const PADDING = 12;

/** The colour of the mask over the picture: one that few pictures have. */
const TINT = [255, 20, 110] as const;
const OPACITY = 0.58;

/** The view after a zoom at a point of the screen, seen from the middle of the stage. */
export function zoomView({ zoom, x, y }: View, by: number, at: { readonly x: number; readonly y: number }): View {
  const next = Math.min(viewZoom.max, Math.max(viewZoom.min, zoom * by));
  const factor = next / zoom;
  return { zoom: next, x: at.x - (at.x - x) * factor, y: at.y - (at.y - y) * factor };
}

/** The picture with its mask over it, to paint on with a mouse, a pen, fingers or the keyboard. */
export function MaskStage(props: MaskStageProps) {
  const { picture, raster, brush, kept, isHand, view } = props;
  const stage = useRef<HTMLDivElement>(null);
  const base = useRef<HTMLCanvasElement>(null);
  const id = useId();
  const available = useElementSize(stage);
  const scale = scaleOf(available, picture) * view.zoom;
  const mask = useMaskCanvas(raster, props.version);
  const cursor = useCursor(raster, scale);
  const pointers = usePointers(props, { stage, scale, cursor, repaint: mask.repaint });
  const keys = useBrushKeys(props, { cursor, repaint: mask.repaint });
  useEffect(() => {
    base.current?.getContext('2d')?.drawImage(picture, 0, 0);
  }, [picture]);
  useWheel(stage, (event) => {
    const at = fromMiddle(stage.current, event);
    props.onView(zoomView(view, zoomOfWheel(event), at));
  });
  const [width, height] = [picture.width * scale, picture.height * scale];
  return (
    <div
      ref={stage}
      className={isHand ? 'editor-stage hand' : 'editor-stage brush'}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the brush is moved with the arrow keys here
      tabIndex={0}
      aria-label="Mask"
      aria-describedby={id}
      {...pointers}
      {...keys}
    >
      <p id={id} className="visually-hidden">
        The arrow keys move the brush, with Shift by one pixel. Space paints, also while the arrow keys move the brush;
        Enter keeps the brush down until it is pressed again. [ and ] change the size, E switches to the eraser.
      </p>
      <div
        className="mask-sheet"
        style={{
          width,
          height,
          left: (available.width - width) / 2 + view.x,
          top: (available.height - height) / 2 + view.y,
        }}
      >
        <canvas key={`${picture.width}×${picture.height}`} ref={base} width={picture.width} height={picture.height} />
        {kept && <Outside kept={kept} canvas={picture} />}
        <canvas ref={mask.canvas} className="mask-layer" width={raster.width} height={raster.height} />
        <span
          ref={cursor.ring}
          className={brush.isErasing ? 'brush-ring erasing' : 'brush-ring'}
          style={{ width: brush.size * scale, height: brush.size * scale }}
        />
      </div>
    </div>
  );
}

function scaleOf(available: Size, picture: Size): number {
  const fitting = Math.min(
    (available.width - 2 * PADDING) / picture.width,
    (available.height - 2 * PADDING) / picture.height,
  );
  return Math.max(0.01, fitting);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function fromMiddle(stage: HTMLElement | null, { clientX, clientY }: { clientX: number; clientY: number }): Point {
  const box = stage?.getBoundingClientRect();
  if (box === undefined) return { x: 0, y: 0 };
  return { x: clientX - box.x - box.width / 2, y: clientY - box.y - box.height / 2 };
}

type Repaint = (box?: Box) => void;

/** The canvas that shows the mask, translucent. */
function useMaskCanvas(raster: MaskRaster, version: number) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const repaint: Repaint = ({ x, y, width, height } = { x: 0, y: 0, width: raster.width, height: raster.height }) => {
    const context = canvas.current?.getContext('2d');
    if (context == null || width === 0 || height === 0) return;
    const pixels = context.createImageData(width, height);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const at = 4 * (row * width + column);
        const value = raster.data[(y + row) * raster.width + x + column] ?? 0;
        pixels.data.set(TINT, at);
        pixels.data[at + 3] = value * OPACITY;
      }
    }
    context.putImageData(pixels, x, y);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that the mask has changed
  useEffect(() => repaint(), [raster, version]);
  return { canvas, repaint };
}

interface Cursor {
  readonly ring: RefObject<HTMLSpanElement | null>;
  readonly at: () => Point;
  readonly move: (to: Point) => void;
}

/** Where the brush is, in pixels of the mask. It moves with each event of the pointer, so it is not a state of React. */
function useCursor(raster: Size, scale: number): Cursor {
  const ring = useRef<HTMLSpanElement>(null);
  const place = useRef<Point>({ x: raster.width / 2, y: raster.height / 2 });
  const show = () => {
    if (ring.current === null) return;
    ring.current.style.left = `${place.current.x * scale}px`;
    ring.current.style.top = `${place.current.y * scale}px`;
  };
  useEffect(show);
  return {
    ring,
    at: () => place.current,
    move(to) {
      place.current = to;
      show();
    },
  };
}

interface StageParts {
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly scale: number;
  readonly cursor: Cursor;
  readonly repaint: Repaint;
}

type Doing = 'nothing' | 'painting' | 'moving' | 'pinching';

/** Painting with the first pointer; two fingers, the middle button or the hand move the view. */
function usePointers(
  { raster, brush, isHand, view, onView, onStroke }: MaskStageProps,
  { stage, scale, cursor, repaint }: StageParts,
) {
  const down = useRef(new Map<number, Point>());
  const doing = useRef<Doing>('nothing');
  // Both fingers may move before React has drawn what the first one did.
  const shown = useRef(view);
  shown.current = view;
  const look = (next: View) => {
    shown.current = next;
    onView(next);
  };
  const toMask = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
    const box = stage.current?.querySelector('.mask-sheet')?.getBoundingClientRect();
    return { x: (clientX - (box?.x ?? 0)) / scale, y: (clientY - (box?.y ?? 0)) / scale };
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    down.current.set(event.pointerId, fromMiddle(stage.current, event));
    if (down.current.size > 1) {
      if (doing.current === 'painting') raster.cancel();
      repaint();
      doing.current = 'pinching';
    } else if (isHand || event.button === 1) {
      doing.current = 'moving';
    } else if (event.button === 0 || event.button === PEN_ERASER) {
      doing.current = 'painting';
      cursor.move(toMask(event));
      repaint(raster.begin({ ...brush, isErasing: brush.isErasing || event.button === PEN_ERASER }, cursor.at()));
    }
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (event.pointerType !== 'touch' || down.current.size < 2) cursor.move(toMask(event));
    const before = down.current.get(event.pointerId);
    if (before === undefined) return;
    const now = fromMiddle(stage.current, event);
    const others = [...down.current].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    down.current.set(event.pointerId, now);
    if (doing.current === 'moving') look(movedView(shown.current, before, now));
    else if (doing.current === 'pinching' && others[0] !== undefined)
      look(pinched(shown.current, others[0], before, now));
    else if (doing.current === 'painting') {
      // Between two frames a pen or a mouse has moved several times.
      const all = event.nativeEvent.getCoalescedEvents?.() ?? [];
      for (const each of all.length > 0 ? all : [event.nativeEvent]) repaint(raster.lineTo(toMask(each)));
    }
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    if (!down.current.delete(event.pointerId)) return;
    if (doing.current === 'painting') {
      raster.end();
      onStroke();
    }
    // The finger that stays does not begin to paint.
    if (down.current.size === 0) doing.current = 'nothing';
    else doing.current = 'moving';
  };
  return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp };
}

/** The button of a pen's other end (Pointer Events, level 3, 4.1.1.2). */
const PEN_ERASER = 5;

function movedView(view: View, before: Point, now: Point): View {
  return { ...view, x: view.x + now.x - before.x, y: view.y + now.y - before.y };
}

/** The view after one of two fingers has moved. */
function pinched(view: View, still: Point, before: Point, now: Point): View {
  const distance = (one: Point, other: Point) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
  const middle = { x: (still.x + now.x) / 2, y: (still.y + now.y) / 2 };
  const moved = { ...view, x: view.x + (now.x - before.x) / 2, y: view.y + (now.y - before.y) / 2 };
  return zoomView(moved, distance(still, now) / distance(still, before), middle);
}

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Painting with the keyboard alone. */
function useBrushKeys(
  { raster, brush, onStroke, onSay }: MaskStageProps,
  { cursor, repaint }: Pick<StageParts, 'cursor' | 'repaint'>,
) {
  const isDown = useRef(false);
  const lower = () => {
    isDown.current = true;
    repaint(raster.begin(brush, cursor.at()));
  };
  const lift = () => {
    if (!isDown.current) return;
    isDown.current = false;
    raster.end();
    onStroke();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const { key, shiftKey, repeat, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const direction = arrows[key];
    if (direction !== undefined) {
      const step = shiftKey ? 1 : Math.max(1, Math.round(brush.size / 4));
      const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
      const { x, y } = cursor.at();
      cursor.move({
        x: within(x + direction[0] * step, raster.width),
        y: within(y + direction[1] * step, raster.height),
      });
      if (isDown.current) repaint(raster.lineTo(cursor.at()));
    } else if (key === ' ') {
      if (!repeat && !isDown.current) lower();
    } else if (key === 'Enter') {
      if (repeat) return;
      onSay(isDown.current ? 'Brush up' : 'Brush down');
      if (isDown.current) lift();
      else lower();
    } else return;
    event.preventDefault();
  };
  const onKeyUp = ({ key }: KeyboardEvent<HTMLDivElement>) => {
    if (key === ' ') lift();
  };
  return { onKeyDown, onKeyUp, onBlur: lift };
}
