import { SingleBar } from 'cli-progress';
import { duration } from './duration.ts';
import type { Progress } from './progress.ts';

const clearLine = '\r\x1b[2K';
/** Show the cursor, wrap long lines: what the bar turns off while it is drawn. */
const restoreTerminal = '\x1b[?25h\x1b[?7h';

/** A bar with step and remaining time on the last line of a terminal; it goes away when the run ends. */
export function barProgress(stream: NodeJS.WriteStream): Progress {
  let left = '';
  const bar = new SingleBar({
    stream: withoutCursorMemory(stream),
    format: (_options, { progress, value, total }) => barLine(stream.columns, progress, value, total, left),
    hideCursor: true,
    clearOnComplete: true,
    forceRedraw: true,
    etaAsynchronousUpdate: false,
  });
  let state: 'before' | 'drawn' | 'ended' = 'before';
  return {
    begin(text) {
      stream.write(`${clearLine}${text}`);
    },
    step({ index, total, etaMs }) {
      if (state === 'ended') return;
      left = index < total ? `${duration(etaMs)} left` : 'decoding the picture';
      if (state === 'drawn') return bar.update(index);
      stream.write(clearLine);
      bar.start(total, index);
      state = 'drawn';
    },
    above(lines) {
      stream.write(`${clearLine}${lines}`);
      if (state === 'drawn') bar.render();
    },
    end() {
      if (state === 'ended') return;
      if (state === 'drawn') bar.stop();
      else stream.write(clearLine);
      stream.write(restoreTerminal);
      state = 'ended';
    },
  };
}

const MAX_BAR_WIDTH = 30;
const MIN_BAR_WIDTH = 8;

/**
 * One line that fits: the bar takes what the words leave, and gives way to them where that is too little. A line as wide as the
 * terminal would wrap in some.
 */
export function barLine(
  columns: number | undefined,
  progress: number,
  step: number,
  total: number,
  left: string,
): string {
  const room = (columns ?? 80) - 1;
  const words = `${Math.floor(progress * 100)} % · step ${step} of ${total} · ${left}`;
  const width = Math.min(MAX_BAR_WIDTH, room - words.length - 1);
  if (width < MIN_BAR_WIDTH)
    return [words, `${step}/${total} · ${left}`].find(({ length }) => length <= room) ?? `${step}/${total}`;
  const done = Math.round(progress * width);
  return `${'█'.repeat(done)}${'░'.repeat(width - done)} ${words}`;
}

/**
 * The bar remembers the cursor's place at its start and goes back there at its end (ESC 7, ESC 8). After something was written above
 * it, or the screen has scrolled, that is no longer the bar's line.
 */
function withoutCursorMemory(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  const write = (text: string) => text === '\x1b7' || text === '\x1b8' || stream.write(text);
  return Object.create(stream, { write: { value: write } });
}
