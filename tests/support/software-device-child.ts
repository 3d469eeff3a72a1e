/** Multiplies a vector by itself on a device; without one it throws. */
import { GraphBuilder } from '../../packages/engine/src/onnx/graph-builder.ts';
import type { DeviceName } from '../../packages/engine/src/runtime/devices/device.ts';
import { deviceKinds } from '../../packages/engine/src/runtime/devices/devices.ts';
import { createSession } from '../../packages/engine/src/runtime/session.ts';
import { answer } from './software-device.ts';

await answer(async ({ name, values }: { readonly name: DeviceName; readonly values: Float32Array }) => {
  const { create, form } = deviceKinds[name];
  const graph = new GraphBuilder('square');
  const x = graph.input('x', [values.length]);
  graph.output('y', graph.node('Mul', [x, x], x.shape));
  const session = await createSession(graph, create(form), { weightFolder: '/', threads: 1, weights: 'mapped' });
  try {
    return await session.run({ x: values });
  } finally {
    await session.release();
  }
});
