import { AdapterShelf } from '../adapters/adapter-shelf.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { readTokenizers } from '../checkpoints/open-checkpoint.ts';
import { ClipEncoder } from '../components/clip/encoder.ts';
import { Network, type NetworkOptions } from '../components/network.ts';
import { unetBranches } from '../components/unet/graph.ts';
import { UNet } from '../components/unet/unet.ts';
import { downscaleOf, type VaeConfig } from '../components/vae/config.ts';
import { Vae } from '../components/vae/vae.ts';
import { EngineError } from '../errors.ts';
import { familySampling, samplersOf } from '../families/families.ts';
import {
  isForInpainting,
  type NetworkPlan,
  parseSdxlConfigs,
  type SdxlConfigs,
  type SdxlPart,
  sdxlConditioning,
  sdxlNetworks,
} from '../families/sdxl-architecture.ts';
import { defaultCacheFolder } from '../folders.ts';
import type { GenerateRequest, GenerateResult, LoadOptions, Model, PictureSize, PrepareOptions } from '../model.ts';
import { checkedRequest } from '../pipeline/checked-request.ts';
import { requireSize } from '../pipeline/limits.ts';
import { sizesOfModel } from '../pipeline/picture-sizes.ts';
import { openWeights, type PipelineParts, type RunOptions, runPipeline } from '../pipeline/pipeline.ts';
import { accelerationOf, planProfile } from '../pipeline/plan.ts';
import { Previews } from '../pipeline/previews.ts';
import { PromptEncoder } from '../pipeline/prompts.ts';
import { TextCache } from '../pipeline/text-cache.ts';
import { runUpscaled } from '../pipeline/upscale.ts';
import type { Device } from '../runtime/devices/device.ts';
import { deviceMemory } from '../runtime/devices/device-memory.ts';
import { engineThreads } from '../runtime/devices/processors.ts';
import {
  chosenUse,
  deviceUse,
  type MemoryUse,
  machineMemory,
  preparedSizes,
  requireMemory,
  shareOfMemory,
} from '../runtime/memory.ts';
import { nextTurn, type RunHooks } from '../runtime/passes.ts';
import { Residency } from '../runtime/residency.ts';
import { defaultTarget, type Precision, type Target } from '../runtime/variant.ts';
import type { ClipTokenizer } from '../tokenizer/clip-tokenizer.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { fileStates } from '../weights/weight-files.ts';
import { checkTensors } from './check-tensors.ts';
import { cpuChoice, type DeviceChoice, deviceOf } from './choose-device.ts';
import { deviceNeeds, loraBytes, memoryNeeds, withLoras } from './memory-needs.ts';
import { adaptedModel, modelDefaults, modelInfo } from './model-info.ts';
import { openUpscaler } from './open-upscaler.ts';
import {
  fixedPrecision,
  Int8Source,
  isSdxlPart,
  precisionOf,
  profilesOf,
  RESIDENT_BYTES,
  requirePrecision,
  requireProfile,
  storedBytes,
  weightsFor,
} from './precision.ts';
import { loadTinyDecoder } from './tiny-decoder.ts';

/** A model in this process: besides steps it reports passes, which the engine host times. */
export interface RunnableModel extends Model {
  generate(request: GenerateRequest, options?: RunOptions): Promise<GenerateResult>;
  prepare(size: PictureSize, options?: PrepareOptions & RunHooks): Promise<void>;
}

/**
 * Builds the pipeline of a checkpoint and checks every tensor it will need.
 *
 * @param device that of the choice
 * @throws EngineError `model_unsupported`, `model_config_invalid`, `model_file_missing`, `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export async function assembleModel(
  checkpoint: Checkpoint,
  options: LoadOptions,
  choice: DeviceChoice = cpuChoice,
  device: Device = deviceOf(choice),
): Promise<RunnableModel> {
  const configs = parseSdxlConfigs(checkpoint.components);
  checkTensors(checkpoint, configs);
  const fixed = fixedPrecision(options.precision);
  requirePrecision(fixed, device);
  const int8 = new Int8Source(checkpoint, configs, options.int8File, fixed && Object.keys(fixed).filter(isSdxlPart));
  if (fixed && Object.keys(fixed).length > 0) await int8.open();
  const memoryBytes =
    device.name === 'cpu' ? undefined : (choice.info.memoryBytes ?? (await deviceMemory(device.name)));
  const parts = await assembleParts(checkpoint, configs, options, { device, memoryBytes, fixed, int8 });
  const queue = new RunQueue();
  return {
    info: {
      ...modelInfo(checkpoint, configs, parts.facts.defaults, fixed ? [] : profilesOf(int8, device)),
      device: { ...choice.info, ...(memoryBytes !== undefined && { memoryBytes }) },
    },
    generate: async (given, run) => {
      const request = checkedRequest(given);
      return queue.add(() => (request.upscale === undefined ? runPipeline : runUpscaled)(parts, request, run));
    },
    tokenize: async (text) => parts.prompts.encoders.map(({ tokenizer }) => countTokens(tokenizer, text)),
    prepare: (size, run = {}) => queue.add(() => prepareParts(parts, size, run)),
    close: () => queue.close(() => releaseParts(parts)),
  };
}

interface Choices {
  readonly device: Device;
  /** Of a device with memory of its own, as far as the system tells. */
  readonly memoryBytes: number | undefined;
  /** Undefined: each request's profile decides. */
  readonly fixed: ReturnType<typeof fixedPrecision>;
  readonly int8: Int8Source;
}

