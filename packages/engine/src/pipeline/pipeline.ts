import type { AdapterShelf, TakenAdapter } from '../adapters/adapter-shelf.ts';
import type { TinyDecoder } from '../components/tiny-vae/tiny-decoder.ts';
import type { TextStates, UNet } from '../components/unet/unet.ts';
import type { Planes } from '../components/vae/tiling.ts';
import type { Vae } from '../components/vae/vae.ts';
import { EngineError } from '../errors.ts';
import type { DecodedPicture } from '../image/picture.ts';
import { pictureToTensor, tensorToPicture } from '../image/pixels.ts';
import type {
  GeneratedImage,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  ImageToImage,
  UsedLora,
} from '../model.ts';
import type { PassCounts, Profile } from '../profiles.ts';
import { announcePass, nextTurn, type PassContext, type RunHooks } from '../runtime/passes.ts';
import type { Residency } from '../runtime/residency.ts';
import type { Target } from '../runtime/variant.ts';
import type { Noise, SamplerStep } from '../sampling/samplers/sampler.ts';
import { finalLatents, initialLatents, noisedLatents, sample } from '../sampling/sampling.ts';
import { totalPasses } from './acceleration.ts';
import { Denoiser, join } from './denoiser.ts';
import type { Guidance, Prediction } from './guidance.ts';
import { invalid, requireChoice } from './limits.ts';
import type { RrdbUpscaler } from './network-upscaler.ts';
import { type ModelFacts, type Plan, planRequest, requireTinyDecoder } from './plan.ts';
import type { Previews } from './previews.ts';
import { Progress } from './progress.ts';
import type { PromptEncoder } from './prompts.ts';
import type { RandomSource } from './random-sources.ts';
import { keepUnmasked, latentMask, maskedTensor, type Start, startOf } from './start-picture.ts';

/** Observes a run, for comparing it with the reference step by step. The arrays must not be changed. */
export interface TraceHooks {
  readonly onTexts?: (texts: { positive: TextStates; negative: TextStates | undefined }) => void;
  /** Before the first step and after each. */
  readonly onLatents?: (event: { sample: number; index: number; latents: Float32Array }) => void;
  readonly onPrediction?: (event: {
    sample: number;
    index: number;
    input: Float32Array;
    prediction: Prediction;
  }) => void;
  readonly onDecoded?: (event: { sample: number; image: Planes }) => void;
}

export interface PipelineParts {
  readonly facts: ModelFacts;
  /** Where a profile runs; undefined: where the model was loaded for. */
  readonly targetOf: (profile: Profile | undefined) => Target;
  readonly adapters: AdapterShelf;
  /** Opens the 8-bit weights unless they are open, and checks that they belong to the model. */
  readonly openInt8: () => Promise<unknown>;
  readonly prompts: PromptEncoder;
  readonly unet: UNet;
  readonly vae: Vae;
  /** If the model was loaded with one. */
  readonly tiny: TinyDecoder | undefined;
  /** If the model was loaded with one. */
  readonly upscaler: RrdbUpscaler | undefined;
  readonly previews: Previews;
  readonly memory: Residency;
}

export type RunOptions = GenerateOptions & RunHooks & TraceHooks;

/** Text-to-image and image-to-image: one request from its prompts to its pictures, sample after sample. */
export async function runPipeline(
  parts: PipelineParts,
  given: GenerateRequest,
  options: RunOptions = {},
): Promise<GenerateResult> {
  const began = performance.now();
  if (given.upscaler !== undefined)
    throw invalid('upscaler', 'upscaler needs upscale', 'add it, or leave upscaler out');
  const { request, finish } = startOf(given, parts.facts.sizes);
  const plan = planRequest(request, parts.facts);
  requireChoice('previewBy', options.previewBy ?? 'colours', ['colours', 'tiny']);
  if (options.previewBy === 'tiny') requireTinyDecoder('previewBy', parts.facts.hasTinyDecoder);
  const adapters = await parts.adapters.take(plan.loras);
  for (const notice of adapters.flatMap(({ notices }) => notices)) options.onNotice?.(notice);
  const target = { ...parts.targetOf(plan.profile), adapters };
  await openWeights(parts, target, options);
  const run = new PipelineRun(parts, plan, { ...options, target, began });
  const { images, encodeMs } = await run.makeImages({ image: request.image, finish });
  const { arithmetic } = target.device.form;
  const sum = (part: 'denoiseMs' | 'decodeMs') => images.reduce((total, { timings }) => total + timings[part], 0);
  const { width, height, steps, strength, guidanceScale, scheduler, schedule, profile, acceleration } = plan;
  return {
    images,
    used: {
      width,
      height,
      steps,
      stepsRun: steps - schedule.beginIndex,
      guidanceScale,
      scheduler,
      ...(strength !== undefined && { strength }),
      ...(plan.decoder === 'tiny' && { decoder: plan.decoder }),
      ...(plan.syntax.promptWeighting && { promptWeighting: true }),
      ...(plan.syntax.longPrompts && { longPrompts: true }),
      ...(profile !== undefined && { profile }),
      device: target.device.name,
      ...(arithmetic === 'float16' && { arithmetic }),
      ...(acceleration.given && { acceleration: { ...acceleration.given, passes: totalPasses(run.passes) } }),
      ...(adapters.length > 0 && { loras: adapters.map(usedLora) }),
    },
    truncated: parts.prompts.truncated(plan),
    timings: { encodeMs, denoiseMs: sum('denoiseMs'), decodeMs: sum('decodeMs'), totalMs: performance.now() - began },
  };
}

