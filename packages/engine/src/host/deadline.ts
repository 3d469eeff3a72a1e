import { EngineError } from '../errors.ts';
import type { TimedKind } from './pass-history.ts';

const minuteMs = 60_000;

/**
 * Milliseconds after which a pass counts as hung. `pixels`: width × height of the picture being made; `slowestMs`: the longest
 * that a pass of its kind and size has taken, if there was one.
 *
 * The first of a kind gets 15 minutes, more above a megapixel: the first pass at 1024² took up to 3 minutes on the slowest
 * processor measured. Later ones get 20 times the slowest so far, at least a minute, for a machine that is busy or swaps.
 */
export function defaultPassDeadlineMs(pixels: number, slowestMs: number | undefined): number {
  if (slowestMs === undefined) return 15 * minuteMs * Math.max(1, pixels / 1024 ** 2);
  return Math.max(minuteMs, 20 * slowestMs);
}

export function hungError(kind: TimedKind, ms: number): EngineError {
  const what = kind === 'other' ? 'loading, or work between two passes,' : `a ${kind} pass`;
  return new EngineError(
    'engine_hung',
    `the engine was stopped: ${what} had not ended after ${Math.round(ms / 1000)} s; ` +
      'if the machine is only slow, raise passDeadlineMs or ask for a smaller picture',
  );
}
