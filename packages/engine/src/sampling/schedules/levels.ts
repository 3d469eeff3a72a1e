/** The noise levels of a run and the corresponding network inputs. */
export interface Levels {
  /** float32 [steps + 1], descending; the last is the level the last step ends at. */
  readonly sigmas: Float32Array;
  /** The network's timestep input at each step, float32 [steps]. */
  readonly timesteps: Float32Array;
  /** Where the deterministic part of each step ends, float32 [steps]; absent: at the next of `sigmas`. */
  readonly arrivals?: Float32Array;
  /** The first step to run: 0, or later when a run starts from a picture. */
  readonly beginIndex: number;
}

/** The number of steps, or the steps themselves. Given levels end with the one after the last step. */
export type Steps = number | { readonly timesteps: readonly number[] } | { readonly sigmas: readonly number[] };
