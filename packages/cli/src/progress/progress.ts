import type { StepEvent } from '@easel/engine';

/** Tells somebody who waits how far a run is. */
export interface Progress {
  /** What goes on before the first step. */
  begin(text: string): void;
  step(step: StepEvent): void;
  /** Writes whole lines above the bar, which comes back below them. */
  above(lines: string): void;
  /** Takes the bar away and gives the cursor back; safe to call twice, and at any moment. */
  end(): void;
}
