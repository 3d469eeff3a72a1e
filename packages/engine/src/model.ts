import type { FamilySampler } from './families/families.ts';
import type { SdxlPart } from './families/sdxl-architecture.ts';
import type { DecodedPicture } from './image/picture.ts';
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

/** Where a run starts when it does not start from noise alone. */
export interface ImageToImage {
  readonly picture: DecodedPicture;
  /** 0 keeps the picture, 1 forgets it. Default 0.6. */
  readonly strength?: number;
}

/**
 * Ways to spend fewer passes of the network on a picture, with the model as it is. Each changes the picture; at the value in brackets,
 * its default, it changes nothing.
 */
export interface Acceleration {
  /**
   * The lowest noise level σ at which there is guidance (0). Outside of an interval in the middle guidance does harm or nothing, and one
   * of a step's two passes can be left out (Kynkäänniemi et al. 2024, "Applying Guidance in a Limited Interval Improves Sample and
   * Distribution Quality in Diffusion Models").
   */
  readonly guidanceSigmaMin?: number;
  /** The highest of them (no limit). */
  readonly guidanceSigmaMax?: number;
  /**
   * The share of the steps after which guidance ends, 0…1 (1): late in a run both passes of a step say nearly the same (Castillo et al.
   * 2023, "Adaptive Guidance: Training-free Acceleration of Conditional Diffusion Models").
   */
  readonly guidanceUntil?: number;
  /** How much the denoised latents may be expected to change, 0…1, for a step to take the last ones again (0); see `reuseSteps`. */
  readonly reuseThreshold?: number;
  /**
   * The deep half of the network runs in one pass of so many, 1…20 (1); the passes between take its last features, which change slowly
   * (Ma et al. 2023, "DeepCache: Accelerating Diffusion Models for Free").
   */
  readonly cacheInterval?: number;
  /** Where the network is split for that: 0 leaves the least to the passes between. Default: the whole finest level; see `UNetForm`. */
  readonly cacheBranch?: number;
  /**
   * The share of the steps after which the cross-attention is no longer computed but kept, the mean of both halves of guidance, which
   * ends there; 0…1 (1). The text decides early (Zhang et al. 2024, "Cross-Attention Makes Inference Cumbersome in Text-to-Image Diffusion
   * Models", T-GATE).
   */
  readonly crossAttentionUntil?: number;
}

/** What was asked for, and what it came to over all samples. */
export interface UsedAcceleration extends Acceleration {
  readonly passes: PassCounts;
}

export interface PassCounts {
  /** Of the whole network. */
  readonly full: number;
  /** Of the whole network but for its cross-attention. */
  readonly gated: number;
  /** Of its shallow half. */
  readonly shallow: number;
  /** How many full ones there would have been without acceleration. */
  readonly exact: number;
}

export interface GenerateRequest {
  /** May be empty: an empty prompt is encoded like any other. */
  readonly prompt: string;
  /** Goes to the second text encoder instead of `prompt`. */
  readonly prompt2?: string;
  /** Absent or null: no negative prompt (zero embeddings). `""` is encoded, which gives another picture. */
  readonly negativePrompt?: string | null;
  readonly negativePrompt2?: string | null;
  /** Multiples of 8 from 64 to 2048, or within the limits of the model; default: its native size, with `image` its size of the nearest shape. */
  readonly width?: number;
  readonly height?: number;
  /** 1…100; default: the model's. */
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
  /** `per-sample` (default): sample k equals the single picture of its seed. `shared`: one stream for all samples. */
  readonly generator?: 'per-sample' | 'shared';
  /** Unit-variance noise [samples, 4, height/8, width/8] instead of a seed's. */
  readonly latents?: Float32Array;
  readonly microConditioning?: MicroConditioning;
  readonly image?: ImageToImage;
  /** `auto` (default) tiles only pictures too large to decode whole; see docs/numerics.md. */
  readonly vaeTiling?: 'auto' | boolean;
  /** `tiny`: the tiny decoder that the model was loaded with, instead of the VAE. Default: `vae`. */
  readonly decoder?: 'vae' | 'tiny';
  /** Fewer passes for another, nearly equal picture. Default: none. */
  readonly acceleration?: Acceleration;
}

/** The names of its fields, for a request that has others. */
export const requestFields = {
  prompt: true,
  prompt2: true,
  negativePrompt: true,
  negativePrompt2: true,
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
  generator: true,
  latents: true,
  microConditioning: true,
  image: true,
  vaeTiling: true,
  decoder: true,
  acceleration: true,
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
  /** The picture as the model sees it now, at latent size or a multiple of it; only when asked for. */
  readonly preview?: DecodedPicture;
}

export type PreviewKind = 'colours' | 'tiny';

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: StepEvent) => void;
  /** Ask for a preview every so many steps (1 = each). Default: none. */
  readonly previewEvery?: number;
  /** `colours`: each latent pixel as one of the picture, which costs nothing. `tiny`: by the tiny decoder, as large as the picture. Default: `colours`. */
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
   * The seed that makes this very picture in a request of one sample; null when latents were given. A bigint, because seeds go to 2^64 − 1:
   * `JSON.stringify` wants it as `String(seed)`.
   */
  readonly seed: bigint | null;
  readonly timings: Timings;
}

