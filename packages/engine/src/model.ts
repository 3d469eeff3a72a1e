import type { DeviceInfo } from './device-info.ts';
import type { FamilyName, FamilySampler } from './families/families.ts';
import type { Range } from './families/family.ts';
import type { SdxlPart } from './families/sdxl-architecture.ts';
import type { Mask } from './image/mask.ts';
import type { DecodedPicture } from './image/picture.ts';
import type { Arithmetic } from './onnx/graph-builder.ts';
import type { Acceleration, Profile, UsedAcceleration } from './profiles.ts';
import type { DeviceName } from './runtime/devices/device.ts';
import type { MemoryOutcome, MemorySetting, MemoryUse } from './runtime/memory.ts';
import type { Precision } from './runtime/variant.ts';

/** [height, width] in pixels; height first, as the model's micro-conditioning has it. */
export type SizeHW = readonly [height: number, width: number];

/** In pixels: multiples of 8 from 64 to 2048. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export type SchedulerName = FamilySampler;

/** Changes to the model's own scheduler_config.json for one request; the names are those of its keys. */
export interface SchedulerOverrides {
  readonly solverOrder?: 1 | 2 | 3;
  readonly solverType?: 'midpoint' | 'heun';
  readonly sigmaSchedule?: 'karras' | 'exponential';
}

/** SDXL micro-conditioning. Sizes are [height, width], crops [top, left]; what is absent follows the request's size. */
export interface MicroConditioning {
  readonly originalSize?: SizeHW;
  readonly cropTopLeft?: readonly [top: number, left: number];
  readonly targetSize?: SizeHW;
  /** The negative half differs only when both negative sizes are given, as in the reference. */
  readonly negativeOriginalSize?: SizeHW;
  readonly negativeCropTopLeft?: readonly [top: number, left: number];
  readonly negativeTargetSize?: SizeHW;
}

/** The start of a run that does not start from noise alone. */
export interface ImageToImage {
  readonly picture: DecodedPicture;
  /** 0 keeps the picture, 1 forgets it. Default 0.6, with a mask 1. */
  readonly strength?: number;
  /** Inpainting: what is repainted; the rest of the picture stays as it is, pixel by pixel. Stretched to the picture's size. */
  readonly mask?: Mask;
  /**
   * Only the surroundings of the mask are painted, with so many pixels on each side of it, at the full size of the request; then they are put
   * back into the picture, whose size the result has. Absent: all of the picture is painted. 0…1024.
   */
  readonly maskPadding?: number;
  /** A Gaussian blur of the mask, of so many pixels' standard deviation, for a soft edge. 0…64, default 0. */
  readonly maskBlur?: number;
}

/** A LoRA of a request. */
export interface LoraRequest {
  /** A .safetensors file. */
  readonly file: string;
  /** −4…4: the factor of what it adds to the model's weights; 0 leaves it out. */
  readonly weight: number;
  /** Use it although its file says that it was trained on SDXL and the model is Playground v2.5, or the other way round. */
  readonly anyBase?: boolean;
}

/** A LoRA as it was used. */
export interface UsedLora extends LoraRequest {
  /** SHA-256 of its tensors, by whose first characters other tools know it. */
  readonly hash: string;
  /** What the user should know, such as layers that the model does not have. */
  readonly notices: readonly string[];
}

