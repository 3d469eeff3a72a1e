import type { TimeIds } from '../components/unet/unet.ts';
import { downscaleOf, type VaeConfig } from '../components/vae/config.ts';
import type { Tiling } from '../components/vae/tiling.ts';
import type { FamilySampling } from '../families/families.ts';
import type {
  GenerateRequest,
  LoraRequest,
  MicroConditioning,
  ModelDefaults,
  ModelInfo,
  ModelSizes,
  SchedulerName,
} from '../model.ts';
import { type Acceleration, type Profile, profileNames, profiles } from '../profiles.ts';
import { type SamplingConfig, withOverrides } from '../sampling/config.ts';
import { createSchedule, type Schedule } from '../sampling/sampling.ts';
import { type AccelerationPlan, type Branches, planAcceleration } from './acceleration.ts';
import {
  engineLimits,
  invalid,
  requireBoolean,
  requireChoice,
  requireNumber,
  requirePair,
  requireSize,
  requireText,
} from './limits.ts';
import { type GuidedTexts, negativeTexts, promptTexts } from './prompts.ts';
import { type EncodedPictures, planRandomSources, type RandomSource } from './random-sources.ts';

/** A request with every default filled in and every value checked: what the run needs, with nothing left to decide. */
export interface Plan extends GuidedTexts {
  readonly width: number;
  readonly height: number;
  readonly latentSize: { readonly width: number; readonly height: number };
  readonly scheduler: SchedulerName;
  readonly schedule: Schedule;
  readonly steps: number;
  /** Set for image-to-image; undefined: from noise alone. */
  readonly strength: number | undefined;
  readonly encodes: EncodedPictures;
  readonly guidanceScale: number;
  readonly guidanceRescale: number;
  readonly timeIds: { readonly positive: TimeIds; readonly negative: TimeIds };
  /** One per sample. */
  readonly randomSources: readonly RandomSource[];
  readonly tiling: Tiling;
  readonly decoder: 'vae' | 'tiny';
  /** Undefined: the model was loaded with fixed precisions. */
  readonly profile: Profile | undefined;
  readonly acceleration: AccelerationPlan;
  /** Without those of weight 0, which change nothing. */
  readonly loras: readonly LoraRequest[];
}

/** The facts of a model that a request is checked against. */
export interface ModelFacts {
  readonly defaults: ModelDefaults;
  readonly sizes: ModelSizes;
  readonly samplers: readonly SchedulerName[];
  readonly limits: ModelInfo['limits'];
  readonly sampling: FamilySampling;
  readonly vae: VaeConfig;
  readonly hasTinyDecoder: boolean;
  /** Whether the UNet takes the guidance scale as an input, instead of a second pass. */
  readonly takesGuidance: boolean;
  /** Whether its UNet takes a mask and a masked picture besides the latents. */
  readonly isForInpainting: boolean;
  /** Places where the UNet can be split. */
  readonly unetBranches: Branches;
  readonly forceZerosForEmptyPrompt: boolean;
  /** Whether its precisions were fixed at load, so that no request can name a profile. */
  readonly isPrecisionFixed: boolean;
  /** @throws EngineError `model_file_missing` when a profile needs weights in 8 bits and there are none, `invalid_request` when the device has none */
  readonly requireWeights: (profile: Profile) => void;
}

/** @throws EngineError `invalid_request`, naming the field, what was given and what is allowed */
export function planRequest(request: GenerateRequest, model: ModelFacts): Plan {
  const { defaults } = model;
  const { width, height } = request.image?.picture ?? {
    width: request.width ?? defaults.width,
    height: request.height ?? defaults.height,
  };
  requireSize('width', width, model.sizes);
  requireSize('height', height, model.sizes);
  const steps = requireNumber('steps', request.steps ?? defaults.steps, {
    ...model.limits.steps,
    whole: true,
  });
  const guidanceScale = requireNumber(
    'guidanceScale',
    request.guidanceScale ?? defaults.guidanceScale,
    model.limits.guidance,
  );
  const guidanceRescale = requireNumber('guidanceRescale', request.guidanceRescale ?? 0, engineLimits.rescale);
  const { image } = request;
  const strength = image && requireNumber('strength', image.strength ?? (image.mask ? 1 : 0.6), engineLimits.strength);
  const scheduler = requireChoice('scheduler', request.scheduler ?? defaults.scheduler, model.samplers);
  const { microConditioning = {} } = request;
  for (const [key, pair] of Object.entries(microConditioning)) requirePair(key, pair);
  const scale = downscaleOf(model.vae);
  const latentSize = { width: width / scale, height: height / scale };
  const profile = planProfile(request, model);
  const negative = negativeTexts(request, model.forceZerosForEmptyPrompt);
  const encodes = encodedPictures(image, strength, model.isForInpainting);
  const schedule = createSchedule(
    samplingOf(request, model, scheduler),
    model.sampling.steps(steps, scheduler),
    strength,
  );
  return {
    width,
    height,
    latentSize,
    steps,
    strength,
    encodes,
    guidanceScale,
    guidanceRescale,
    scheduler,
    schedule,
    prompt: promptTexts(request),
    negative: guidanceScale > 1 && !model.takesGuidance ? negative : undefined,
    syntax: {
      promptWeighting: requireBoolean('promptWeighting', request.promptWeighting),
      longPrompts: requireBoolean('longPrompts', request.longPrompts),
    },
    timeIds: timeIds({ height, width }, microConditioning),
    randomSources: planRandomSources(request, model.vae.latentChannels * latentSize.height * latentSize.width, encodes),
    tiling: requireChoice('vaeTiling', request.vaeTiling ?? 'auto', ['auto', true, false]),
    decoder: decoderOf(request, model),
    profile,
    acceleration: planAcceleration(accelerationOf(request, profile), schedule, model.unetBranches),
    loras: planLoras(request.loras ?? []),
  };
}

