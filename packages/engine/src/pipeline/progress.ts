import type { StepEvent } from '../model.ts';

/** Counts steps over all samples of a request and estimates when it will end. */
export class Progress {
  readonly #began: number;
  readonly #samples: number;
  readonly #stepsPerSample: number;
  #done = 0;
  #denoiseMs = 0;
  #decodeMs = 0;
  #decoded = 0;

  constructor(began: number, samples: number, stepsPerSample: number) {
    this.#began = began;
    this.#samples = samples;
    this.#stepsPerSample = stepsPerSample;
  }

  step(sample: number, sigma: number, tookMs: number): StepEvent {
    this.#done++;
    this.#denoiseMs += tookMs;
    const total = this.#samples * this.#stepsPerSample;
    return {
      index: this.#done,
      total,
      sample,
      sigma,
      elapsedMs: performance.now() - this.#began,
      etaMs: this.#eta(total),
    };
  }

  decoded(tookMs: number): void {
    this.#decoded++;
    this.#decodeMs += tookMs;
  }

  /** Until one has been measured, decoding is assumed to take as long as a step: right within a factor of three for SDXL's sizes. */
  #eta(total: number): number {
    const perStep = this.#denoiseMs / this.#done;
    const perDecode = this.#decoded > 0 ? this.#decodeMs / this.#decoded : perStep;
    return (total - this.#done) * perStep + (this.#samples - this.#decoded) * perDecode;
  }
}
