import { cpu } from './devices/cpu.ts';
import { type Device, deviceKey } from './devices/device.ts';

/** The precision of a network. `exact`: float32. `int8`: 8-bit integers in its matrix products and convolutions, float32 elsewhere. */
export const precisions = ['exact', 'int8'] as const;

export type Precision = (typeof precisions)[number];

/** What the sessions of a run depend on, besides the shape of a pass. */
export interface Target {
  readonly device: Device;
  /** By network name; `exact` where absent. */
  readonly precision: Readonly<Partial<Record<string, Precision>>>;
  /** What is added to the weights, in order. */
  readonly adapters: readonly string[];
}

/** One session of a network: what its graph depends on. */
export interface Variant<Shape extends object> extends Pick<Target, 'device' | 'adapters'> {
  readonly precision: Precision;
  /** The sizes that the graph is built for. */
  readonly shape: Shape;
}

export const defaultTarget: Target = { device: cpu, precision: {}, adapters: [] };

/** @param network by its name */
export function variantOf<Shape extends object>(target: Target, network: string, shape: Shape): Variant<Shape> {
  const { device, precision, adapters } = target;
  return { device, precision: precision[network] ?? 'exact', adapters, shape };
}

/** The key of a session, and of anything cached from its results. */
export function variantKey<Shape extends object>({ device, precision, adapters, shape }: Variant<Shape>): string {
  return JSON.stringify([deviceKey(device), precision, adapters, shape]);
}
