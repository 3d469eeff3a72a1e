import type { Size } from '@easel/contract';
import type { Box } from '../settings/frame.ts';

export interface Brush {
  /** The diameter, in pixels of the mask. */
  readonly size: number;
  /** 1: a hard edge. 0: soft from the centre on. */
  readonly hardness: number;
  readonly isErasing: boolean;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a change was: the pixels of a box, before and after. */
interface Change {
  readonly box: Box;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** Changes that can be undone: of a full-size mask with all of it changed, 3 MB each. */
const KEPT_CHANGES = 60;

/** A mask as it is painted: one byte per pixel, 255 where the picture is repainted. */
export class MaskRaster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly #done: Change[] = [];
  readonly #undone: Change[] = [];
  /** The mask before the stroke that is being painted, what the stroke has touched, and where the brush is. */
  #stroke: { readonly before: Uint8Array; readonly brush: Brush; at: Point; touched: Box } | undefined;

  constructor({ width, height }: Size, data: Uint8Array = new Uint8Array(width * height)) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** The share of the picture that is repainted, 0 to 1. */
  get coverage(): number {
    return this.data.reduce((sum, value) => sum + value, 0) / (255 * this.data.length);
  }

  get isEmpty(): boolean {
    return this.data.every((value) => value === 0);
  }

  /** Starts a stroke with a dot. @returns the pixels that changed */
  begin(brush: Brush, at: Point): Box {
    this.end();
    this.#stroke = { before: this.data.slice(), brush, at, touched: { ...noBox } };
    return this.lineTo(at);
  }

  /** Continues the stroke in a straight line. @returns the pixels that changed */
  lineTo(to: Point): Box {
    const stroke = this.#stroke;
    if (stroke === undefined) return noBox;
    const box = this.#paint(stroke.at, to, stroke.brush);
    stroke.at = to;
    stroke.touched = union(stroke.touched, box);
    return box;
  }

  /** Ends the stroke, which from then on can be undone. */
  end(): void {
    const stroke = this.#stroke;
    this.#stroke = undefined;
    if (stroke !== undefined) this.#record(stroke.before, stroke.touched);
  }

  /** Takes the stroke back that is being painted. */
  cancel(): void {
    if (this.#stroke !== undefined) this.data.set(this.#stroke.before);
    this.#stroke = undefined;
  }

  clear(): void {
    this.#changeAll(() => this.data.fill(0));
  }

  invert(): void {
    this.#changeAll(() => {
      for (let i = 0; i < this.data.length; i++) this.data[i] = 255 - (this.data[i] ?? 0);
    });
  }

  /** Replaces all of it, as by a file. */
  replace(data: Uint8Array): void {
    this.#changeAll(() => this.data.set(data));
  }

  undo(): void {
    this.#step(this.#done, this.#undone, 'before');
  }

  redo(): void {
    this.#step(this.#undone, this.#done, 'after');
  }

  #step(from: Change[], to: Change[], side: 'before' | 'after'): void {
    const change = from.pop();
    if (change === undefined) return;
    const { x, y, width, height } = change.box;
    for (let row = 0; row < height; row++)
      this.data.set(change[side].subarray(row * width, (row + 1) * width), (y + row) * this.width + x);
    to.push(change);
  }

  #changeAll(change: () => void): void {
    this.end();
    const before = this.data.slice();
    change();
    this.#record(before, { x: 0, y: 0, width: this.width, height: this.height });
  }

  #record(before: Uint8Array, box: Box): void {
    if (box.width === 0 || before.every((value, i) => value === this.data[i])) return;
    this.#done.push({ box, before: this.#cut(before, box), after: this.#cut(this.data, box) });
    if (this.#done.length > KEPT_CHANGES) this.#done.shift();
    this.#undone.length = 0;
  }

  #cut(data: Uint8Array, { x, y, width, height }: Box): Uint8Array {
    const part = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * this.width + x;
      part.set(data.subarray(start, start + width), row * width);
    }
    return part;
  }

  /** A line with round ends. Where strokes overlap, the stronger one counts: a soft edge does not become harder along its own line. */
  #paint(from: Point, to: Point, { size, hardness, isErasing }: Brush): Box {
    const radius = Math.max(0.5, size / 2);
    const soft = Math.max(1, radius * (1 - hardness));
    const box = this.#boxAround(from, to, radius + 1);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    for (let y = box.y; y < box.y + box.height; y++) {
      for (let x = box.x; x < box.x + box.width; x++) {
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        const distance = Math.hypot(px - along * dx, py - along * dy);
        const inside = Math.min(1, Math.max(0, (radius + 0.5 - distance) / soft));
        if (inside === 0) continue;
        const value = Math.round(255 * (soft > 1 ? inside * inside * (3 - 2 * inside) : inside));
        const at = y * this.width + x;
        const old = this.data[at] ?? 0;
        this.data[at] = isErasing ? Math.min(old, 255 - value) : Math.max(old, value);
      }
    }
    return box;
  }

  #boxAround(from: Point, to: Point, reach: number): Box {
    const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
    const x = within(Math.floor(Math.min(from.x, to.x) - reach), this.width);
    const y = within(Math.floor(Math.min(from.y, to.y) - reach), this.height);
    const right = within(Math.ceil(Math.max(from.x, to.x) + reach), this.width);
    const bottom = within(Math.ceil(Math.max(from.y, to.y) + reach), this.height);
    return { x, y, width: right - x, height: bottom - y };
  }
}

const noBox: Box = { x: 0, y: 0, width: 0, height: 0 };

function union(one: Box, other: Box): Box {
  if (one.width === 0 || one.height === 0) return other;
  if (other.width === 0 || other.height === 0) return one;
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return {
    x,
    y,
    width: Math.max(one.x + one.width, other.x + other.width) - x,
    height: Math.max(one.y + one.height, other.y + other.height) - y,
  };
}
