import type { AdapterShelf, TakenAdapter } from '../adapters/adapter-shelf.ts';
import type { TinyDecoder } from '../components/tiny-vae/tiny-decoder.ts';
import type { TextStates, UNet } from '../components/unet/unet.ts';
import type { Planes } from '../components/vae/tiling.ts';
import type { Vae } from '../components/vae/vae.ts';
import { EngineError } from '../errors.ts';
import type { DecodedPicture } from '../image/picture.ts';
import { pictureToTensor, tensorToPicture } from '../image/pixels.ts';
import type { GeneratedImage, GenerateOptions, GenerateRequest, GenerateResult, UsedLora } from '../model.ts';
import type { PassCounts, Profile } from '../profiles.ts';
import { announcePass, nextTurn, type PassContext, type RunHooks } from '../runtime/passes.ts';
import type { Residency } from '../runtime/residency.ts';
import type { Target } from '../runtime/variant.ts';
import type { Noise, SamplerStep } from '../sampling/samplers/sampler.ts';
import { finalLatents, initialLatents, noisedLatents, sample } from '../sampling/sampling.ts';
import { totalPasses } from './acceleration.ts';
import { Denoiser } from './denoiser.ts';
import type { Guidance, Prediction } from './guidance.ts';
import { requireKnownFields } from './known-fields.ts';
import { requireChoice } from './limits.ts';
import { type ModelFacts, type Plan, planRequest, requireTinyDecoder } from './plan.ts';
import type { Previews } from './previews.ts';
import { Progress } from './progress.ts';
import type { PromptEncoder } from './prompts.ts';
import type { RandomSource } from './random-sources.ts';
import { withFittingPicture } from './start-picture.ts';

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
  requireKnownFields(given);
  const request = withFittingPicture(given, parts.facts.sizes);
  const plan = planRequest(request, parts.facts);
  requireChoice('previewBy', options.previewBy ?? 'colours', ['colours', 'tiny']);
  if (options.previewBy === 'tiny') requireTinyDecoder('previewBy', parts.facts.hasTinyDecoder);
  const adapters = await parts.adapters.take(plan.loras);
  for (const notice of adapters.flatMap(({ notices }) => notices)) options.onNotice?.(notice);
  const target = { ...parts.targetOf(plan.profile), adapters };
  await openWeights(parts, target, options);
  const run = new PipelineRun(parts, plan, { ...options, target, began });
  const { images, encodeMs } = await run.makeImages(request.image && pictureTensor(request.image.picture, plan));
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

  /** @param picture to start from */
  async makeImages(picture: Planes | undefined) {
    const images: GeneratedImage[] = [];
    try {
      const guidance = await this.#encodePrompts();
      const encodeMs = performance.now() - this.#began;
      for (const index of this.#plan.randomSources.keys()) {
        const image = await this.#makeImage(index, guidance, picture);
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

  async #makeImage(index: number, guidance: Guidance, picture: Planes | undefined): Promise<GeneratedImage> {
    const began = performance.now();
    const start = this.#plan.randomSources[index];
    await this.#parts.memory.enter('pixels');
    const first = await this.#firstLatents(start, picture);
    const latents = await this.#denoise(index, first, guidance, start.noise);
    const denoised = performance.now();
    await this.#parts.memory.enter('pixels');
    const image = await this.#decoder().decode(this.#planes(latents), this.#vaeOptions());
    this.#options.onDecoded?.({ sample: index, image });
    const decoded = tensorToPicture(image.data, image.width, image.height);
    const ended = performance.now();
    this.#progress.decoded(ended - denoised);
    const [denoiseMs, decodeMs] = [denoised - began, ended - denoised];
    return { ...decoded, seed: start.seed, timings: { encodeMs: 0, denoiseMs, decodeMs, totalMs: ended - began } };
  }

  /** [4, h, w]: noise alone, or the picture's latents with noise of the first level. The encoder's noise is drawn first. */
  async #firstLatents(start: RandomSource, picture: Planes | undefined): Promise<Float32Array> {
    const { schedule } = this.#plan;
    if (!picture) return initialLatents(start.noise(), schedule);
    const encoded = await this.#parts.vae.encode(picture, start.generator, this.#vaeOptions());
    return noisedLatents(encoded.data, start.noise(), schedule);
  }

  async #denoise(index: number, first: Float32Array, guidance: Guidance, noise: Noise): Promise<Float32Array> {
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
    const latents = await sample(denoiser.denoise, first, schedule, { noise, onStep });
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

function pictureTensor(picture: { width: number; height: number; data: Uint8Array }, plan: Plan): Planes {
  return { data: pictureToTensor(picture), channels: 3, height: plan.height, width: plan.width };
}
