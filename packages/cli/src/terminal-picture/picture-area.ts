import type { DecodedPicture } from '@easel/engine';
import { iterm2Picture, kittyPicture } from './graphics-escapes.ts';
import { halfBlocks } from './half-blocks.ts';
import { type Cells, cellsFor } from './picture-cells.ts';
import type { PictureProtocol } from './picture-protocol.ts';

export interface PictureTerminal {
  readonly protocol: PictureProtocol;
  readonly size: Cells;
  readonly encodePng: (picture: DecodedPicture) => Promise<Uint8Array>;
}

let areas = 0;

/** A place in a terminal for one picture and its previews: each is drawn over the one before. */
export class PictureArea {
  readonly #terminal: PictureTerminal;
  // kitty knows pictures by number; the process's own keeps runs in one terminal apart.
  readonly #id = process.pid * 8 + (areas++ % 8);
  #rows = 0;

  constructor(terminal: PictureTerminal) {
    this.#terminal = terminal;
  }

  /** Whole lines to write where the cursor is at the start of the line below this area's last picture. */
  async draw(picture: DecodedPicture): Promise<string> {
    const { protocol, size, encodePng } = this.#terminal;
    const cells = cellsFor(picture, size);
    const back = this.#rows === 0 ? '' : `\x1b[${this.#rows}A`;
    this.#rows = cells.rows;
    if (protocol === 'half-blocks') return back + halfBlocks(picture, cells);
    const png = await encodePng(picture);
    return (
      back +
      inReservedRows(protocol === 'kitty' ? kittyPicture(png, cells, this.#id) : iterm2Picture(png, cells), cells.rows)
    );
  }
}

/** Scrolls first, so that the picture lies where the cursor is remembered whatever the terminal does with it while drawing. */
function inReservedRows(drawing: string, rows: number): string {
  return `${'\n'.repeat(rows)}\x1b[${rows}A\x1b7${drawing}\x1b8\x1b[${rows}B`;
}
