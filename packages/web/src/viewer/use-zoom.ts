import { type MouseEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import {
  actualScale,
  fitted,
  fittedSize,
  isCut,
  moveBy,
  type Point,
  percentOf,
  type Size,
  type ZoomFrame,
  type ZoomView,
  zoomTo,
} from './zoom.ts';

export interface Zoom {
  /** The ref of the element that the picture lies in. */
  readonly box: (element: HTMLElement | null) => void;
  readonly view: ZoomView;
  /** The size of the picture at scale 1, in CSS pixels. */
  readonly size: Size;
  /** How large it is shown; 100: a pixel of the picture is one of the screen. */
  readonly percent: number;
  /** Whether part of the picture is outside the box: it can then be dragged. */
  readonly isCut: boolean;
  by(factor: number): void;
  fit(): void;
  /** Between the whole picture and 100 %; between the whole and 200 % where they are nearly the same. */
  toggle(at?: Point): void;
  move(by: Point): void;
  readonly handlers: ZoomHandlers;
}

export interface ZoomHandlers {
  readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void;
  readonly onPointerUp: (event: PointerEvent<HTMLElement>) => void;
  readonly onPointerCancel: (event: PointerEvent<HTMLElement>) => void;
  readonly onDoubleClick: (event: MouseEvent<HTMLElement>) => void;
}

/** One step of the buttons and keys + and −. */
export const ZOOM_STEP = 1.5;

/**
 * Zooms a picture at the pointer: by wheel, pinch, double click and keys; dragging moves what is larger than its box.
 *
 * @param id of the picture: another one begins fitted in
 * @param onSwipe a finger has gone sideways over a picture that is wholly in sight; 1: to the left, so to the next one
 */
export function useZoom(id: string, picture: Size, onSwipe?: (by: 1 | -1) => void): Zoom {
  const [box, setBox] = useState<HTMLElement | null>(null);
  const frame = useFrame(box, picture);
  const [state, setState] = useState({ id, view: fitted });
  const view = state.id === id ? state.view : fitted;
  const change = (next: (before: ZoomView) => ZoomView) =>
    setState((before) => ({ id, view: next(before.id === id ? before.view : fitted) }));
  const toggle = (at?: Point) =>
    change((before) => {
      const actual = actualScale(frame);
      if (Math.abs(before.scale - 1) > 0.01) return fitted;
      return zoomTo(frame, before, Math.abs(actual - 1) < 0.3 ? 2 * Math.max(1, actual) : actual, at);
    });
  const canMove = isCut(frame, view);
  const drag = useDrag({ box, frame, canMove, change, toggle, onSwipe });
  useWheel(box, (factor, at) => change((before) => zoomTo(frame, before, before.scale * factor, at)));
  return {
    box: setBox,
    view,
    size: fittedSize(frame),
    percent: percentOf(frame, view),
    isCut: canMove,
    by: (factor) => change((before) => zoomTo(frame, before, before.scale * factor)),
    fit: () => change(() => fitted),
    toggle,
    move: (by) => change((before) => moveBy(frame, before, by)),
    handlers: drag,
  };
}

/** The box as large as it is at present. */
function useFrame(box: HTMLElement | null, picture: Size): ZoomFrame {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    if (box === null) return undefined;
    const measure = () => setSize({ width: box.clientWidth, height: box.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [box]);
  return { box: size, picture, density: window.devicePixelRatio };
}

/** React's own listeners for the wheel cannot keep the page from scrolling. */
function useWheel(box: HTMLElement | null, zoom: (factor: number, at: Point) => void): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    // Over the buttons at its edges, and over a second box beside it, the wheel zooms too.
    const element = box?.parentElement ?? null;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // Browsers report a pinch on a touchpad as a wheel with Ctrl, in much smaller steps.
      latest.current(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), fromCentre(box, event));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, [box]);
}

type Place = Pick<globalThis.MouseEvent, 'clientX' | 'clientY' | 'target'>;

