import type { Model, Size } from '@easel/contract';
import { type KeyboardEvent, type PointerEvent, useId, useLayoutEffect, useRef, useState } from 'react';
import { drawStart, type StartSettings, sizeOf } from '../files/compose-start.ts';
import {
  type Box,
  type FramedSize,
  frameOf,
  framePart,
  frameSameShape,
  frameZoom,
  leavesSpace,
  partOf,
  placeOf,
} from '../settings/frame.ts';
import { Outside } from './outside.tsx';
import { useElementSize, useWheel, zoomOfWheel } from './stage-size.ts';
import { usePinch } from './use-pinch.ts';

export interface FrameStageProps {
  readonly image: HTMLImageElement;
  readonly settings: StartSettings;
  readonly limits: Model['limits'];
  readonly onFrame: (framed: FramedSize) => void;
}

/** Which edges of the frame a handle moves. */
interface Handle {
  readonly name: string;
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

const handles: readonly Handle[] = [
  { name: 'Top left corner', x: -1, y: -1 },
  { name: 'Top edge', x: 0, y: -1 },
  { name: 'Top right corner', x: 1, y: -1 },
  { name: 'Right edge', x: 1, y: 0 },
  { name: 'Bottom right corner', x: 1, y: 1 },
  { name: 'Bottom edge', x: 0, y: 1 },
  { name: 'Bottom left corner', x: -1, y: 1 },
  { name: 'Left edge', x: -1, y: 0 },
];

/** Pixels of the screen within which an edge of the frame takes the place of the picture's. */
const SNAP = 7;

/** The picture with the frame over it: what is inside is sent. The frame is dragged and resized, also beyond the picture. */
export function FrameStage({ image, settings, limits, onFrame }: FrameStageProps) {
  const stage = useRef<HTMLDivElement>(null);
  const id = useId();
  const picture = sizeOf(image);
  const frame = frameOf(settings, picture, settings);
  const part = partOf(frame, picture, settings);
  const place = placeOf(frame, picture, settings);
  const available = useElementSize(stage);
  /** While something is dragged, what is in sight stays. */
  const [held, setHeld] = useState<Box>();
  const plane = held ?? planeOf(picture, part);
  const { scale, toScreen, toPlane } = placePlane(plane, available);
  const take = (next: Box, handle: Handle | null) => {
    const isEdge = handle !== null && (handle.x === 0 || handle.y === 0);
    const framed = isEdge ? framePart(next, picture, limits) : frameSameShape(next, picture, settings);
    if (isAllowed(framed, picture)) onFrame(framed);
  };
  const hold = (isHeld: boolean) => setHeld(isHeld ? plane : undefined);
  const { drag, stop } = useDrag({ part, picture, scale, take, onHold: hold });
  const pinch = usePinch({
    part,
    toPlane: ({ x, y }) => {
      const box = stage.current?.getBoundingClientRect() ?? new DOMRect();
      return toPlane({ x: x - box.x, y: y - box.y });
    },
    onPart: (next) => take(next, null),
    onHold: (isHeld) => {
      stop();
      hold(isHeld);
    },
  });
  useWheel(stage, (event) => take(scaledPart(part, 1 / zoomOfWheel(event)), null));
  return (
    <div ref={stage} className="editor-stage framing" {...pinch}>
      <p id={id} className="visually-hidden">
        The arrow keys move the frame, + and − change its size; with Shift in small steps.
      </p>
      <img
        src={image.src}
        alt=""
        className="framed-picture"
        style={toScreen({ x: 0, y: 0, ...picture })}
        draggable={false}
      />
      <div className="frame" style={toScreen(part)}>
        <SentCanvas image={image} settings={settings} longest={Math.max(part.width, part.height) * scale} />
        {settings.around === 'paint' && leavesSpace(place, settings) && <Outside kept={place} canvas={settings} />}
        <FrameHandles part={part} size={settings} describedBy={id} drag={drag} take={take} />
        <span className="frame-size" aria-hidden="true">
          {settings.width}×{settings.height}
        </span>
      </div>
    </div>
  );
}

interface FrameHandlesProps extends Pick<DragOptions, 'part' | 'take'> {
  readonly size: Size;
  readonly describedBy: string;
  readonly drag: ReturnType<typeof useDrag>['drag'];
}

/** What is dragged, or moved with the arrow keys: all of the frame, its edges and its corners. */
function FrameHandles({ part, size, describedBy, drag, take }: FrameHandlesProps) {
  const onKey = (handle: Handle | null) => (event: KeyboardEvent) => {
    const next = partAfterKey(part, event, handle);
    if (next !== undefined) take(next, handle);
  };
  return (
    <>
      <div
        className="frame-body"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved with the arrow keys
        tabIndex={0}
        aria-label={`Frame, ${size.width}×${size.height}`}
        aria-describedby={describedBy}
        onKeyDown={onKey(null)}
        {...drag(null)}
      />
      {handles.map((handle) => (
        <button
          key={handle.name}
          type="button"
          className="frame-handle"
          aria-label={`${handle.name} of the frame; arrow keys move it`}
          style={{ left: `${50 + 50 * handle.x}%`, top: `${50 + 50 * handle.y}%`, cursor: cursorOf(handle) }}
          onKeyDown={onKey(handle)}
          {...drag(handle)}
        />
      ))}
    </>
  );
}

/** What is sent, in the frame: pixel by pixel what the model gets, only scaled. */
function SentCanvas({
  image,
  settings,
  longest,
}: {
  readonly image: HTMLImageElement;
  readonly settings: StartSettings;
  readonly longest: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const own = canvas.current;
    if (own === null || longest < 1) return;
    const wanted = (longest * window.devicePixelRatio) / Math.max(settings.width, settings.height);
    const drawn = drawStart(settings, image, Math.min(1, wanted));
    own.width = drawn.width;
    own.height = drawn.height;
    own.getContext('2d')?.drawImage(drawn, 0, 0);
  });
  return <canvas ref={canvas} />;
}

