import type { SoftwareDevice } from '../../../../tests/support/software-device.ts';
import type { DeviceChoice } from '../../src/loading/choose-device.ts';
import { type Arithmetic, GraphBuilder } from '../../src/onnx/graph-builder.ts';
import type { Device, GraphForm } from '../../src/runtime/devices/device.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { createSession, type Session } from '../../src/runtime/session.ts';

/** How graphs are built for a software device: what a probe finds, without running it for each test. */
export function softwareForm({ hasHalf }: SoftwareDevice, arithmetic: Arithmetic = 'float32'): GraphForm {
  return { ...webgpu.form, arithmetic, stored: hasHalf ? webgpu.form.stored : ['float32'] };
}

/** A software device as a model is loaded for it. */
export function softwareChoice(device: SoftwareDevice, arithmetic: Arithmetic = 'float32'): DeviceChoice {
  const { name, title } = webgpu;
  return { info: { name, title, arithmetic, adapter: device.name }, form: softwareForm(device, arithmetic) };
}

/** A session that keeps a device, and the shaders that it has compiled: releasing the last session of a process ends its device. */
export function keepDevice(device: Device): Promise<Session> {
  const graph = new GraphBuilder('nothing');
  graph.output('y', graph.input('x', [1]));
  return createSession(graph, device, { weightFolder: '/', threads: 1, weights: 'mapped' });
}
