import { readFileSync } from 'node:fs';
import type { SdxlPart } from '../src/families/sdxl-architecture.ts';
import type { NewTensor } from './safetensors-files.ts';

export const LATENT_MEAN = [-1.6574, 1.886, -1.383, 2.5155].map(Math.fround);
const STD = [8.4927, 5.9022, 6.5498, 5.2299].map(Math.fround);

export interface Row {
  readonly component: SdxlPart;
  readonly name: string;
  readonly shape: readonly number[];
  readonly singleFileName: string;
}

/** All 2641 tensors of Playground v2.5. */
export function readTensorList(): Row[] {
  const lines = readFileSync(new URL('../../../tests/fixtures/tensor-list.txt', import.meta.url), 'utf8').split('\n');
  let component: SdxlPart = 'unet';
  return lines.flatMap((line) => {
    const heading = /^# (unet|vae|text_encoder|text_encoder_2)\//.exec(line)?.[1];
    if (heading === 'unet' || heading === 'vae' || heading === 'text_encoder' || heading === 'text_encoder_2') {
      component = heading;
    }
    const [name, shape, singleFileName] = line.split('\t');
    if (line.startsWith('#') || singleFileName === undefined) return [];
    return [{ component, name, shape: shape.split('x').map(Number), singleFileName }];
  });
}

/** As such files are: q, k and v of the second encoder stacked, the VAE's projections as 1×1 convolutions, some keys to ignore. */
export function singleFileTensors(rows: readonly Row[]): NewTensor[] {
  const floats = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const own = rows.flatMap(({ name, shape, singleFileName }): NewTensor[] => {
    const [stem, third] = singleFileName.split('#');
    if (third !== undefined && third !== '0') return [];
    if (third === '0') return [{ name: stem, dtype: 'F16', shape: [3 * shape[0], ...shape.slice(1)] }];
    const isProjection = singleFileName.includes('.attn_1.') && name.endsWith('.weight') && shape.length === 2;
    return [{ name: stem, dtype: 'F16', shape: isProjection ? [...shape, 1, 1] : shape }];
  });
  return [
    ...own,
    { name: 'edm_mean', dtype: 'F32', shape: [1, 4, 1, 1], bytes: floats(LATENT_MEAN) },
    { name: 'edm_std', dtype: 'F32', shape: [4], bytes: floats(STD) },
    { name: 'conditioner.embedders.1.model.logit_scale', dtype: 'F32', shape: [] },
    { name: 'conditioner.embedders.0.transformer.text_model.embeddings.position_ids', dtype: 'I64', shape: [1, 77] },
    { name: 'model_ema.decay', dtype: 'F32', shape: [] },
  ];
}
