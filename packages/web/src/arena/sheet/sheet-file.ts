import type { Image } from '@easel/contract';
import { insertPngText } from '@easel/parameters';
import { pathOf } from '../../files/picture-file.ts';
import { axisNames, labelOf } from './axes.ts';
import { imageOf, type Sheet } from './sheet.ts';

/** Browsers draw at least this much on a canvas: the pictures of a larger sheet are scaled down. */
const LARGEST_SIDE = 8192;
const GAP = 8;

/** The sheet as one PNG with its labels; the settings are in its text, as AUTOMATIC1111 writes them for an X/Y/Z plot. */
export async function sheetFile(sheet: Sheet): Promise<Blob> {
  const { x, y, cells } = sheet;
  const pictures = await Promise.all(cells.map((cell) => bitmapOf(imageOf(cell))));
  const [first] = pictures.filter((picture) => picture !== undefined);
  if (first === undefined) throw new Error('the pictures are no longer available');
  const [columns, rows] = [x.values.length, y.values.length];
  const scale = Math.min(1, LARGEST_SIDE / ((columns + 1) * first.width), LARGEST_SIDE / ((rows + 1) * first.height));
  const [width, height] = [Math.floor(first.width * scale), Math.floor(first.height * scale)];
  const font = Math.max(12, Math.round(Math.min(width, height) / 14));
  const head = x.kind === 'none' ? GAP : 3 * font;
  const side = y.kind === 'none' ? GAP : Math.max(8 * font, Math.round(width / 2));
  const canvas = new OffscreenCanvas(side + columns * (width + GAP), head + rows * (height + GAP));
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('this browser cannot draw a sheet of this size');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#1c1c1c';
  context.font = `${font}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let column = 0; column < columns; column += 1)
    write(context, labelOf(x, column), { centre: side + column * (width + GAP) + width / 2, middle: head / 2, width });
  for (let row = 0; row < rows; row += 1) {
    const top = head + row * (height + GAP);
    write(context, labelOf(y, row), { centre: side / 2, middle: top + height / 2, width: side - font });
    for (let column = 0; column < columns; column += 1) {
      const picture = pictures[row * columns + column];
      const left = side + column * (width + GAP);
      if (picture !== undefined) context.drawImage(picture, left, top, width, height);
    }
  }
  for (const picture of pictures) picture?.close();
  const file = await canvas.convertToBlob({ type: 'image/png' });
  const bytes = insertPngText(new Uint8Array(await file.arrayBuffer()), 'parameters', textOf(sheet));
  return new Blob([bytes], { type: 'image/png' });
}

async function bitmapOf(image: Image | undefined): Promise<ImageBitmap | undefined> {
  if (image === undefined) return undefined;
  const reply = await fetch(pathOf(image.url));
  return reply.ok ? createImageBitmap(await reply.blob()) : undefined;
}

interface Place {
  readonly centre: number;
  readonly middle: number;
  readonly width: number;
}

/** Writes a label in up to three lines; what does not fit is cut with an ellipsis. */
function write(context: OffscreenCanvasRenderingContext2D, label: string, { centre, middle, width }: Place): void {
  const lines: string[] = [];
  for (const word of label.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const shown = lines.slice(0, 3);
  if (lines.length > 3) shown[2] = `${shown[2]}…`;
  const lineHeight = Number.parseFloat(context.font) * 1.25;
  const start = middle - ((shown.length - 1) * lineHeight) / 2;
  for (const [index, line] of shown.entries()) context.fillText(line, centre, start + index * lineHeight, width);
}

/** The settings in the words of AUTOMATIC1111's web UI, which other tools read, too. */
function textOf({ base, x, y }: Sheet): string {
  const axis = (letter: string, { kind, values }: Sheet['x']) =>
    kind === 'none' ? [] : [`${letter} Type: ${axisNames[kind]}`, `${letter} Values: "${values.join(', ')}"`];
  const line = [
    `Steps: ${base.steps}`,
    `Sampler: ${base.scheduler}`,
    `CFG scale: ${base.guidanceScale}`,
    `Seed: ${base.seed ?? 0}`,
    `Size: ${base.width}x${base.height}`,
    `Model: ${base.model}`,
    'Script: X/Y/Z plot',
    ...axis('X', x),
    ...axis('Y', y),
  ].join(', ');
  return [base.prompt, ...(base.negativePrompt === '' ? [] : [`Negative prompt: ${base.negativePrompt}`]), line].join(
    '\n',
  );
}
