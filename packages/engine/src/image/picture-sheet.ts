import sharp from 'sharp';
import type { DecodedPicture } from './picture.ts';

export interface SheetCell {
  readonly picture: DecodedPicture;
  readonly label: string;
}

export interface SheetLayout {
  readonly columns: number;
  /** Of a picture on the sheet, in pixels; pictures are fitted into that square. */
  readonly side: number;
}

const LINE = 15;
const LINES = 2;
const GAP = 6;

/** Pictures in rows with two lines of text under each, as a PNG or JPEG file. */
export async function drawSheet(
  cells: readonly SheetCell[],
  { columns, side }: SheetLayout,
  format: 'png' | 'jpeg',
): Promise<Uint8Array> {
  const [cellWidth, cellHeight] = [side + GAP, side + LINES * LINE + GAP];
  const [width, height] = [columns * cellWidth + GAP, Math.ceil(cells.length / columns) * cellHeight + GAP];
  const placed = cells.map((cell, index) => ({
    ...cell,
    left: GAP + (index % columns) * cellWidth,
    top: GAP + Math.floor(index / columns) * cellHeight,
  }));
  const texts = placed.flatMap(({ label, left, top }) =>
    wrapped(label, Math.floor(side / 6.2)).map(
      (line, row) =>
        `<text x="${left}" y="${top + side + (row + 1) * LINE - 3}" font-size="11.5" font-family="sans-serif">${escaped(line)}</text>`,
    ),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${texts.join('')}</svg>`;
  const layers = placed.map(async ({ picture, left, top }) => {
    const { data, width: wide, height: high } = picture;
    const fitted = sharp(data, { raw: { width: wide, height: high, channels: 3 } }).resize(side, side, {
      fit: 'contain',
      background: 'white',
    });
    return { input: await fitted.png().toBuffer(), left, top };
  });
  const canvas = sharp({ create: { width, height, channels: 3, background: 'white' } });
  const sheet = canvas.composite([...(await Promise.all(layers)), { input: Buffer.from(svg), left: 0, top: 0 }]);
  return format === 'png' ? sheet.png().toBuffer() : sheet.jpeg({ quality: 84, mozjpeg: true }).toBuffer();
}

/** At most so many lines; what is left over is not shown. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.slice(0, LINES);
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
