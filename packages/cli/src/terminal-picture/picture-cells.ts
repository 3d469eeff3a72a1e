export interface Cells {
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
