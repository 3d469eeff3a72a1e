import { describe, expect, it } from 'vitest';
import { barLine, lineProgress } from './progress.ts';
import { formatDuration } from './text.ts';

describe('the line of the progress bar', () => {
  it('has a bar of thirty cells where there is room', () => {
    expect(barLine(80, 0.5, 5, 10, '3.2 s left')).toBe(
      `${'█'.repeat(15)}${'░'.repeat(15)} 50 % · step 5 of 10 · 3.2 s left`,
    );
  });

  it('keeps step and time in any terminal, and never reaches its last column', () => {
    for (let columns = 12; columns <= 120; columns += 1) {
      const line = barLine(columns, 0.28, 7, 25, '2:05 min left');
      expect(line.length, String(columns)).toBeLessThan(Math.max(columns, 6));
      if (columns >= 40) expect(line).toContain('step 7 of 25 · 2:05 min left');
      if (columns >= 24) expect(line).toContain('2:05 min left');
    }
    expect(barLine(undefined, 0, 0, 25, '')).toHaveLength(52);
  });
});

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
    expect([0, 1234, 9949, 9950, 59_400, 59_600, 125_000, 3_720_000].map(formatDuration)).toEqual([
      '0.0 s',
      '1.2 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1:00 min',
      '2:05 min',
      '1:02 h',
    ]);
    expect(formatDuration(-5)).toBe('0.0 s');
  });
});
