import type { Prediction } from './denoiser.ts';
import type { TextStates } from './text-states.ts';
import type { Planes } from './tiling.ts';

/** Looks into a run, for comparing it with the reference step by step. The arrays must not be changed. */
export interface TraceHooks {
  readonly onTexts?: (texts: { positive: TextStates; negative: TextStates | undefined }) => void;
  /** Before the first step and after each. */
  readonly onLatents?: (event: { sample: number; index: number; latents: Float32Array }) => void;
  readonly onPrediction?: (event: {
    sample: number;
    index: number;
    input: Float32Array;
    prediction: Prediction;
  }) => void;
  readonly onDecoded?: (event: { sample: number; image: Planes }) => void;
}
