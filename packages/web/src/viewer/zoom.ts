export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How a picture lies in its box: `scale` 1 fits it in; `x` and `y` are its centre's distance from the centre of the box, in CSS pixels. */
export interface ZoomView extends Point {
  readonly scale: number;
}

/** What a picture is looked at in, and what decides how far it can be enlarged. */
export interface ZoomFrame {
  readonly box: Size;
  readonly picture: Size;
  /** Pixels of the screen in a CSS pixel. */
  readonly density: number;
}

export const fitted: ZoomView = { scale: 1, x: 0, y: 0 };

/** Eight pixels of the screen for one of the picture are enough to count them. */
const MOST = 8;

/** The picture's size at scale 1: as large as the box allows, never distorted. */
export function fittedSize({ box, picture }: Pick<ZoomFrame, 'box' | 'picture'>): Size {
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** The scale at which one pixel of the picture is one of the screen. */
export function actualScale(frame: ZoomFrame): number {
  const { width } = fittedSize(frame);
  return width === 0 ? 1 : frame.picture.width / frame.density / width;
}

/** How large the picture is shown; 100: pixel by pixel. */
export function percentOf(frame: ZoomFrame, { scale }: ZoomView): number {
  return Math.round((100 * scale) / actualScale(frame));
}

/** Another scale; the part of the picture under a point stays there. @param at from the centre of the box */
export function zoomTo(frame: ZoomFrame, view: ZoomView, scale: number, at: Point = { x: 0, y: 0 }): ZoomView {
  const actual = actualScale(frame);
  const allowed = Math.min(Math.max(scale, Math.min(1, actual)), MOST * Math.max(1, actual));
  const ratio = allowed / view.scale;
  const moved = { scale: allowed, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
  return keepInBox(frame, moved);
}

export function moveBy(frame: ZoomFrame, view: ZoomView, { x, y }: Point): ZoomView {
  return keepInBox(frame, { ...view, x: view.x + x, y: view.y + y });
}

/** Whether part of the picture is outside the box. */
export function isCut(frame: ZoomFrame, view: ZoomView): boolean {
  const { x, y } = reachOf(frame, view);
  return x > 0.5 || y > 0.5;
}

/** No edge of the picture comes inside the box, and what is smaller than the box stays in its middle. */
function keepInBox(frame: ZoomFrame, view: ZoomView): ZoomView {
  const reach = reachOf(frame, view);
  const within = (value: number, most: number) => Math.min(Math.max(value, -most), most) || 0;
  return { scale: view.scale, x: within(view.x, reach.x), y: within(view.y, reach.y) };
}

/** How far the picture's centre may be from that of the box. */
function reachOf(frame: ZoomFrame, { scale }: ZoomView): Point {
  const { width, height } = fittedSize(frame);
  return {
    x: Math.max(0, (width * scale - frame.box.width) / 2),
    y: Math.max(0, (height * scale - frame.box.height) / 2),
  };
}
