/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const spelling = /^(?<width>[1-9]\d{1,3})x(?<height>[1-9]\d{1,3})$/;

/** Reads "1216x832"; undefined for anything else, "auto" included. */
export function parseSize(text: string): Size | undefined {
  const sides = spelling.exec(text)?.groups;
  return sides && { width: Number(sides.width), height: Number(sides.height) };
}

export function formatSize({ width, height }: Size): string {
  return `${width}x${height}`;
}
