import { describe, expect, it } from 'vitest';
import { duration } from './duration.ts';
import { lineProgress } from './line-progress.ts';

function linesOf(total: number): string[] {
  const lines: string[] = [];
  const progress = lineProgress((text) => lines.push(text.trimEnd()));
  for (let index = 1; index <= total; index += 1) {
    progress.step({ index, total, sample: 0, sigma: 1, elapsedMs: index * 100, etaMs: (total - index) * 100 });
  }
  return lines;
}

describe('progress in lines', () => {
  it('is at most a line for each tenth, and ends with all the steps', () => {
    expect(linesOf(400)).toHaveLength(10);
    expect(linesOf(25)).toHaveLength(10);
    expect(linesOf(400).at(-1)).toBe('step 400 of 400 (100 %), about 0.0 s left');
    expect(linesOf(3)).toEqual([
      'step 1 of 3 (33 %), about 0.2 s left',
      'step 2 of 3 (67 %), about 0.1 s left',
      'step 3 of 3 (100 %), about 0.0 s left',
    ]);
    expect(linesOf(1)).toHaveLength(1);
  });
});

describe('a duration', () => {
  it('is written with the precision that matters', () => {
    expect([0, 1234, 9949, 9950, 59_400, 59_600, 125_000, 3_720_000].map(duration)).toEqual([
      '0.0 s',
      '1.2 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1:00 min',
      '2:05 min',
      '1:02 h',
    ]);
    expect(duration(-5)).toBe('0.0 s');
  });
});