export interface GenerateRequest {
  /** May be empty: an empty prompt is encoded like any other. */
  readonly prompt: string;
  /** Goes to the second text encoder instead of `prompt`. */
  readonly prompt2?: string;
  /** Absent or null: no negative prompt (zero embeddings). `""` is encoded, which gives another picture. */
  readonly negativePrompt?: string | null;
  readonly negativePrompt2?: string | null;
  /** Whether the prompts have weights: `(word:1.2)`, `(word)`, `[word]`; see docs/prompts.md. Default: they are plain text. */
  readonly promptWeighting?: boolean;
  /** Whether the model reads up to 600 tokens of a prompt, in chunks of 75, a new one at each `BREAK`. Default: the first 75. */
  readonly longPrompts?: boolean;
  /** Multiples of 8 from 64 to 2048, or within the model's limits; default: its native size, with `image` its size of the nearest aspect ratio. */
  readonly width?: number;
  readonly height?: number;
  /** 1…100, or within the model's limits; default: the model's. */
  readonly steps?: number;
  /** 0…25; at or below 1 there is no guidance and the negative prompt is not used. Default: the model's. */
  readonly guidanceScale?: number;
  /** 0…1, default 0. */
  readonly guidanceRescale?: number;
  readonly scheduler?: SchedulerName;
  readonly schedulerOverrides?: SchedulerOverrides;
  /** 1…4, default 1. */
  readonly samples?: number;
  /** −2^63 … 2^64−1 (the generator uses the low 32 bits); absent: drawn from 0 … 2^32−1. */
  readonly seed?: number | bigint;
  /** One seed per sample, instead of seed, seed + 1, … */
  readonly seeds?: readonly (number | bigint)[];
  /**
   * The seed of other noise, to which the starting noise of each sample is turned by `variationStrength`. All samples then have the same `seed`,
   * and sample k goes toward the noise of `variationSeed` + k. −2^63 … 2^64−1; absent: drawn as `seed` is.
   */
  readonly variationSeed?: number | bigint;
  /** 0 (default): the noise of `seed`, 1: that of the other seed. Between them lie similar pictures. 0…1. */
  readonly variationStrength?: number;
  /** `per-sample` (default): sample k equals the single picture of its seed. `shared`: one stream for all samples. */
  readonly generator?: 'per-sample' | 'shared';
  /**
   * Take the noise from PyTorch's generator on a CUDA card that runs so many threads at once, instead of the one on the CPU: for comparing with
   * pictures that were made there. Default: the CPU's.
   */
  readonly cudaThreads?: number;
  /** Unit-variance noise [samples, 4, height/8, width/8] instead of a seed's. */
  readonly latents?: Float32Array;
  readonly microConditioning?: MicroConditioning;
  readonly image?: ImageToImage;
  /**
   * Enlarges the pictures, or the start image as it is, by so much on both sides: tile by tile, with the same prompt, by image-to-image of
   * strength 0.2, or with a start image that of the request. Not with a mask; a start image has no `width` and `height` then.
   */
  readonly upscale?: 2 | 4;
  /**
   * What enlarges the pictures, with `upscale`. `model`: Lanczos and then image-to-image. `network`: the upscaler that the model was loaded
   * with, then image-to-image only where the request has a start image and a strength. Default: `model`.
   */
  readonly upscaler?: 'model' | 'network';
  /** `auto` (default) tiles only pictures too large to decode whole; see docs/numerics.md. */
  readonly vaeTiling?: 'auto' | boolean;
  /** `tiny`: the tiny decoder that the model was loaded with, instead of the VAE. Default: `vae`. */
  readonly decoder?: 'vae' | 'tiny';
  /** The trade of speed for exactness, see `profiles`; those of `ModelInfo.profiles` are available. Default: `exact`. */
  readonly profile?: Profile;
  /** Fewer passes for a slightly different picture. Its options replace those of the profile. Default: the profile's. */
  readonly acceleration?: Acceleration;
  /** Up to 8, added together. */
  readonly loras?: readonly LoraRequest[];
}

/** The names of its fields, for rejecting unknown ones. */
export const requestFields = {
  prompt: true,
  prompt2: true,
  negativePrompt: true,
  negativePrompt2: true,
  promptWeighting: true,
  longPrompts: true,
  width: true,
  height: true,
  steps: true,
  guidanceScale: true,
  guidanceRescale: true,
  scheduler: true,
  schedulerOverrides: true,
  samples: true,
  seed: true,
  seeds: true,
  variationSeed: true,
  variationStrength: true,
  generator: true,
  cudaThreads: true,
  latents: true,
  microConditioning: true,
  image: true,
  upscale: true,
  upscaler: true,
  vaeTiling: true,
  decoder: true,
  profile: true,
  acceleration: true,
  loras: true,
} as const satisfies Record<keyof GenerateRequest, true>;

