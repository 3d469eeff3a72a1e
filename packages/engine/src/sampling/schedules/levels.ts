/** The noise levels of a run and what the network is told of them. */
export interface Levels {
  /** float32 [steps + 1], falling; the last is the level the last step ends at. */
  readonly sigmas: Float32Array;
  /** What the network is told at each step, float32 [steps]. */
  readonly timesteps: Float32Array;
  /** Where the deterministic part of each step ends, float32 [steps]; absent: at the next of `sigmas`. */
  readonly arrivals?: Float32Array;
  /** The first step to take: 0, or later when a run starts from a picture. */
  readonly beginIndex: number;
}

/** How many steps, or which. Given levels end with the one after the last step. */
export type Steps = number | { readonly timesteps: readonly number[] } | { readonly sigmas: readonly number[] };
