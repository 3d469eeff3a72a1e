/** Runs layers on WebGPU and on the CPU. */
import { answer } from '../../../../tests/support/software-device.ts';
import type { GraphForm } from '../../src/runtime/devices/device.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { type FormResult, type FormRun, runLayerForms } from './run-layer-forms.ts';
import { keepDevice } from './software-choice.ts';

await answer(async (runs: readonly (FormRun & { readonly form: GraphForm })[]) => {
  const kept = await keepDevice(webgpu.create(webgpu.form));
  const results: FormResult[][] = [];
  for (const run of runs) results.push(await runLayerForms(webgpu.create(run.form), run));
  await kept.release();
  return results;
});
