import type { Precision } from './runtime/variant.ts';

/**
 * Ways to run fewer network passes per picture with an unchanged model. Each changes the picture, except at its default, the value in
 * parentheses.
 */
export interface Acceleration {
  /**
   * The lowest noise level σ at which there is guidance (0). Outside an interval in the middle guidance is harmful or useless, and one
   * of a step's two passes can be skipped (Kynkäänniemi et al. 2024, "Applying Guidance in a Limited Interval Improves Sample and
   * Distribution Quality in Diffusion Models").
   */
  readonly guidanceSigmaMin?: number;
  /** The highest such level (no limit). */
  readonly guidanceSigmaMax?: number;
  /**
   * The share of the steps after which guidance ends, 0…1 (1): late in a run both passes of a step give nearly the same (Castillo et al.
   * 2023, "Adaptive Guidance: Training-free Acceleration of Conditional Diffusion Models").
   */
  readonly guidanceUntil?: number;
  /** The largest expected change of the denoised latents, 0…1, at which a step reuses the last ones (0); see `reuseSteps`. */
  readonly reuseThreshold?: number;
  /**
   * The deep half of the network runs in one of every so many passes, 1…20 (1); the passes between reuse its features, which change slowly
   * (Ma et al. 2023, "DeepCache: Accelerating Diffusion Models for Free").
   */
  readonly cacheInterval?: number;
  /** Where the network is split for that: 0 leaves the least to the passes between. Default: the whole finest level; see `UNetForm`. */
  readonly cacheBranch?: number;
  /**
   * The share of the steps after which the cross-attention is no longer computed but reused, as the mean of both halves of guidance, which
   * ends there; 0…1 (1). The text decides early (Zhang et al. 2024, "Cross-Attention Makes Inference Cumbersome in Text-to-Image Diffusion
   * Models", T-GATE).
   */
  readonly crossAttentionUntil?: number;
}

/** The requested options, and the resulting passes over all samples. */
export interface UsedAcceleration extends Acceleration {
  readonly passes: PassCounts;
}

export interface PassCounts {
  /** Passes of the whole network. */
  readonly full: number;
  /** Passes of the whole network except its cross-attention. */
  readonly gated: number;
  /** Passes of its shallow half. */
  readonly shallow: number;
  /** The number of full passes without acceleration. */
  readonly exact: number;
}

/** What a profile stands for. */
interface ProfileSettings {
  /** Of every network. */
  readonly precision: Precision;
  readonly acceleration?: Acceleration;
}

/** The trades of speed for exactness that a request can name, the slowest first. */
export const profileNames = ['exact', 'int8', 'fast'] as const;

export type Profile = (typeof profileNames)[number];

/**
 * `exact`: every network in float32, and every pass. `int8`: every network in 8 bits. `fast`: in 8 bits and with fewer passes, by guidance
 * only in an interval of noise levels (Kynkäänniemi et al. 2024) that ends early (Castillo et al. 2023), reuse of steps that would change
 * little, and DeepCache (Ma et al. 2023). docs/performance.md says what each costs in quality.
 */
export const profiles: Readonly<Record<Profile, ProfileSettings>> = {
  exact: { precision: 'exact' },
  int8: { precision: 'int8' },
  fast: {
    precision: 'int8',
    acceleration: { guidanceSigmaMax: 20, guidanceUntil: 0.8, reuseThreshold: 0.05, cacheInterval: 2 },
  },
};
