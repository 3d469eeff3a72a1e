import type { DecodedPicture } from '@easel/engine';
import type { Cells } from './picture-cells.ts';

const reset = '\x1b[0m';

/** Two pixels in each cell: the upper half block in one colour on a ground of the other. Lines end with a line feed. */
export function halfBlocks(picture: DecodedPicture, cells: Cells): string {
  let text = '';
  for (let row = 0; row < cells.rows; row += 1) {
    let last = '';
    for (let column = 0; column < cells.columns; column += 1) {
      const upper = averageColour(picture, cells, column, 2 * row);
      const lower = averageColour(picture, cells, column, 2 * row + 1);
      const colours = `\x1b[38;2;${upper};48;2;${lower}m`;
      text += colours === last ? '▀' : `${colours}▀`;
      last = colours;
    }
    text += `${reset}\n`;
  }
  return text;
}

/** The mean of the pixels under one half of a cell, as `r;g;b`; when the picture is the smaller one, the nearest pixel. */
function averageColour(picture: DecodedPicture, cells: Cells, column: number, halfRow: number): string {
  const [left, right] = span(column, cells.columns, picture.width);
  const [top, bottom] = span(halfRow, 2 * cells.rows, picture.height);
  const sum = [0, 0, 0];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const at = 3 * (y * picture.width + x);
      sum.forEach((value, channel) => {
        sum[channel] = value + (picture.data[at + channel] ?? 0);
      });
    }
  }
  return sum.map((value) => Math.round(value / ((right - left) * (bottom - top)))).join(';');
}

/** The pixels [from, to) under cell `index` of `cells`; at least one. */
function span(index: number, cells: number, pixels: number): [from: number, to: number] {
  const from = Math.floor((index * pixels) / cells);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * pixels) / cells))];
}
