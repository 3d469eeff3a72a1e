import { cpu } from './devices/cpu.ts';
import type { Device } from './devices/device.ts';

/** What there is to run on, by name. */
export const devices = { cpu } as const satisfies Record<string, Device>;

export type DeviceName = keyof typeof devices;

/** What the sessions of a run are made for, besides the shape of a pass. */
export interface Target {
  readonly device: DeviceName;
  /** What the networks compute in. */
  readonly precision: 'float32';
  /** What is added to the weights, in order. */
  readonly adapters: readonly string[];
}

/** One session of a network: a target, and the sizes that its graph is built for. */
export interface Variant<Shape extends object> extends Target {
  readonly shape: Shape;
}

export const defaultTarget: Target = { device: 'cpu', precision: 'float32', adapters: [] };

/** The key of a session, and of whatever is remembered of its results. */
export function variantKey<Shape extends object>({ device, precision, adapters, shape }: Variant<Shape>): string {
  return JSON.stringify([device, precision, adapters, shape]);
}