/** Of two boxes that show the same part of two pictures it is the one that was pressed. */
function fromCentre(box: HTMLElement | null, { target, clientX, clientY }: Place | MouseEvent): Point {
  const element = (target instanceof Element ? target.closest('.zoom-box') : null) ?? box;
  const { left, top, width, height } = element?.getBoundingClientRect() ?? new DOMRect();
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}

/** In CSS pixels: what moves less is a press. */
const PRESS = 6;
const SWIPE = 50;
const DOUBLE_TAP_MS = 350;

interface DragParts {
  readonly box: HTMLElement | null;
  readonly frame: ZoomFrame;
  readonly canMove: boolean;
  readonly change: (next: (before: ZoomView) => ZoomView) => void;
  readonly toggle: (at: Point) => void;
  readonly onSwipe: ((by: 1 | -1) => void) | undefined;
}

interface Gesture {
  /** Where each pointer was last. */
  readonly pointers: Map<number, Point>;
  /** How far the first pointer has gone. */
  gone: Point;
  /** Whether two fingers were down: lifting them is no tap, and no swipe. */
  isPinch: boolean;
  lastTap: number;
  /** Of the last press. */
  pointerType: string;
}

function newGesture(): Gesture {
  return { pointers: new Map(), gone: { x: 0, y: 0 }, isPinch: false, lastTap: 0, pointerType: '' };
}

/** One pointer drags, two pinch, two taps of a finger zoom as a double click does, and a swipe goes to another picture. */
function useDrag({ box, frame, canMove, change, toggle, onSwipe }: DragParts): ZoomHandlers {
  const [gesture] = useState(newGesture);
  const end = (event: PointerEvent<HTMLElement>) => gesture.pointers.delete(event.pointerId);
  return {
    onPointerDown(event) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      if (gesture.pointers.size === 0) {
        gesture.gone = { x: 0, y: 0 };
        gesture.isPinch = false;
      } else gesture.isPinch = true;
      gesture.pointerType = event.pointerType;
      gesture.pointers.set(event.pointerId, fromCentre(box, event));
    },
    onPointerMove(event) {
      const before = gesture.pointers.get(event.pointerId);
      if (before === undefined) return;
      const now = fromCentre(box, event);
      const by = { x: now.x - before.x, y: now.y - before.y };
      const other = [...gesture.pointers].find(([id]) => id !== event.pointerId)?.[1];
      gesture.pointers.set(event.pointerId, now);
      gesture.gone = { x: gesture.gone.x + by.x, y: gesture.gone.y + by.y };
      if (other === undefined) change((view) => moveBy(frame, view, by));
      else change((view) => pinch(frame, view, { before, now, other }));
    },
    onPointerUp(event) {
      const wasDown = end(event);
      if (!wasDown || gesture.isPinch || event.pointerType === 'mouse') return;
      const { x, y } = gesture.gone;
      if (Math.hypot(x, y) < PRESS) {
        const isDouble = event.timeStamp - gesture.lastTap < DOUBLE_TAP_MS;
        gesture.lastTap = isDouble ? 0 : event.timeStamp;
        if (isDouble) toggle(fromCentre(box, event));
      } else if (!canMove && Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) onSwipe?.(x < 0 ? 1 : -1);
    },
    onPointerCancel: end,
    onDoubleClick(event) {
      // Fingers were counted above: browsers differ in whether they report theirs.
      if (gesture.pointerType === 'mouse') toggle(fromCentre(box, event));
    },
  };
}

interface Pinch {
  readonly before: Point;
  readonly now: Point;
  /** The finger that has not moved. */
  readonly other: Point;
}

/** What is between two fingers stays between them. */
function pinch(frame: ZoomFrame, view: ZoomView, { before, now, other }: Pinch): ZoomView {
  const distance = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  const zoomed = zoomTo(frame, view, (view.scale * distance(now)) / distance(before), middle);
  return moveBy(frame, zoomed, { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 });
}
