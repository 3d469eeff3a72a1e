import type { Arithmetic } from './onnx/graph-builder.ts';
import type { DeviceName, GraphForm } from './runtime/devices/device.ts';

/** The device that a model was loaded for. */
export interface DeviceInfo {
  readonly name: DeviceName;
  /** For people, such as `WebGPU`. */
  readonly title: string;
  /** The type in which it computes. */
  readonly arithmetic: Arithmetic;
  /** The graphics card, where the system names it. */
  readonly adapter?: string;
  /** The card's memory, where the system tells it. */
  readonly memoryBytes?: number;
  /** One line: why `auto` took the CPU, or another device than the first. Absent: it took the first, or the device was named. */
  readonly reason?: string;
}

/** What a probe found out about a device on this machine. */
export interface DeviceReport {
  readonly name: DeviceName;
  readonly title: string;
  /** Whether the runtime has it on this platform. */
  readonly isSupported: boolean;
  /** Whether its results are right. `auto` also wants it to be faster than the CPU. */
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason?: string;
  /** What must be installed, as one sentence. */
  readonly requires: string;
  /** What to do, where it is not usable. */
  readonly remedy?: string;
  /** How graphs for it are built; absent: it is not usable. */
  readonly form?: GraphForm;
  readonly checks: readonly DeviceCheck[];
  /** GFLOP/s of a matrix product in float32, on it and on the CPU. */
  readonly speed?: { readonly device: number; readonly cpu: number };
  readonly adapter?: string;
  readonly memoryBytes?: number;
}

/** One of the things that a probe tries. */
export interface DeviceCheck {
  readonly name: string;
  readonly ok: boolean;
  /** The largest relative error (of L2 norms) against the CPU's float32. */
  readonly error?: number;
  /** Why it failed. */
  readonly reason?: string;
}