/** Before anything else of a run or a preparation, so that unusable weights are reported at once. */
export async function openWeights(
  { openInt8 }: Pick<PipelineParts, 'openInt8'>,
  target: Target,
  options: RunHooks & { readonly signal?: AbortSignal },
): Promise<void> {
  if (!Object.values(target.precision).includes('int8')) return;
  await nextTurn(options.signal);
  await announcePass(options, 'weights', openInt8);
}

/** A start image in the size that is painted, and what is made of what was painted. */
interface Painted extends Pick<Start, 'finish'> {
  readonly image: ImageToImage | undefined;
}

/** What the steps of a sample begin with. */
interface Beginning {
  /** [4, h, w] */
  readonly first: Float32Array;
  /** Puts back the latents that are kept. */
  readonly keep?: ReturnType<typeof keepUnmasked>;
  /** The mask and the masked picture's latents [5, h, w], for UNets for inpainting. */
  readonly surroundings?: Float32Array;
}

class PipelineRun {
  /** Per sample. */
  readonly passes: PassCounts[] = [];
  readonly #parts: PipelineParts;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #began: number;
  readonly #progress: Progress;
  readonly #context: PassContext;

  constructor(
    parts: PipelineParts,
    plan: Plan,
    options: RunOptions & { readonly target: Target; readonly began: number },
  ) {
    this.#parts = parts;
    this.#plan = plan;
    this.#options = options;
    this.#began = options.began;
    this.#context = { target: options.target, hooks: options, beforePass: () => nextTurn(options.signal) };
    this.#progress = new Progress(options.began, plan.randomSources.length, plan.steps - plan.schedule.beginIndex);
  }

  async makeImages(start: Painted) {
    const images: GeneratedImage[] = [];
    try {
      const guidance = await this.#encodePrompts();
      const encodeMs = performance.now() - this.#began;
      for (const index of this.#plan.randomSources.keys()) {
        const image = await this.#makeImage(index, guidance, start);
        const { width, height, data } = image;
        if (index < this.#plan.randomSources.length - 1)
          this.#options.onSample?.({ sample: index, picture: { width, height, data } });
        images.push({ ...image, timings: { ...image.timings, encodeMs } });
      }
      return { images, encodeMs };
    } finally {
      await this.#parts.memory.enter('end');
    }
  }

  async #encodePrompts(): Promise<Guidance> {
    const { prompts } = this.#parts;
    const { timeIds, guidanceScale: scale, guidanceRescale: rescale } = this.#plan;
    const { beforePass } = this.#context;
    await beforePass();
    await this.#parts.memory.resize(this.#plan);
    await this.#parts.memory.enter('texts');
    const { positive: text, negative: opposite } = await prompts.encode(this.#plan, this.#context, beforePass);
    this.#options.onTexts?.({ positive: text, negative: opposite });
    return {
      scale,
      rescale,
      positive: { text, timeIds: timeIds.positive, guidanceScale: scale },
      negative: opposite && { text: opposite, timeIds: timeIds.negative },
    };
  }

  async #makeImage(index: number, guidance: Guidance, { image: given, finish }: Painted): Promise<GeneratedImage> {
    const began = performance.now();
    const source = this.#plan.randomSources[index];
    await this.#parts.memory.enter('pixels');
    const beginning = await this.#begin(source, given);
    const latents = await this.#denoise(index, beginning, guidance, source.noise);
    const denoised = performance.now();
    await this.#parts.memory.enter('pixels');
    const image = await this.#decoder().decode(this.#planes(latents), this.#vaeOptions());
    this.#options.onDecoded?.({ sample: index, image });
    const decoded = finish(tensorToPicture(image.data, image.width, image.height));
    const ended = performance.now();
    this.#progress.decoded(ended - denoised);
    const [denoiseMs, decodeMs] = [denoised - began, ended - denoised];
    const { seed, variationSeed } = source;
    return {
      ...decoded,
      seed,
      ...(variationSeed !== undefined && { variationSeed }),
      timings: { encodeMs: 0, denoiseMs, decodeMs, totalMs: ended - began },
    };
  }

