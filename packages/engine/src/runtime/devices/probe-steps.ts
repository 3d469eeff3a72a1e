import type { DeviceCheck } from '../../device-info.ts';

/** What is tried of a device, in order. A driver may end the process at each, so each can be asked for on its own. */
export const probeSteps = ['speed', 'operators', 'weights', 'converted', 'attention', 'float16'] as const;

export type ProbeStep = (typeof probeSteps)[number];

/** What a step found out. */
export interface ProbeFindings {
  readonly checks: readonly DeviceCheck[];
  /** GFLOP/s of a matrix product. */
  readonly speed?: { readonly device: number; readonly cpu: number };
}

/** The widest head that fused attention is tried with. */
export const WIDEST_TRIED_HEAD = 128;

/** The names of the checks that decide how graphs are built. */
export const checkNames = {
  attention: 'fused attention',
  float16: 'float16 arithmetic',
  weights: (type: string) => `${type} weights`,
  converted: 'weights converted on the CPU',
} as const;

/** The check that fails where a step does not come to an end. */
export const checkOfStep: Readonly<Record<ProbeStep, string>> = {
  speed: 'product',
  operators: 'operators',
  weights: checkNames.weights('float16'),
  converted: checkNames.converted,
  attention: checkNames.attention,
  float16: checkNames.float16,
};