function planLoras(loras: readonly LoraRequest[]): readonly LoraRequest[] {
  const { loras: count, loraWeight } = engineLimits;
  if (loras.length > count.max) throw invalid('loras', `loras must be at most ${count.max} (got ${loras.length})`);
  for (const [index, { file, weight, anyBase }] of loras.entries()) {
    requireText(`loras[${index}].file`, file);
    requireNumber(`loras[${index}].weight`, weight, loraWeight);
    requireBoolean(`loras[${index}].anyBase`, anyBase);
  }
  return loras.filter(({ weight }) => weight !== 0);
}

/** As in the reference. Inpainting with strength 1 starts from noise alone, which image-to-image never does. */
function encodedPictures(
  image: GenerateRequest['image'],
  strength: number | undefined,
  isForInpainting: boolean,
): EncodedPictures {
  if (!image) return { start: false, masked: isForInpainting };
  const isPure = image.mask !== undefined && strength === 1;
  return { start: !isPure || !isForInpainting, masked: isForInpainting };
}

/** The profile of a request that the model can run. @throws EngineError `invalid_request`, `model_file_missing` */
export function planProfile(
  { profile }: Pick<GenerateRequest, 'profile'>,
  { isPrecisionFixed, requireWeights }: Pick<ModelFacts, 'isPrecisionFixed' | 'requireWeights'>,
): Profile | undefined {
  if (profile !== undefined) requireChoice('profile', profile, profileNames);
  if (isPrecisionFixed) {
    if (profile === undefined) return undefined;
    const problem = `profile was given as ${profile}, but the model was loaded with a fixed precision`;
    throw invalid('profile', problem, 'load the model without precision, or leave the profile out');
  }
  const chosen = profile ?? 'exact';
  requireWeights(chosen);
  return chosen;
}

/** The options of the request over those of the profile. */
export function accelerationOf(
  { acceleration }: Pick<GenerateRequest, 'acceleration'>,
  profile: Profile | undefined,
): Acceleration | undefined {
  const ofProfile = profile && profiles[profile].acceleration;
  return ofProfile && acceleration ? { ...ofProfile, ...acceleration } : (acceleration ?? ofProfile);
}

function decoderOf({ decoder = 'vae' }: GenerateRequest, { hasTinyDecoder }: ModelFacts): 'vae' | 'tiny' {
  requireChoice('decoder', decoder, ['vae', 'tiny']);
  if (decoder === 'tiny') requireTinyDecoder('decoder', hasTinyDecoder);
  return decoder;
}

/** @throws EngineError `invalid_request` */
export function requireTinyDecoder(param: string, isLoaded: boolean): void {
  if (isLoaded) return;
  throw invalid(param, `${param} is tiny, but the model was loaded without a tiny decoder; load it with tinyDecoder`);
}

function samplingOf(request: GenerateRequest, { sampling }: ModelFacts, name: SchedulerName): SamplingConfig {
  const overrides = request.schedulerOverrides ?? {};
  requireChoice('solverOrder', overrides.solverOrder ?? 2, [1, 2, 3]);
  requireChoice('solverType', overrides.solverType ?? 'midpoint', ['midpoint', 'heun']);
  requireChoice('sigmaSchedule', overrides.sigmaSchedule ?? 'karras', ['karras', 'exponential']);
  return withOverrides(sampling.with(name), overrides);
}

/** The six numbers for both halves of guidance (Podell et al. 2023, §2.2). The negative half differs only when both its sizes are given. */
function timeIds(
  size: { readonly height: number; readonly width: number },
  given: MicroConditioning = {},
): { readonly positive: TimeIds; readonly negative: TimeIds } {
  const actual = [size.height, size.width] as const;
  const positive = [
    ...(given.originalSize ?? actual),
    ...(given.cropTopLeft ?? [0, 0]),
    ...(given.targetSize ?? actual),
  ];
  const { negativeOriginalSize, negativeCropTopLeft = [0, 0], negativeTargetSize } = given;
  if (!negativeOriginalSize || !negativeTargetSize) return { positive, negative: positive };
  return { positive, negative: [...negativeOriginalSize, ...negativeCropTopLeft, ...negativeTargetSize] };
}