/** The plane as large as the stage allows, in its middle: from it to places on the stage, and back. */
function placePlane(plane: Box, stage: Size) {
  const scale = Math.max(0.001, Math.min(stage.width / plane.width, stage.height / plane.height));
  const [left, top] = [(stage.width - plane.width * scale) / 2, (stage.height - plane.height * scale) / 2];
  return {
    scale,
    toScreen: ({ x, y, width, height }: Box) => ({
      left: left + (x - plane.x) * scale,
      top: top + (y - plane.y) * scale,
      width: width * scale,
      height: height * scale,
    }),
    toPlane: ({ x, y }: { readonly x: number; readonly y: number }) => ({
      x: plane.x + (x - left) / scale,
      y: plane.y + (y - top) / scale,
    }),
  };
}

/** What of the picture's plane is in sight: the picture and the frame, and some space to drag the frame into. */
function planeOf(picture: Size, part: Box): Box {
  const [left, top] = [Math.min(0, part.x), Math.min(0, part.y)];
  const right = Math.max(picture.width, part.x + part.width);
  const bottom = Math.max(picture.height, part.y + part.height);
  const margin = 0.14 * Math.max(right - left, bottom - top);
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}

/** Some of the picture stays in the frame, and neither becomes too small. */
function isAllowed(framed: FramedSize, picture: Size): boolean {
  const { x, y, width, height } = partOf(framed.frame, picture, framed);
  const isSeen =
    x < picture.width - width / 20 &&
    x + width > width / 20 &&
    y < picture.height - height / 20 &&
    y + height > height / 20;
  return isSeen && framed.frame.zoom >= frameZoom.min && framed.frame.zoom <= frameZoom.max;
}

function scaledPart({ x, y, width, height }: Box, by: number): Box {
  return { x: x + (width * (1 - by)) / 2, y: y + (height * (1 - by)) / 2, width: width * by, height: height * by };
}

