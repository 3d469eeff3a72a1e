import type { StepEvent } from '@easel/engine';
import { SingleBar } from 'cli-progress';
import type { CommandContext } from './cli-context.ts';
import { formatDuration } from './text.ts';

/** Shows how far a run is. */
export interface Progress {
  /** Says what happens before the first step. */
  begin(text: string): void;
  step(step: StepEvent): void;
  /** Writes whole lines above the bar. */
  above(lines: string): void;
  /** Removes the bar and restores the cursor; safe to call twice, and at any time. */
  end(): void;
}

const silence: Progress = { begin() {}, step() {}, above() {}, end() {} };

/**
 * Shows the progress of a command: a bar on a terminal, lines in a file or pipe, nothing with `--quiet` or `--json`. The terminal is
 * restored even when the process has to end at once.
 */
export function showProgress(
  { quiet, json }: { readonly quiet?: boolean; readonly json?: boolean },
  { stderr, env, interruption }: CommandContext,
): Progress {
  if (quiet || json) return silence;
  const progress =
    stderr.isTTY && env.TERM !== 'dumb' ? barProgress(stderr) : lineProgress((text) => stderr.write(text));
  interruption.atForcedExit(() => progress.end());
  return progress;
}

const clearLine = '\r\x1b[2K';
/** Show the cursor, wrap long lines: what the bar turns off while it is drawn. */
const restoreTerminal = '\x1b[?25h\x1b[?7h';

/** A bar with step and remaining time on the last line of a terminal; it is removed when the run ends. */
function barProgress(stream: NodeJS.WriteStream): Progress {
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
      left = index < total ? `${formatDuration(etaMs)} left` : 'decoding the picture';
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
 * One line that fits: the bar gets the space that the text leaves, and is left out when that is too little. Some terminals wrap a line
 * that is as wide as they are.
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

/** A line for every tenth of the run, so that a log stays readable whatever the number of steps. */
export function lineProgress(write: (text: string) => void): Progress {
  let tenths = 0;
  return {
    begin: (text) => write(`${text}\n`),
    step({ index, total, etaMs }) {
      const reached = Math.floor((index / total) * 10);
      if (reached <= tenths) return;
      tenths = reached;
      write(
        `step ${index} of ${total} (${Math.round((index / total) * 100)} %), about ${formatDuration(etaMs)} left\n`,
      );
    },
    above: write,
    end() {},
  };
}
