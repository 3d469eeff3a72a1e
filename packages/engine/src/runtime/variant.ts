import type { TensorInfo } from '../weights/safetensors.ts';
import { cpu } from './devices/cpu.ts';
import { type Device, deviceKey } from './devices/device.ts';

/** The precision of a network. `exact`: float32. `int8`: 8-bit integers in its matrix products and convolutions, float32 elsewhere. */
export const precisions = ['exact', 'int8'] as const;

export type Precision = (typeof precisions)[number];

/**
 * What an adapter adds to the weight of one layer: scale · up · down (Hu et al. 2021, arXiv:2106.09685). Of a linear layer down [r, in] and
 * up [out, r]; of a convolution down [r, in, k, k] and up [out, r, 1, 1], or with `mid` [r, r, k, k] between them, down [r, in, 1, 1].
 */
export interface LowRank {
  readonly down: TensorInfo;
  readonly mid?: TensorInfo;
  readonly up: TensorInfo;
  readonly rank: number;
  readonly scale: number;
}

/** The layers of a network that an adapter changes, by name. */
export type AdapterLayers = ReadonlyMap<string, LowRank>;

/** An adapter as a run uses it. */
export interface Adapter {
  /** Changes with its file. */
  readonly key: string;
  /** The factor of all that it adds: an input of the graphs, so that another one needs no other session. */
  readonly weight: number;
  /** By network name. */
  readonly networks: ReadonlyMap<string, AdapterLayers>;
}

/** What the sessions of a run depend on, besides the shape of a pass. */
export interface Target {
  readonly device: Device;
  /** By network name; `exact` where absent. */
  readonly precision: Readonly<Partial<Record<string, Precision>>>;
  /** What is added to the weights, in order. */
  readonly adapters: readonly Adapter[];
}

/** One session of a network: what its graph depends on. */
export interface Variant<Shape extends object> extends Pick<Target, 'device' | 'adapters'> {
  readonly precision: Precision;
  /** The sizes that the graph is built for. */
  readonly shape: Shape;
}

export const defaultTarget: Target = { device: cpu, precision: {}, adapters: [] };

/** Only the adapters that change the network are part of its variant. @param network by its name */
export function variantOf<Shape extends object>(target: Target, network: string, shape: Shape): Variant<Shape> {
  const { device, precision } = target;
  const adapters = target.adapters.filter(({ networks }) => networks.has(network));
  return { device, precision: precision[network] ?? 'exact', adapters, shape };
}

/** The key of a session. */
export function variantKey<Shape extends object>({ device, precision, adapters, shape }: Variant<Shape>): string {
  return JSON.stringify([deviceKey(device), precision, adapters.map(({ key }) => key), shape]);
}

/** The key of anything cached from a session's results. */
export function resultKey<Shape extends object>(variant: Variant<Shape>): string {
  return JSON.stringify([variantKey(variant), variant.adapters.map(({ weight }) => weight)]);
}