/** A part after one of its edges or corners, or all of it, has moved by so much. A corner keeps the shape. */
function movedPart(part: Box, handle: Handle | null, dx: number, dy: number): Box {
  if (handle === null) return { ...part, x: part.x + dx, y: part.y + dy };
  const width = Math.max(1, part.width + handle.x * dx);
  const height = Math.max(1, part.height + handle.y * dy);
  if (handle.x === 0 || handle.y === 0)
    return {
      x: part.x + (handle.x < 0 ? part.width - width : 0),
      y: part.y + (handle.y < 0 ? part.height - height : 0),
      width,
      height,
    };
  const by = Math.max(width / part.width, height / part.height);
  return {
    x: part.x + (handle.x < 0 ? part.width * (1 - by) : 0),
    y: part.y + (handle.y < 0 ? part.height * (1 - by) : 0),
    width: part.width * by,
    height: part.height * by,
  };
}

/** By how much more an edge is to move to meet one of the picture's. */
function snapTo(edges: readonly number[], side: number, within: number): number {
  const distances = edges.flatMap((edge) => [-edge, side - edge]);
  const nearest = distances.toSorted((one, other) => Math.abs(one) - Math.abs(other))[0] ?? 0;
  return Math.abs(nearest) <= within ? nearest : 0;
}

interface DragOptions {
  readonly part: Box;
  readonly picture: Size;
  readonly scale: number;
  readonly take: (part: Box, handle: Handle | null) => void;
  readonly onHold: (isHeld: boolean) => void;
}

/** Dragging the frame, its edges and its corners. @returns what an element needs for it, and what ends it early */
function useDrag({ part, picture, scale, take, onHold }: DragOptions) {
  const start = useRef<{ readonly part: Box; readonly x: number; readonly y: number; readonly scale: number }>(
    undefined,
  );
  const stop = () => {
    start.current = undefined;
  };
  const end = () => {
    stop();
    onHold(false);
  };
  const drag = (handle: Handle | null) => ({
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0 || start.current !== undefined) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { part, x: event.clientX, y: event.clientY, scale };
      onHold(true);
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const from = start.current;
      if (from === undefined) return;
      const moved = movedPart(
        from.part,
        handle,
        (event.clientX - from.x) / from.scale,
        (event.clientY - from.y) / from.scale,
      );
      const edges = (place: number, length: number, which: -1 | 0 | 1 | undefined) => {
        if (which === undefined) return [place, place + length];
        return which === 0 ? [] : [which < 0 ? place : place + length];
      };
      const isCorner = handle !== null && handle.x !== 0 && handle.y !== 0;
      const reach = SNAP / from.scale;
      const dx = isCorner ? 0 : snapTo(edges(moved.x, moved.width, handle?.x), picture.width, reach);
      const dy = isCorner ? 0 : snapTo(edges(moved.y, moved.height, handle?.y), picture.height, reach);
      take(movedPart(moved, handle, dx, dy), handle);
    },
    onPointerUp: end,
    onPointerCancel: end,
  });
  return { drag, stop };
}

/** The part after a key; undefined for keys that do nothing here. */
function partAfterKey(part: Box, event: KeyboardEvent, handle: Handle | null): Box | undefined {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return undefined;
  const step = (shiftKey ? 0.005 : 0.05) * Math.max(part.width, part.height);
  const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] } as const;
  const move = Object.entries(way).find(([name]) => name === key)?.[1];
  const grow = key === '+' || key === '=' ? 1.1 : key === '-' || key === '−' ? 1 / 1.1 : undefined;
  if (move === undefined && grow === undefined) return undefined;
  event.preventDefault();
  event.stopPropagation();
  if (grow !== undefined) return scaledPart(part, shiftKey ? grow ** 0.1 : grow);
  return move && movedPart(part, handle, move[0], move[1]);
}

function cursorOf({ x, y }: Handle): string {
  if (x === 0) return 'ns-resize';
  if (y === 0) return 'ew-resize';
  return x === y ? 'nwse-resize' : 'nesw-resize';
}
