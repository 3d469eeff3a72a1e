/** Where a picture is on the wall, in pixels from its upper left corner. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A row of pictures of one height. */
export interface Row {
  readonly top: number;
  readonly height: number;
  /** The index of its first picture. */
  readonly first: number;
  /** The index after its last one. */
  readonly end: number;
}

export interface Layout {
  readonly boxes: readonly Box[];
  readonly rows: readonly Row[];
  readonly height: number;
}

export interface Measures {
  readonly width: number;
  /** The height that rows should have, about. */
  readonly rowHeight: number;
  readonly gap: number;
}

/**
 * Arranges pictures in rows that fill the width, each picture whole. A row ends where its height comes closest to what it should be; the
 * last one, which may be short, is not stretched.
 *
 * @param ratios width by height of each picture
 */
export function arrange(ratios: readonly number[], { width, rowHeight, gap }: Measures): Layout {
  const boxes: Box[] = [];
  const rows: Row[] = [];
  let top = 0;
  let first = 0;
  let sum = 0;
  const heightOf = (total: number, count: number) => (width - gap * (count - 1)) / total;
  const endRow = (end: number, height: number, isFull: boolean) => {
    place(boxes, ratios.slice(first, end), { top, width: isFull ? width : undefined, height, gap });
    rows.push({ top, height: Math.round(height), first, end });
    top += Math.round(height) + gap;
    first = end;
    sum = 0;
  };
  for (const [index, ratio] of ratios.entries()) {
    const height = heightOf(sum + ratio, index - first + 1);
    const without = first === index ? Number.POSITIVE_INFINITY : heightOf(sum, index - first);
    if (height <= rowHeight && without / rowHeight < rowHeight / height) endRow(index, without, true);
    sum += ratio;
    const full = heightOf(sum, index - first + 1);
    if (full <= rowHeight) endRow(index + 1, full, true);
  }
  if (first < ratios.length) {
    const natural = heightOf(sum, ratios.length - first);
    endRow(ratios.length, Math.min(rowHeight, natural), natural <= rowHeight);
  }
  return { boxes, rows, height: Math.max(0, top - gap) };
}

interface RowMeasures {
  readonly top: number;
  /** Absent: the row ends where its last picture does. */
  readonly width: number | undefined;
  readonly height: number;
  readonly gap: number;
}

/** Whole pixels, so that pictures stay sharp and the last one ends where the row does. */
function place(boxes: Box[], ratios: readonly number[], { top, width, height, gap }: RowMeasures): void {
  let exact = 0;
  for (const [index, ratio] of ratios.entries()) {
    const left = Math.round(exact);
    exact += ratio * height + gap;
    const isLast = width !== undefined && index === ratios.length - 1;
    const right = isLast ? width : Math.round(exact - gap);
    boxes.push({ left, top, width: Math.max(1, right - left), height: Math.round(height) });
  }
}

/** The index of the first row that ends below a height; the number of rows if none does. */
export function rowAt(rows: readonly Row[], y: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && row.top + row.height <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The picture of the row above (-1) or below (1) whose middle is the nearest. @returns its index; undefined: there is no such row */
export function verticalNeighbour({ rows, boxes }: Layout, index: number, by: 1 | -1): number | undefined {
  const box = boxes[index];
  const row = rows[rowAt(rows, box?.top ?? 0) + by];
  if (box === undefined || row === undefined) return undefined;
  const middle = box.left + box.width / 2;
  const distance = (other: number) => {
    const { left = 0, width = 0 } = boxes[other] ?? {};
    return Math.abs(left + width / 2 - middle);
  };
  let nearest = row.first;
  for (let other = row.first + 1; other < row.end; other += 1) if (distance(other) < distance(nearest)) nearest = other;
  return nearest;
}

/** The heights of rows that one may choose from, in pixels. */
const heights = [110, 150, 210, 280, 370, 480] as const;
export const USUAL_HEIGHT = 210;

/** The heights that a width has room for: at the largest, two square pictures are side by side. */
export function heightsFor(width: number): readonly number[] {
  const largest = Math.floor((width - 8) / 2);
  const fitting = heights.filter((height) => height < largest * 0.9);
  return fitting.length === heights.length ? fitting : [...fitting, largest];
}