/** After each step of each sample. */
export interface StepEvent {
  /** 1 … total, counted over all samples. */
  readonly index: number;
  readonly total: number;
  /** 0 … samples − 1. */
  readonly sample: number;
  /** The noise level this step started from. */
  readonly sigma: number;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Estimated milliseconds to the end of the call, decoding included. */
  readonly etaMs: number;
  /** The picture as the model predicts it now, at latent size or a multiple of it; only when requested. */
  readonly preview?: DecodedPicture;
}

/** One of several pictures is finished, while the others are not. */
export interface SampleEvent {
  /** 0 … samples − 1. */
  readonly sample: number;
  readonly picture: DecodedPicture;
}

export type PreviewKind = 'colours' | 'tiny';

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: StepEvent) => void;
  /** Called for each picture but the last, which comes with the result. Pictures that are enlarged are not told. */
  readonly onSample?: (event: SampleEvent) => void;
  /** Preview interval in steps (1: after each). Default: no previews. */
  readonly previewEvery?: number;
  /** `colours`: one pixel per latent pixel, at no cost. `tiny`: by the tiny decoder, at the picture's size. Default: `colours`. */
  readonly previewBy?: PreviewKind;
}

/** The texts of a request are encoded once: `encodeMs` is the same for all its images. */
export interface Timings {
  readonly encodeMs: number;
  readonly denoiseMs: number;
  readonly decodeMs: number;
  readonly totalMs: number;
}

export interface GeneratedImage extends DecodedPicture {
  /**
   * The seed that reproduces this picture in a request of one sample; null when latents were given. A bigint, because seeds go to 2^64 − 1:
   * for `JSON.stringify` convert it with `String(seed)`.
   */
  readonly seed: bigint | null;
  /** Set with `variationStrength`: the seed of the other noise. */
  readonly variationSeed?: bigint;
  readonly timings: Timings;
}

export interface GenerateResult {
  readonly images: readonly GeneratedImage[];
  /** The values actually used, with defaults filled in. */
  readonly used: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    /** How many of the steps were run for each sample: with `image` only the last ones, by `strength`. */
    readonly stepsRun: number;
    readonly guidanceScale: number;
    readonly scheduler: SchedulerName;
    /** Set when requested. */
    readonly upscale?: 2 | 4;
    readonly upscaler?: 'model' | 'network';
    /** Set for image-to-image. */
    readonly strength?: number;
    /** Set when requested. */
    readonly decoder?: 'tiny';
    /** Set when requested. */
    readonly promptWeighting?: true;
    readonly longPrompts?: true;
    /** Not set for a model that was loaded with `precision`. */
    readonly profile?: Profile;
    readonly device: DeviceName;
    /** Set when it is not `float32`. */
    readonly arithmetic?: 'float16';
    /** Set when requested, also by the profile. */
    readonly acceleration?: UsedAcceleration;
    /** Set when requested; those of weight 0 are left out. */
    readonly loras?: readonly UsedLora[];
  };
  /** Text beyond what an encoder reads, which the model did not see. */
  readonly truncated: readonly { readonly field: PromptField; readonly text: string }[];
  readonly timings: Timings;
}

export type PromptField = 'prompt' | 'prompt2' | 'negativePrompt' | 'negativePrompt2';

export interface ModelDefaults {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly scheduler: SchedulerName;
}

export interface ComponentInfo {
  readonly name: string;
  readonly files: readonly string[];
  readonly parameters: number;
  readonly bytes: number;
  readonly precision: string;
}

/** The picture sizes of a model. */
export interface ModelSizes {
  /** The shortest and the longest side that give good results, in pixels. */
  readonly minSide: number;
  readonly maxSide: number;
  /** Whether other sizes are rejected because the model's files exclude them; otherwise they are allowed, with worse results. */
  readonly isLimit: boolean;
  /** The sizes it was trained on, one per common aspect ratio; the first is its native one. */
  readonly trained: readonly [PictureSize, ...PictureSize[]];
}

