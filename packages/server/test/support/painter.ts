import { afterAll, beforeAll } from 'vitest';
import type { EnginePainter } from '../../src/models/engine-painter.ts';
import { openPainter } from './open-painter.ts';

/** A painter for the tests of one file. @returns it, from the first test on */
export function usePainter(): () => EnginePainter {
  let painter: EnginePainter | undefined;
  beforeAll(async () => {
    painter = await openPainter();
  });
  afterAll(() => painter?.close());
  return () => {
    if (painter === undefined) throw new Error('the painter is there from the first test on');
    return painter;
  };
}
