import type { DecodedPicture } from '@easel/engine';

/** The ways to show a picture in a terminal, the best first. */
type PictureProtocol = 'kitty' | 'iterm2' | 'half-blocks';

/**
 * How the terminal described by the environment shows pictures; undefined when it does not, or colours are not wanted
 * (https://no-color.org). Multiplexers swallow the graphics protocols, not the colours.
 */
export function pictureProtocol(env: Readonly<Record<string, string | undefined>>): PictureProtocol | undefined {
  const { TERM = '', TERM_PROGRAM = '', COLORTERM = '' } = env;
  if (env.NO_COLOR || TERM === 'dumb') return undefined;
  const multiplexed = Boolean(env.TMUX) || /^(screen|tmux)/.test(TERM);
  if (!multiplexed) {
    if (env.KITTY_WINDOW_ID || /^xterm-(kitty|ghostty)$/.test(TERM) || TERM_PROGRAM === 'ghostty') return 'kitty';
    if (TERM_PROGRAM === 'iTerm.app' || TERM_PROGRAM === 'WezTerm' || env.LC_TERMINAL === 'iTerm2') return 'iterm2';
  }
  return /^(truecolor|24bit)$/.test(COLORTERM) || TERM.endsWith('-direct') ? 'half-blocks' : undefined;
}

interface Cells {
  readonly columns: number;
  readonly rows: number;
}

const MAX_COLUMNS = 64;
const MAX_ROWS = 32;

/** The character cells for a picture: its proportions (a cell is about twice as high as wide) within the terminal and a modest size. */
export function cellsFor(picture: { width: number; height: number }, terminal: Cells): Cells {
  const columns = Math.max(1, Math.min(MAX_COLUMNS, terminal.columns));
  const rows = Math.max(1, Math.min(MAX_ROWS, terminal.rows - 3)); // room for the bar, the file's name and the shell's prompt
  const scale = Math.min(columns / picture.width, (2 * rows) / picture.height);
  return {
    columns: Math.max(1, Math.round(picture.width * scale)),
    rows: Math.max(1, Math.round((picture.height * scale) / 2)),
  };
}

export interface PictureTerminal {
  readonly protocol: PictureProtocol;
  readonly size: Cells;
  readonly encodePng: (picture: DecodedPicture) => Promise<Uint8Array>;
}

let areas = 0;

/** An area of a terminal for one picture and its previews: each is drawn over the one before. */
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

const MAX_CHUNK_LENGTH = 4096;

/**
 * A PNG file by the kitty graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol): drawn at the cursor, which stays (C=1),
 * without an answer (q=2). The same id and placement replace the picture drawn before.
 */
function kittyPicture(png: Uint8Array, cells: Cells, id: number): string {
  const base64 = Buffer.from(png).toString('base64');
  let text = '';
  for (let at = 0; at < base64.length; at += MAX_CHUNK_LENGTH) {
    const keys = at === 0 ? `a=T,f=100,i=${id},p=1,q=2,C=1,r=${cells.rows},` : '';
    const more = at + MAX_CHUNK_LENGTH < base64.length ? 1 : 0;
    text += `\x1b_G${keys}m=${more};${base64.slice(at, at + MAX_CHUNK_LENGTH)}\x1b\\`;
  }
  return text;
}

/** A PNG file by iTerm2's protocol (https://iterm2.com/documentation-images.html), which WezTerm has too. */
function iterm2Picture(png: Uint8Array, cells: Cells): string {
  return `\x1b]1337;File=inline=1;size=${png.length};height=${cells.rows};preserveAspectRatio=1:${Buffer.from(png).toString('base64')}\x07`;
}
