import { EngineError } from '../errors.ts';
import { isJsonObject } from '../model-files.ts';
import type { AdapterFile } from './adapter-file.ts';

/** The kinds of noise that a model can be trained with: Playground v2.5's, and that of SDXL and the rest of its line. */
export type TrainedNoise = 'edm' | 'discrete';

/** What a file says of the model that it was trained on. */
interface Mark {
  /** Human-readable. */
  readonly what: string;
  readonly line: 'playground-v2.5' | 'sdxl' | 'other';
  /** Where it says so. */
  readonly where: string;
}

/** `modelspec.architecture` (Stability's ModelSpec) and `ss_base_model_version` (kohya's scripts). */
const architectures: readonly (readonly [test: RegExp, what: string, line: Mark['line']])[] = [
  [/refiner/, 'the SDXL refiner', 'other'],
  [/^stable-diffusion-xl|^sdxl/, 'SDXL', 'sdxl'],
  [/^stable-diffusion-v?1|^sd_?(v1|1)/, 'Stable Diffusion 1.x', 'other'],
  [/^stable-diffusion-v?2|^sd_?(v2|2)/, 'Stable Diffusion 2.x', 'other'],
  [/^stable-diffusion-(v?3|x)|^sd3/, 'Stable Diffusion 3', 'other'],
  [/^flux/, 'Flux', 'other'],
];

const PLAYGROUND = /playground[-_ ]?v?2[-_. ]5/i;

/**
 * Refuses an adapter of another line of models, whose shapes may well fit: one trained on SDXL makes noise of Playground v2.5's pictures, and
 * the other way round. Adapters of Playground v2.5 itself come from scripts that say nothing of the model, so those are used, with a notice.
 *
 * @param isForced whether the user wants it in spite of what the file says about the two lines that share shapes
 * @returns what the user should know
 * @throws EngineError `model_unsupported`
 */
export function checkTrainedOn(adapter: AdapterFile, noise: TrainedNoise, isForced: boolean): string | undefined {
  const { name, metadata } = adapter;
  const mark = markOf(metadata);
  if (mark === undefined) {
    if (noise === 'discrete') return undefined;
    return `${name} does not say which model it was trained on: if that was SDXL, it does no good to Playground v2.5`;
  }
  const own = noise === 'edm' ? 'playground-v2.5' : 'sdxl';
  if (mark.line === own) return undefined;
  const said = `${name} was trained on ${mark.what} (${mark.where})`;
  if (mark.line === 'other') throw refusal(adapter, `${said}, not on this kind of model`, USE_ANOTHER);
  const model = noise === 'edm' ? 'Playground v2.5, which is sampled in another way' : 'a model of the SDXL line';
  if (isForced) return `${said}, and is used with ${model}, as asked for`;
  throw refusal(adapter, `${said}; this is ${model}`, `${USE_ANOTHER}; to try it in spite of this, see docs/loras.md`);
}

const USE_ANOTHER = 'use an adapter that was trained for this model';

function refusal({ file }: AdapterFile, message: string, remedy: string): EngineError {
  return new EngineError('model_unsupported', message, { remedy, details: { file, param: 'loras' } });
}

function markOf(metadata: AdapterFile['metadata']): Mark | undefined {
  for (const where of ['ss_sd_model_name', 'ss_base_model_name', 'base_model', 'lora_adapter_metadata']) {
    if (PLAYGROUND.test(metadata[where] ?? '')) return { what: 'Playground v2.5', line: 'playground-v2.5', where };
  }
  for (const where of ['modelspec.architecture', 'ss_base_model_version']) {
    const value = metadata[where];
    if (value === undefined || value === '') continue;
    if (PLAYGROUND.test(value)) return { what: 'Playground v2.5', line: 'playground-v2.5', where };
    const known = architectures.find(([test]) => test.test(value.toLowerCase()));
    return { what: known?.[1] ?? value.slice(0, 60), line: known?.[2] ?? 'other', where };
  }
  return undefined;
}

/** How PEFT scales a network's adapter where its layers do not say. */
export interface PeftConfig {
  readonly alpha: number | undefined;
  /** By layer, or the end of its name. */
  readonly alphas: ReadonlyMap<string, number>;
  /** Scaled by the root of the rank (Kalajdzievski 2023, arXiv:2312.03732). */
  readonly isRankStabilised: boolean;
}

/** diffusers ≥ 0.34 saves PEFT's configuration of each network in the file's metadata. */
export function peftConfig({ metadata }: Pick<AdapterFile, 'metadata'>, part: string): PeftConfig {
  const all = objectOf(metadata.lora_adapter_metadata);
  const alpha = all[`${part}.lora_alpha`];
  const pattern = all[`${part}.alpha_pattern`];
  const entries = Object.entries(isJsonObject(pattern) ? pattern : {});
  return {
    alpha: typeof alpha === 'number' ? alpha : undefined,
    alphas: new Map(entries.flatMap(([layer, value]) => (typeof value === 'number' ? [[layer, value]] : []))),
    isRankStabilised: all[`${part}.use_rslora`] === true,
  };
}

function objectOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
