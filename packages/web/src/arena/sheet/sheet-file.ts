import { type Image, samplerLabel } from '@easel/contract';
import { insertPngText } from '@easel/parameters';
import { pathOf } from '../../files/picture-file.ts';
import { axisNames, labelOf } from './axes.ts';
import { breakLines, directionOf } from './break-lines.ts';
import { imageOf, type Sheet } from './sheet.ts';

/** Browsers draw at least this much on a canvas: the pictures of a larger sheet are scaled down. */
const LARGEST_SIDE = 8192;
const GAP = 8;
/** In heights of the font. */
const LINE = 1.25;
/** In lines. */
const LONGEST = { prompt: 2, facts: 2, label: 3 } as const;

/** The sheet as one PNG with its title and labels; the settings are in its text, as AUTOMATIC1111 writes them for an X/Y/Z plot. */
export async function sheetFile(sheet: Sheet): Promise<Blob> {
  const pictures = await Promise.all(sheet.cells.map((cell) => bitmapOf(imageOf(cell))));
  const [first] = pictures.filter((picture) => picture !== undefined);
  if (first === undefined) throw new Error('the pictures are no longer available');
  const layout = layoutOf(sheet, first);
  const canvas = new OffscreenCanvas(layout.whole.width, layout.whole.height);
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('this browser cannot draw a sheet of this size');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#1c1c1c';
  context.font = `${layout.font}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  drawTexts(context, sheet, layout);
  for (const [index, picture] of pictures.entries()) {
    const { left, top } = placeOfCell(sheet, layout, index);
    if (picture !== undefined) context.drawImage(picture, left, top, layout.width, layout.height);
    picture?.close();
  }
  const file = await canvas.convertToBlob({ type: 'image/png' });
  const bytes = insertPngText(new Uint8Array(await file.arrayBuffer()), 'parameters', textOf(sheet));
  return new Blob([bytes], { type: 'image/png' });
}

/** In pixels of the file. */
interface Layout {
  /** Of a picture. */
  readonly width: number;
  readonly height: number;
  readonly font: number;
  /** How high the title is, and below it the labels of the columns. */
  readonly title: number;
  readonly head: number;
  /** How wide the labels of the rows are. */
  readonly side: number;
  readonly whole: { readonly width: number; readonly height: number };
}

function layoutOf({ x, y }: Sheet, picture: { readonly width: number; readonly height: number }): Layout {
  const [columns, rows] = [x.values.length, y.values.length];
  const scale = Math.min(
    1,
    LARGEST_SIDE / ((columns + 1) * picture.width),
    LARGEST_SIDE / ((rows + 1) * picture.height),
  );
  const [width, height] = [Math.floor(picture.width * scale), Math.floor(picture.height * scale)];
  const font = Math.max(12, Math.round(Math.min(width, height) / 14));
  const title = Math.round((LONGEST.prompt + LONGEST.facts + 1) * LINE * font);
  const head = x.kind === 'none' ? GAP : 3 * font;
  const side = y.kind === 'none' ? GAP : Math.max(8 * font, Math.round(width / 2));
  const whole = { width: side + columns * (width + GAP), height: title + head + rows * (height + GAP) };
  return { width, height, font, title, head, side, whole };
}

function placeOfCell({ x }: Sheet, { width, height, title, head, side }: Layout, index: number) {
  const [column, row] = [index % x.values.length, Math.floor(index / x.values.length)];
  return { left: side + column * (width + GAP), top: title + head + row * (height + GAP) };
}

function drawTexts(context: OffscreenCanvasRenderingContext2D, sheet: Sheet, layout: Layout): void {
  const { x, y, base } = sheet;
  const { width, height, font, title, head, side, whole } = layout;
  const centred = { centre: whole.width / 2, width: whole.width - 2 * font, font };
  const line = LINE * font;
  // Half a line above, as much below.
  const [prompt, facts] = [(0.5 + LONGEST.prompt / 2) * line, (0.5 + LONGEST.prompt + LONGEST.facts / 2) * line];
  context.font = `600 ${font}px system-ui, sans-serif`;
  write(context, base.prompt, { ...centred, middle: prompt, lines: LONGEST.prompt });
  context.font = `${font}px system-ui, sans-serif`;
  write(context, factsOf(sheet), { ...centred, middle: facts, lines: LONGEST.facts });
  for (const column of x.values.keys()) {
    const centre = side + column * (width + GAP) + width / 2;
    write(context, labelOf(x, column), { centre, middle: title + head / 2, width, font, lines: LONGEST.label });
  }
  for (const row of y.values.keys()) {
    const middle = title + head + row * (height + GAP) + height / 2;
    write(context, labelOf(y, row), { centre: side / 2, middle, width: side - font, font, lines: LONGEST.label });
  }
}

/** What all pictures of a sheet have in common, for its title. */
export function factsOf({ base, x, y }: Pick<Sheet, 'base' | 'x' | 'y'>): string {
  const { model, width, height, steps, guidanceScale, scheduler, profile, seed, strength, startImage } = base;
  const varied = [x.kind, y.kind];
  const common = [
    ['model', model],
    ['size', `${width}×${height}`],
    ['steps', `${steps} steps`],
    ['guidanceScale', `guidance ${guidanceScale}`],
    ['scheduler', samplerLabel(scheduler)],
    ['profile', `profile ${profile}`],
    ['seed', `seed ${seed ?? 0}`],
    ...(startImage === null ? [] : [['strength', `strength ${strength}`] as const]),
  ] as const;
  return common.flatMap(([kind, words]) => (varied.some((each) => each === kind) ? [] : [words])).join(' · ');
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
  readonly font: number;
  /** What does not fit into so many is cut. */
  readonly lines: number;
}

/** Writes a text in so many lines; what does not fit is cut with an ellipsis. */
function write(
  context: OffscreenCanvasRenderingContext2D,
  label: string,
  { centre, middle, width, font, lines: most }: Place,
): void {
  context.direction = directionOf(label);
  const lines = breakLines(label, most, (line) => context.measureText(line).width <= width);
  const lineHeight = font * LINE;
  const start = middle - ((lines.length - 1) * lineHeight) / 2;
  for (const [index, line] of lines.entries()) context.fillText(line, centre, start + index * lineHeight, width);
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
