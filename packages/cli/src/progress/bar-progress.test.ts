import { describe, expect, it } from 'vitest';
import { barLine } from './bar-progress.ts';

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