export interface ModelInfo {
  /** The folder or file it was loaded from. */
  readonly path: string;
  readonly layout: 'diffusers' | 'single-file';
  /** Human-readable name: "Playground v2.5" if it is that, else the family. */
  readonly family: string;
  /** The name by which the family can be chosen. */
  readonly familyName: FamilyName;
  /** What should be known of it, such as a name that says another family than its files. */
  readonly notices: readonly string[];
  readonly defaults: ModelDefaults;
  readonly sizes: ModelSizes;
  /** What its requests may ask for. */
  readonly limits: { readonly steps: Range; readonly guidance: Range };
  /** False: its UNet takes the guidance scale as an input, so there is no second pass and no negative prompt. */
  readonly takesNegativePrompt: boolean;
  /** The samplers that its requests may name. */
  readonly samplers: readonly SchedulerName[];
  /** The profiles that its requests may name: those in 8 bits need the file of `easel model quantize`, unless the model is small. */
  readonly profiles: readonly Profile[];
  readonly components: readonly ComponentInfo[];
  /** Where the configuration of a single-file checkpoint came from. */
  readonly configSource: string;
  /** What its networks run on. */
  readonly device: DeviceInfo;
}

/** How one encoder tokenizes a text. */
export interface TokenCount {
  /** Content tokens, without start and end markers. */
  readonly count: number;
  readonly limit: number;
  /** The truncated part; empty when the text fits. */
  readonly truncated: string;
}

export interface PrepareOptions {
  /** Default: `exact`. */
  readonly profile?: Profile;
  readonly signal?: AbortSignal;
}

