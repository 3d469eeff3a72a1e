/**
 * What a device is asked by the tests: the probe, layers, and pictures for what the probe has chosen. In one process, on one device: most of
 * a software device's time goes into compiling shaders, which these share.
 */
import { answer } from '../../../../tests/support/software-device.ts';
import { probeStep } from '../../src/components/probe-device.ts';
import type { DeviceReport } from '../../src/device-info.ts';
import { chooseDevice } from '../../src/loading/choose-device.ts';
import { reportOf } from '../../src/loading/device-report.ts';
import type { GraphForm } from '../../src/runtime/devices/device.ts';
import { thisMachine } from '../../src/runtime/devices/graphics-cards.ts';
import { type ProbeFindings, probeSteps } from '../../src/runtime/devices/probe-steps.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { makePictures, type PicturesWork } from './pictures.ts';
import { type FormResult, type FormRun, runLayerForms } from './run-layer-forms.ts';
import { keepDevice } from './software-choice.ts';

export interface DeviceWork {
  readonly runs: readonly (FormRun & { readonly form: GraphForm })[];
  readonly pictures: Omit<PicturesWork, 'choice'>;
}

export interface DeviceResults {
  readonly report: DeviceReport;
  /** By run. */
  readonly layers: readonly FormResult[][];
  readonly pictures: readonly Uint8Array[];
}

await answer(async ({ runs, pictures }: DeviceWork): Promise<DeviceResults> => {
  const kept = await keepDevice(webgpu.create(webgpu.form));
  const findings: ProbeFindings[] = [];
  for (const step of probeSteps) findings.push(await probeStep(step, webgpu.name, 1));
  const report = reportOf(webgpu.name, findings);
  const choice = await chooseDevice({ device: webgpu.name }, thisMachine(), async () => report);
  const layers: FormResult[][] = [];
  for (const run of runs) layers.push(await runLayerForms(webgpu.create(run.form), run));
  const results = { report, layers, pictures: await makePictures({ choice, ...pictures }) };
  await kept.release();
  return results;
});