async function assembleParts(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  options: LoadOptions,
  choices: Choices,
): Promise<PipelineParts> {
  const { device, fixed, int8 } = choices;
  const { unet, vae } = configs;
  const { family, scheduler } = checkpoint;
  const sampling = familySampling(family, scheduler);
  const networks = await assembleNetworks(checkpoint, configs, options, choices);
  const identity = await vaeIdentity(vae, checkpoint.components.vae.tensors);
  return {
    ...networks,
    facts: {
      defaults: modelDefaults(family, configs, sampling.sampler),
      sizes: sizesOfModel(unet.sampleSize * downscaleOf(vae), checkpoint.sizes),
      samplers: samplersOf(family),
      limits: family.limits,
      sampling,
      vae,
      takesGuidance: unet.guidanceEmbedDim !== undefined,
      hasTinyDecoder: networks.tiny !== undefined,
      isForInpainting: isForInpainting(unet, vae),
      unetBranches: unetBranches(unet),
      forceZerosForEmptyPrompt: checkpoint.forceZerosForEmptyPrompt,
      isPrecisionFixed: fixed !== undefined,
      requireWeights: (profile) => requireProfile(profile, device, int8),
    },
    targetOf: (profile) => targetOf(device, profile ? precisionOf(profile) : fixed),
    adapters: new AdapterShelf(adaptedModel(checkpoint)),
    openInt8: () => int8.open(),
    previews: new Previews(networks.vae, identity, options.cacheDir ?? defaultCacheFolder(process.env)),
  };
}

/** All that has sessions, under one residency. */
async function assembleNetworks(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  options: LoadOptions,
  choices: Choices,
): Promise<Pick<PipelineParts, 'prompts' | 'unet' | 'vae' | 'tiny' | 'upscaler' | 'memory'>> {
  const tokenizers = await readTokenizers(checkpoint);
  const plans = sdxlNetworks(configs);
  const { use, keptUNets } = planMemory(checkpoint, configs, options, {
    ...choices,
    loras: await loraBytes(options.expectedLoras),
  });
  const residency = new Residency(choices.device, use);
  const network = <Shape extends object>(plan: NetworkPlan<Shape>, keep: NetworkOptions<Shape>['keep'] = plan.keep) =>
    new Network<Shape>({
      ...plan,
      keep,
      residency,
      int8: () => choices.int8.weightsOf(plan.part),
      ...loadingOf(checkpoint, plan.part, options, use),
    });
  const encoders = plans.encoders.map((plan, index) => {
    const isStored = options.textCache ?? storedBytes(checkpoint.components[plan.part].tensors) > RESIDENT_BYTES;
    const store = isStored ? new TextCache(options.cacheDir ?? defaultCacheFolder(process.env)) : undefined;
    return new ClipEncoder(tokenizers[index], configs.clips[index], network(plan), store);
  });
  const prompts = new PromptEncoder(encoders, sdxlConditioning);
  const unet = new UNet(configs.unet, network(plans.denoiser, keptUNets), network(plans.projector));
  const vae = new Vae(configs.vae, network(plans.decoder), network(plans.encoder));
  const { tinyDecoder, upscaler: upscalerFile, threads = engineThreads() } = options;
  const tiny =
    tinyDecoder === undefined ? undefined : await loadTinyDecoder(tinyDecoder, configs.vae, { threads, residency });
  const upscaler = upscalerFile === undefined ? undefined : await openUpscaler(upscalerFile, { threads });
  residency.add({ stage: 'texts', release: () => prompts.releaseSessions() });
  residency.add({ stage: 'denoise', release: () => unet.release(), releaseSessions: () => unet.releaseSessions() });
  residency.add({ stage: 'pixels', release: () => vae.release() });
  if (tiny) residency.add({ release: () => tiny.release() });
  return { prompts, unet, vae, tiny, upscaler, memory: residency };
}