export interface GenerateResult {
  readonly images: readonly GeneratedImage[];
  /** What was really used, defaults filled in. */
  readonly used: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    /** How many of the steps were run for each sample: with `image` only the last ones, by `strength`. */
    readonly stepsRun: number;
    readonly guidanceScale: number;
    readonly scheduler: SchedulerName;
    /** Of image-to-image. */
    readonly strength?: number;
    /** Of a request that asks for it. */
    readonly decoder?: 'tiny';
    /** Of a request that asks for some. */
    readonly acceleration?: UsedAcceleration;
  };
  /** Text past the 77-token limit of an encoder, which the model never saw. */
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

/** What a model was made to draw. */
export interface ModelSizes {
  /** The shortest and the longest side that come out well, in pixels. */
  readonly minSide: number;
  readonly maxSide: number;
  /** Whether other sizes are refused, because the model's files say that it draws none; else they are drawn, if not well. */
  readonly isLimit: boolean;
  /** The sizes it was trained on, one for each usual shape; the first is its native one. */
  readonly trained: readonly [PictureSize, ...PictureSize[]];
}

export interface ModelInfo {
  /** The folder or file it was loaded from. */
  readonly path: string;
  readonly layout: 'diffusers' | 'single-file';
  /** What it is, in words: "Playground v2.5" when it is that, else the family. */
  readonly family: string;
  readonly defaults: ModelDefaults;
  readonly sizes: ModelSizes;
  /** The samplers that its requests may name. */
  readonly samplers: readonly SchedulerName[];
  readonly components: readonly ComponentInfo[];
  /** Where the configuration of a single-file checkpoint came from. */
  readonly configSource: string;
}

/** How one encoder sees a text. */
export interface TokenCount {
  /** Content tokens, start and end markers not counted. */
  readonly count: number;
  readonly limit: number;
  /** The part that is cut off; empty when it all fits. */
  readonly truncated: string;
}

/** A loaded model. The same interface whether it runs in this process (`loadModel`) or in a child (`createEngineHost`). */
export interface Model {
  readonly info: ModelInfo;
  generate(request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult>;
  /** Token counts of a text, for each encoder. */
  tokenize(text: string): Promise<readonly TokenCount[]>;
  /** Creates the sessions for a size now instead of at the first request. */
  prepare(size: PictureSize, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Releases sessions and memory; later calls fail with `engine_closed`. */
  close(): Promise<void>;
}

/** The networks of a model, as the folders of the diffusers layout are called. */
export type PartName = SdxlPart;

export interface LoadOptions {
  /** Default: the number of physical cores. */
  readonly threads?: number;
  /**
   * How half-precision weights are kept. `mapped`: in the file, widened at each use; memory is page cache.
   * `resident`: widened once at load, faster. `auto` (default): resident up to 64 MB per component.
   */
  readonly weights?: 'auto' | 'mapped' | 'resident';
  /**
   * What networks compute in: all of them, or each part by its name. `exact` (default): float32. `int8`: faster and smaller, and a
   * slightly different picture (docs/performance.md); a model of usual size needs the file that `easel model quantize` makes.
   */
  readonly precision?: Precision | Readonly<Partial<Record<PartName, Precision>>>;
  /** The file that `easel model quantize` made. Default: `weights.int8` in the model's folder, `NAME.int8` beside its file. */
  readonly int8File?: string;
  /** Which weights to take where a component has both `NAME.fp16.safetensors` and `NAME.safetensors`. Default: `fp16`. */
  readonly variant?: 'fp16' | 'fp32';
  /** A diffusers folder whose configuration describes a single-file checkpoint that is not of SDXL's own size. */
  readonly config?: string;
  /**
   * A tiny decoder for the latents of SDXL's VAE (TAESD), which requests and previews may then ask for: a .safetensors file in diffusers'
   * layout or the original one (`taesdxl_decoder.safetensors`), or a folder that diffusers saved.
   */
  readonly tinyDecoder?: string;
  /** Folder for small derived data (preview maps). Default: `$XDG_CACHE_HOME/easel` or `~/.cache/easel`. */
  readonly cacheDir?: string;
}

export interface QuantizeOptions {
  /** Where the file is written; default: where `loadModel` looks for it. A file that is there is replaced. */
  readonly output?: string;
  /** As for `loadModel`. */
  readonly variant?: 'fp16' | 'fp32';
  readonly config?: string;
  readonly signal?: AbortSignal;
  /** After each tensor. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizeProgress {
  /** Of the stored weights that are made of. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** The part that the last tensor was of. */
  readonly part: string;
}

export interface QuantizedModel {
  readonly file: string;
  readonly bytes: number;
  /** Of the weights that it was made of. */
  readonly sourceBytes: number;
  /** How many weights are in it. */
  readonly weights: number;
}

/** Billions of operations a second of one thread, in matrix products of each precision. */
export type PrecisionSpeeds = Readonly<Record<Precision, number>>;
