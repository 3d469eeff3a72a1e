import { join } from 'node:path';
import { layersOver } from '../../src/components/network.ts';
import { createGenerator } from '../../src/random/torch-generator.ts';
import { cpu } from '../../src/runtime/devices/cpu.ts';
import type { Device } from '../../src/runtime/devices/device.ts';
import { createSession, type TensorValue } from '../../src/runtime/session.ts';
import type { FloatType } from '../../src/weights/element-values.ts';
import type { TensorTable } from '../../src/weights/safetensors.ts';
import { relativeDistance } from '../fixtures.ts';
import { type LayerForm, namedForms } from './layer-forms.ts';
import { readWeights } from './stored-weights.ts';

/** The results of one form on both, or why there is none. */
export type FormResult =
  | { readonly name: string; readonly cpu: Float32Array; readonly device: Float32Array }
  | { readonly name: string; readonly error: string };

/** How far the device's result is from the CPU's, relative (L2). @throws Error that the device gave instead of a result */
export function formDistance(result: FormResult): number {
  if ('error' in result) throw new Error(`${result.name}: ${result.error}`);
  return relativeDistance(result.device, result.cpu);
}

/** Which forms to run, by name, over weights of which type. */
export interface FormRun {
  readonly names: readonly string[];
  readonly dtype: FloatType;
  /** The folder of `TYPE.safetensors`. */
  readonly folder: string;
}

/** The forms as they are built for this device, and on the CPU. */
export async function runLayerForms(device: Device, { names, dtype, folder }: FormRun): Promise<FormResult[]> {
  const results: FormResult[] = [];
  for (const name of names) {
    const form = namedForms.get(name);
    if (!form) throw new Error(`there is no form ${name}`);
    const tensors = await readWeights(join(folder, `${dtype}.safetensors`), name, form);
    const own = { ...device, form: { ...device.form, ...form.form } };
    try {
      results.push({
        name,
        cpu: await runForm(cpu, form, tensors, folder),
        device: await runForm(own, form, tensors, folder),
      });
    } catch (error) {
      results.push({ name, error: String(error) });
    }
  }
  return results;
}

async function runForm(device: Device, form: LayerForm, tensors: TensorTable, folder: string) {
  const { randn } = createGenerator(7);
  const feeds: Record<string, TensorValue> = {};
  const nn = layersOver(tensors, device, folder)('form');
  const inputs = form.inputs.map((shape, index) => {
    feeds[`x${index}`] = { data: randn(shape.reduce((product, side) => product * side, 1)), shape };
    return nn.graph.input(`x${index}`, shape);
  });
  if (form.ids) {
    feeds.ids = { data: BigInt64Array.from(form.ids, BigInt), shape: [form.ids.length] };
    inputs.push(nn.graph.input('ids', [form.ids.length], 'int64'));
  }
  nn.graph.output('y', form.build(nn, ...inputs));
  const session = await createSession(nn.graph, device, { weightFolder: folder, threads: 1, weights: 'mapped' });
  try {
    return (await session.run(feeds)).y;
  } finally {
    await session.release();
  }
}
