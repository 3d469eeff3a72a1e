import { type PointerEvent, useRef } from 'react';
import type { Box } from '../settings/frame.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PinchOptions {
  readonly part: Box;
  /** A place on the screen as one of the plane that the part is on. */
  readonly toPlane: (place: Point) => Point;
  readonly onPart: (part: Box) => void;
  /** Called when a second finger comes, and when one of two goes. */
  readonly onHold: (isHeld: boolean) => void;
}

interface Pinch {
  readonly part: Box;
  /** In the plane, halfway between the fingers. */
  readonly middle: Point;
  /** In pixels of the screen. */
  readonly distance: number;
}

/**
 * Two fingers move a part of a plane and change its size: what was under each finger stays there. The handlers are for an element around
 * whatever one finger drags, which hears nothing of two.
 */
export function usePinch({ part, toPlane, onPart, onHold }: PinchOptions) {
  const fingers = useRef(new Map<number, Point>());
  const pinch = useRef<Pinch>(undefined);
  const between = () => {
    const [one, other] = [...fingers.current.values()];
    if (one === undefined || other === undefined) return undefined;
    return {
      middle: toPlane({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }),
      distance: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)),
    };
  };
  const place = ({ pointerId, clientX, clientY }: PointerEvent) =>
    fingers.current.set(pointerId, { x: clientX, y: clientY });
  const end = (event: PointerEvent) => {
    fingers.current.delete(event.pointerId);
    if (pinch.current === undefined) return;
    // The finger that stays does not begin to drag.
    event.stopPropagation();
    pinch.current = undefined;
    onHold(false);
  };
  return {
    onPointerDownCapture(event: PointerEvent) {
      if (event.pointerType !== 'touch') return;
      place(event);
      const held = fingers.current.size === 2 ? between() : undefined;
      if (held === undefined) return;
      event.stopPropagation();
      pinch.current = { part, ...held };
      onHold(true);
    },
    onPointerMoveCapture(event: PointerEvent) {
      if (!fingers.current.has(event.pointerId)) return;
      place(event);
      const [from, now] = [pinch.current, between()];
      if (from === undefined || now === undefined) return;
      event.stopPropagation();
      const by = now.distance / from.distance;
      onPart({
        x: now.middle.x - (from.middle.x - from.part.x) * by,
        y: now.middle.y - (from.middle.y - from.part.y) * by,
        width: from.part.width * by,
        height: from.part.height * by,
      });
    },
    onPointerUpCapture: end,
    onPointerCancelCapture: end,
  };
}