  /** Noise is drawn in the reference's order: for encoding the picture, for the latents, for encoding the masked picture. */
  async #begin(source: RandomSource, image: ImageToImage | undefined): Promise<Beginning> {
    const { schedule, encodes, strength } = this.#plan;
    const encode = async (data: Float32Array) => {
      const { width, height } = this.#plan;
      const encoded = this.#parts.vae.encode(
        { data, channels: 3, height, width },
        source.generator,
        this.#vaeOptions(),
      );
      return (await encoded).data;
    };
    const clean = image && encodes.start ? await encode(pictureToTensor(image.picture)) : undefined;
    const noise = source.noise();
    const isPure = !clean || (image?.mask && strength === 1);
    const first = isPure ? initialLatents(noise, schedule) : noisedLatents(clean, noise, schedule);
    const mask = this.#mask(image);
    if (encodes.masked) return { first, surroundings: join(mask, await encode(this.#masked(image))) };
    return image?.mask && clean ? { first, keep: keepUnmasked({ clean, noise, mask }, schedule) } : { first };
  }

  /** [h, w] in latent pixels. All is repainted where nothing else is said. */
  #mask(image: ImageToImage | undefined): Float32Array {
    const { width, height } = this.#plan.latentSize;
    if (!image?.mask) return new Float32Array(width * height).fill(1);
    return latentMask(image.mask, this.#plan.width / width);
  }

  #masked(image: ImageToImage | undefined): Float32Array {
    if (image?.mask) return maskedTensor(image.picture, image.mask);
    return new Float32Array(3 * this.#plan.width * this.#plan.height);
  }

  async #denoise(index: number, beginning: Beginning, guidance: Guidance, noise: Noise): Promise<Float32Array> {
    const { first, keep, surroundings } = beginning;
    const { schedule, acceleration } = this.#plan;
    const preview = await this.#previewer();
    await this.#parts.memory.enter('denoise');
    const { positive, negative } = guidance;
    await this.#parts.unet.projectFirst(
      [positive, ...(negative ? [negative] : [])].map(({ text }) => text),
      this.#context,
    );
    const denoiser = new Denoiser({
      unet: this.#parts.unet,
      schedule,
      size: this.#planes(first),
      guidance,
      acceleration,
      surroundings,
      context: this.#context,
      onPrediction: (event) => this.#options.onPrediction?.({ sample: index, ...event }),
    });
    let stepBegan = performance.now();
    const onStep = async ({ index: step, sigma, latents, denoised }: SamplerStep): Promise<void> => {
      const now = performance.now();
      const event = this.#progress.step(index, sigma, now - stepBegan);
      this.#options.onLatents?.({ sample: index, index: step + 1, latents });
      const shown = await preview?.(event.index, event.total, denoised);
      this.#options.onStep?.(shown ? { ...event, preview: shown } : event);
      stepBegan = performance.now();
    };
    this.#options.onLatents?.({ sample: index, index: schedule.beginIndex, latents: first });
    const latents = await sample(denoiser.denoise, first, schedule, { noise, onStep, keep });
    this.passes.push(denoiser.passes);
    return finalLatents(latents, schedule);
  }

  /** Undefined when none was requested. The last step of a request always has one. */
  async #previewer() {
    const { previewEvery, previewBy, onStep } = this.#options;
    if (!onStep || !previewEvery) return undefined;
    const render = previewBy === 'tiny' ? this.#tinyPreview() : await this.#colourPreview();
    return async (index: number, total: number, denoised: Float32Array) =>
      index % previewEvery === 0 || index === total ? render(this.#planes(denoised)) : undefined;
  }

  #colourPreview() {
    const { noise } = this.#plan.schedule.config;
    const spread = noise.kind === 'edm' ? noise.sigmaData : 1;
    return this.#parts.previews.prepare(spread, this.#context);
  }

  #tinyPreview() {
    return async (latents: Planes): Promise<DecodedPicture> => {
      const { data, width, height } = await this.#tiny().decode(latents, this.#vaeOptions());
      return tensorToPicture(data, width, height);
    };
  }

  #decoder(): Vae | TinyDecoder {
    return this.#plan.decoder === 'tiny' ? this.#tiny() : this.#parts.vae;
  }

  #tiny(): TinyDecoder {
    const { tiny } = this.#parts;
    if (!tiny) throw new EngineError('internal', 'there is no tiny decoder');
    return tiny;
  }

  #planes(latents: Float32Array): Planes {
    const { height, width } = this.#plan.latentSize;
    return { data: latents, channels: latents.length / (height * width), height, width };
  }

  #vaeOptions() {
    return { tiling: this.#plan.tiling, ...this.#context };
  }
}

function usedLora({ file, weight, hash, notices }: TakenAdapter): UsedLora {
  return { file, weight, hash, notices };
}