/** A loaded model. The same interface whether it runs in this process (`loadModel`) or in a child (`createEngineHost`). */
export interface Model {
  readonly info: ModelInfo;
  generate(request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult>;
  /** Token counts of a text, for each encoder. */
  tokenize(text: string): Promise<readonly TokenCount[]>;
  /** Creates the sessions for a size and a profile in advance, instead of at the first request. */
  prepare(size: PictureSize, options?: PrepareOptions): Promise<void>;
  /** Releases sessions and memory; later calls fail with `engine_closed`. */
  close(): Promise<void>;
}

/** A device, or `auto`: the best one here. */
export type DeviceSetting = 'auto' | DeviceName;

/** The networks of a model, named after the folders of the diffusers layout. */
export type PartName = SdxlPart;

export interface LoadOptions {
  /** Default: `engineThreads()`, the physical cores that this process may use, limited by the quota of its container. */
  readonly threads?: number;
  /**
   * How half-precision weights are held. `mapped`: in the file, widened at each use; memory is page cache.
   * `resident`: widened and packed once at load, faster. `auto` (default): resident up to 64 MB per component, and the VAE in float32. The
   * UNet's 8-bit weights are packed at load where memory is `large`.
   */
  readonly weights?: 'auto' | 'mapped' | 'resident';
  /**
   * Fixes the precision of the networks: of all of them, or of each part by its name, `exact` for the others. Then no request can name a
   * profile. Default: each request's profile decides.
   */
  readonly precision?: Precision | Readonly<Partial<Record<PartName, Precision>>>;
  /** The file that `easel model quantize` made. Default: `weights.int8` in the model's folder, `NAME.int8` beside its file. */
  readonly int8File?: string;
  /**
   * What stays in memory between the stages of a picture, and between pictures: `small`, `normal` or `large` (docs/performance.md), or a
   * number: whichever suits so many gigabytes. `auto` (default): whichever suits this machine. On a device it speaks of the device's memory
   * (docs/devices.md). Pictures do not depend on it, except that a device whose memory is short processes large ones in tiles.
   */
  readonly memory?: MemorySetting;
  /** Files of LoRAs that requests are expected to use together: `auto` and a number keep memory for them. Default: none. */
  readonly expectedLoras?: readonly string[];
  /** The part, up to 1, of the memory that `auto` or a number may take, where models share the machine or the device. Default: 1. */
  readonly memoryShare?: number;
  /**
   * What the networks run on. `auto`: the first device of the platform that gives correct results and at least twice as fast as the CPU; else the
   * CPU. What is tried and taken, and why, is in docs/devices.md. Default: the variable `EASEL_DEVICE`, else `auto`.
   */
  readonly device?: DeviceSetting;
  /**
   * The type in which a device other than the CPU computes. `float16` is faster on some and less exact; the VAE is always computed in float32.
   * Default: the variable `EASEL_ARITHMETIC`, else `float32`.
   */
  readonly arithmetic?: Arithmetic;
  /** Which weights to use where a component has both `NAME.fp16.safetensors` and `NAME.safetensors`. Default: `fp16`. */
  readonly variant?: 'fp16' | 'fp32';
  /** A diffusers folder whose configuration describes a single-file checkpoint that is not of SDXL's own size. */
  readonly config?: string;
  /**
   * What the model is, where its files do not tell: a single file of a distilled model has the same tensors as SDXL. It is then sampled as
   * that family is. Default: what the files tell.
   */
  readonly family?: FamilyName;
  /** A .safetensors file whose UNet is used instead of the model's own, such as a distilled one. */
  readonly unet?: string;
  /** A .safetensors file whose VAE is used instead of the model's own; its latents are scaled as the model's. */
  readonly vae?: string;
  /**
   * A tiny decoder for the latents of SDXL's VAE (TAESD), which requests and previews may then ask for: a .safetensors file in diffusers'
   * layout or the original one (`taesdxl_decoder.safetensors`), or a folder that diffusers saved.
   */
  readonly tinyDecoder?: string;
  /** An ESRGAN-type network (RRDBNet) that requests may then enlarge pictures with: a .safetensors file. It runs on the CPU. */
  readonly upscaler?: string;
  /**
   * Whether encoded texts are kept in the cache folder, so that a prompt used before needs no text encoder; the files hold no text, but tell
   * who has the model whether a guess is right. Absent: those of encoders of more than 64 MB.
   */
  readonly textCache?: boolean;
  /** Folder for small derived data (preview maps, encoded texts). Default: `$XDG_CACHE_HOME/easel` or `~/.cache/easel`. */
  readonly cacheDir?: string;
}

/** The names of its fields, for rejecting unknown ones. */
export const loadFields = {
  threads: true,
  weights: true,
  precision: true,
  int8File: true,
  memory: true,
  expectedLoras: true,
  memoryShare: true,
  device: true,
  arithmetic: true,
  variant: true,
  config: true,
  family: true,
  unet: true,
  vae: true,
  tinyDecoder: true,
  upscaler: true,
  textCache: true,
  cacheDir: true,
} as const satisfies Record<keyof LoadOptions, true>;

/** What a picture of a model's native size needs, in each precision, and what happens with the memory of this machine. */
export interface MemoryEstimate extends Readonly<Record<Precision, PrecisionMemory>> {
  readonly availableBytes: number;
}

export interface PrecisionMemory {
  readonly use: MemoryUse;
  /** Resident, mapped weights included. */
  readonly peakBytes: number;
  readonly outcome: MemoryOutcome;
}

/** GFLOP/s of the kinds of layers, with the norms and activations that come with them. */
export interface LayerSpeeds {
  readonly linear: number;
  readonly conv: number;
  readonly attention: number;
}

/** What `measurePrecisions` found. */
export type PrecisionSpeeds = Readonly<Record<Precision, LayerSpeeds>>;

/** What `estimatePicture` expects of a picture with the model's default steps and guidance. */
export interface PictureEstimate {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly seconds: Readonly<Record<Profile, number>>;
  /** What they are made of. */
  readonly parts: Readonly<Record<Profile, PictureParts>>;
}

/** Seconds. */
export interface PictureParts {
  readonly texts: number;
  /** One step in full, with both passes of guidance. */
  readonly step: number;
  /** All steps, in as few passes as the profile has. */
  readonly steps: number;
  readonly decode: number;
}