/** A device without kernels for 8 bits computes every profile in its own arithmetic. */
function targetOf(device: Device, precision: Target['precision'] = {}): Target {
  return { ...defaultTarget, device, precision: device.hasInt8 ? precision : {} };
}

function planMemory(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  options: LoadOptions,
  { device, memoryBytes, fixed, loras }: Choices & { readonly loras: number },
) {
  const { memory, memoryShare = 1 } = options;
  const given = requireMemory(memory);
  if (device.name !== 'cpu') {
    const setting = shareOfMemory(given, memoryShare, memoryBytes);
    return {
      use: deviceUse(setting, withLoras(deviceNeeds(checkpoint, configs, device), loras), device, memoryBytes),
      keptUNets: 1,
    };
  }
  const setting = shareOfMemory(given, memoryShare, machineMemory());
  const needs = withLoras(memoryNeeds(checkpoint, configs, fixed), loras);
  const use = chosenUse(setting, needs);
  const { tensors, weights } = loadingOf(checkpoint, 'unet', options, use);
  /** Packed weights are the session's own: a byte each in 8 bits, else four, where half precision stores two. */
  const sessionBytes = (precision: Precision) =>
    weights(precision) === 'mapped' ? 0 : storedBytes(tensors) * (precision === 'int8' ? 0.5 : 2);
  return { use, keptUNets: (precision: Precision) => preparedSizes(setting, needs, sessionBytes(precision)) };
}

function loadingOf(checkpoint: Checkpoint, part: SdxlPart, options: LoadOptions, use: MemoryUse) {
  const { tensors } = checkpoint.components[part];
  const given = options.weights === 'auto' ? undefined : options.weights;
  const weights = (precision: Precision) => given ?? weightsFor(part, precision, storedBytes(tensors), use);
  return { tensors, weights, threads: options.threads ?? engineThreads() };
}

function countTokens(tokenizer: ClipTokenizer, text: string) {
  const { count, truncated } = tokenizer.encode(text);
  return { count, truncated, limit: tokenizer.limit };
}

/** Only what is then kept for the next request: see `Residency`. */
async function prepareParts(
  parts: PipelineParts,
  size: PictureSize,
  options: PrepareOptions & RunHooks,
): Promise<void> {
  const scale = downscaleOf(parts.vae.config);
  const width = requireSize('width', size.width, parts.facts.sizes) / scale;
  const height = requireSize('height', size.height, parts.facts.sizes) / scale;
  const profile = planProfile(options, parts.facts);
  const target = parts.targetOf(profile);
  const { cacheInterval = 1, cacheBranch = parts.facts.unetBranches.finest } = accelerationOf({}, profile) ?? {};
  await openWeights(parts, target, options);
  const context = { target, hooks: options };
  const { memory, prompts, unet, vae } = parts;
  const split = cacheInterval === 1 ? {} : { branch: cacheBranch };
  await memory.resize(size);
  await memory.attempt(async () => {
    const { texts, denoise } = memory.kept;
    for (const encoder of texts ? prompts.encoders : []) {
      await nextTurn(options.signal);
      await encoder.prepare(context);
    }
    if (!denoise) return;
    await nextTurn(options.signal);
    await unet.prepare({ height, width }, prompts.positions, context, split);
    await nextTurn(options.signal);
    await vae.prepare({ height, width }, context);
  }, options);
}

async function releaseParts({ prompts, unet, vae, tiny, upscaler }: PipelineParts): Promise<void> {
  for (const encoder of prompts.encoders) await encoder.release();
  await unet.release();
  await vae.release();
  await tiny?.release();
  await upscaler?.release();
}

/** Changes whenever the VAE's weights or scaling do. */
async function vaeIdentity(config: VaeConfig, tensors: TensorTable): Promise<string> {
  const facts = await fileStates([...tensors.values()].map(({ file }) => file));
  return JSON.stringify([facts, config.latents, config.blockOutChannels]);
}

/** One job at a time, in order: two runs at once would only double the memory. */
class RunQueue {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  add<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new EngineError('engine_closed', 'the model has been closed'));
    }
    const turn = this.#last.then(job);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Refuses new jobs and releases once the queued ones are done. */
  async close(release: () => Promise<void>): Promise<void> {
    if (this.#closed) return;
    const released = this.add(release);
    this.#closed = true;
    await released;
  }
}
