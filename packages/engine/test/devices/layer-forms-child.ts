/** Runs layers on WebGPU and on the CPU. */
import { answer } from '../../../../tests/support/software-device.ts';
import { GraphBuilder } from '../../src/onnx/graph-builder.ts';
import type { GraphForm } from '../../src/runtime/devices/device.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { createSession } from '../../src/runtime/session.ts';
import { type FormResult, type FormRun, runLayerForms } from './run-layer-forms.ts';

await answer(async (runs: readonly (FormRun & { readonly form: Partial<GraphForm> })[]) => {
  // Releasing the last session ends the device, and the next one compiles its shaders again.
  const graph = new GraphBuilder('anchor');
  graph.output('y', graph.input('x', [1]));
  const profile = { weightFolder: '/', threads: 1, weights: 'mapped' } as const;
  const anchor = await createSession(graph, webgpu.create(webgpu.form), profile);
  const results: FormResult[][] = [];
  for (const run of runs) results.push(await runLayerForms(webgpu.create({ ...webgpu.form, ...run.form }), run));
  await anchor.release();
  return results;
});
