import type { DiscreteNoise } from '../src/sampling/schedules/discrete.ts';

/** What the scheduler_config.json of SDXL's base model says. */
export const sdxlNoise: DiscreteNoise = {
  kind: 'discrete',
  trainTimesteps: 1000,
  betas: { kind: 'scaled_linear', start: 0.00085, end: 0.012 },
  zeroSnr: false,
  spacing: 'leading',
  stepsOffset: 1,
  bySigma: undefined,
  sigmaMin: undefined,
  sigmaMax: undefined,
  setAlphaToOne: false,
  originalSteps: 50,
  lambdaMinClipped: -Infinity,
};
