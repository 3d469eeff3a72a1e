import { familySampling } from '../families/families.ts';
import { buildClipText } from '../graphs/clip-text.ts';
import { buildUNet, type UNetShape } from '../graphs/unet.ts';
import { buildVaeDecoder, buildVaeEncoder, type VaeShape } from '../graphs/vae.ts';
import { downscaleOf } from '../graphs/vae-config.ts';
import type { GenerateRequest, GenerateResult, LoadOptions, Model, PictureSize } from '../model.ts';
import { Denoiser } from '../pipeline/denoiser.ts';
import { requireSize } from '../pipeline/limits.ts';
import { Network, type NetworkOptions } from '../pipeline/network.ts';
import { nextTurn } from '../pipeline/next-turn.ts';
import { sizesOfModel } from '../pipeline/picture-sizes.ts';
import { type PipelineParts, type RunOptions, runPipeline } from '../pipeline/pipeline.ts';
import { Previews } from '../pipeline/previews.ts';
import { PromptEncoder } from '../pipeline/prompt-encoder.ts';
import type { RunHooks } from '../pipeline/run-hooks.ts';
import { TextEncoder } from '../pipeline/text-encoder.ts';
import { Vae } from '../pipeline/vae.ts';
import { physicalCores } from '../runtime/physical-cores.ts';
import type { SessionProfile } from '../runtime/session-options.ts';
import type { Checkpoint, ComponentName } from '../weights/checkpoint.ts';
import { defaultCacheFolder } from './cache-folder.ts';
import { checkTensors } from './check-tensors.ts';
import { type ComponentConfigs, parseComponentConfigs } from './component-configs.ts';
import { modelDefaults, modelInfo } from './model-info.ts';
import { readTokenizers } from './read-tokenizers.ts';
import { RunQueue } from './run-queue.ts';
import { vaeIdentity } from './vae-identity.ts';

/** A model in this process: besides the steps it tells its passes, which the engine host times. */
export interface RunnableModel extends Model {
  generate(request: GenerateRequest, options?: RunOptions): Promise<GenerateResult>;
  prepare(size: PictureSize, options?: PrepareOptions): Promise<void>;
}

type PrepareOptions = { readonly signal?: AbortSignal } & RunHooks;

/**
 * Builds the pipeline of a checkpoint and checks every tensor it will need.
 *
 * @throws EngineError `model_unsupported`, `model_config_invalid`, `model_file_missing`, `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export async function assembleModel(checkpoint: Checkpoint, options: LoadOptions): Promise<RunnableModel> {
  const configs = parseComponentConfigs(checkpoint);
  checkTensors(checkpoint, configs);
  const parts = await assembleParts(checkpoint, configs, options);
  const queue = new RunQueue();
  return {
    info: modelInfo(checkpoint, configs, parts.facts.defaults),
    generate: (request, run) => queue.add(() => runPipeline(parts, request, run)),
    tokenize: async (text) => [countTokens(parts, 0, text), countTokens(parts, 1, text)],
    prepare: (size, run = {}) => queue.add(() => prepareParts(parts, size, run)),
    close: () => queue.close(() => releaseParts(parts)),
  };
}

async function assembleParts(
  checkpoint: Checkpoint,
  configs: ComponentConfigs,
  options: LoadOptions,
): Promise<PipelineParts> {
  const { clips, unet, vae: vaeConfig } = configs;
  const sampling = familySampling(checkpoint.scheduler);
  const tokenizers = await readTokenizers(checkpoint);
  const network = <Shape extends object>(component: ComponentName, own: OwnOptions<Shape>) =>
    new Network<Shape>({ ...own, ...loadingOf(checkpoint, component, options) });
  const encoder = (index: 0 | 1, component: ComponentName) => {
    const build: OwnOptions<Record<string, never>>['build'] = (_, of) => buildClipText(clips[index], of);
    const encoding = network(component, { kind: 'text_encoder', keep: 1, build });
    return new TextEncoder(tokenizers[index], clips[index], encoding);
  };
  const vae = new Vae(
    vaeConfig,
    network<VaeShape>('vae', {
      kind: 'vae_decode',
      keep: 4,
      build: (shape, of) => buildVaeDecoder(vaeConfig, shape, of),
    }),
    network<VaeShape>('vae', {
      kind: 'vae_encode',
      keep: 4,
      build: (shape, of) => buildVaeEncoder(vaeConfig, shape, of),
    }),
  );
  const denoising = network<UNetShape>('unet', {
    kind: 'unet',
    keep: 2,
    build: (shape, of) => buildUNet(unet, shape, of),
  });
  const identity = await vaeIdentity(vaeConfig, checkpoint.components.vae.tensors);
  return {
    facts: {
      defaults: modelDefaults(configs, sampling.sampler),
      sizes: sizesOfModel(unet.sampleSize * downscaleOf(vaeConfig), checkpoint.sizes),
      sampling,
      vae: vaeConfig,
      forceZerosForEmptyPrompt: checkpoint.forceZerosForEmptyPrompt,
    },
    prompts: new PromptEncoder([encoder(0, 'text_encoder'), encoder(1, 'text_encoder_2')]),
    denoiser: new Denoiser(unet, denoising),
    vae,
    previews: new Previews(vae, identity, options.cacheDir ?? defaultCacheFolder(process.env)),
  };
}

type OwnOptions<Shape> = Pick<NetworkOptions<Shape>, 'kind' | 'build' | 'keep'>;

/** Below this many stored bytes a component is widened once at load: faster, and small enough not to matter. */
const RESIDENT_BYTES = 64 * 2 ** 20;

function loadingOf(checkpoint: Checkpoint, component: ComponentName, options: LoadOptions) {
  const { tensors } = checkpoint.components[component];
  const bytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const automatic: SessionProfile['weights'] = bytes <= RESIDENT_BYTES ? 'resident' : 'mapped';
  const weights = options.weights === undefined || options.weights === 'auto' ? automatic : options.weights;
  return { tensors, weights, threads: options.threads ?? physicalCores() };
}

function countTokens(parts: PipelineParts, index: 0 | 1, text: string) {
  const { tokenizer } = parts.prompts.encoders[index];
  const { count, truncated } = tokenizer.encode(text);
  return { count, truncated, limit: tokenizer.limit };
}

async function prepareParts(parts: PipelineParts, size: PictureSize, options: PrepareOptions): Promise<void> {
  const scale = downscaleOf(parts.vae.config);
  const width = requireSize('width', size.width, parts.facts.sizes) / scale;
  const height = requireSize('height', size.height, parts.facts.sizes) / scale;
  for (const encoder of parts.prompts.encoders) {
    await nextTurn(options.signal);
    await encoder.prepare(options);
  }
  await nextTurn(options.signal);
  await parts.denoiser.prepare({ height, width }, parts.prompts.encoders[0].positions, options);
  await nextTurn(options.signal);
  await parts.vae.prepare({ height, width }, options);
}

async function releaseParts({ prompts, denoiser, vae }: PipelineParts): Promise<void> {
  for (const encoder of prompts.encoders) await encoder.release();
  await denoiser.release();
  await vae.release();
}
