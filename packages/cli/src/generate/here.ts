import {
  applyStyle,
  engineFields,
  fewStepsText,
  firstSeed,
  idleFields,
  idleText,
  parameterValues,
  pictureFields,
  type Style,
} from '@easel/contract/fields';
import {
  adviceOnSize,
  createEngineHost,
  type DeviceSetting,
  deviceSettings,
  type EngineHost,
  encodeImage,
  familyNames,
  type GeneratedImage,
  type GenerateRequest,
  type GenerateResult,
  type GenerationParameters,
  type HostOptions,
  type ImageToImage,
  type MemorySetting,
  type MicroConditioning,
  type ModelInfo,
  parseMemory,
  type SizeHW,
} from '@easel/engine';
import { CodedError, messageOf } from '@easel/errors';
import { demoModelPath, familyOfPulled, nameOfPath, resolveModel, resolvePart } from '@easel/models';
import { type CommandContext, readVersion } from '../cli-context.ts';
import { modelFiles, optionName, type PixelPoint, type PixelSize } from '../options.ts';
import { findStyle } from '../styles.ts';
import type { Backend, MadePictures, MakeOptions, PlannedRun } from './backend.ts';
import type { GenerateFlags, RequestFlags } from './flags.ts';
import { loraName, lorasOf, resolveLoras } from './lora-flags.ts';
import { readStartPixels, type StartPixels } from './start-files.ts';

/** Makes pictures with the engine on this machine, in a process of its own: an abort ends that process at once. */
export async function openLocalBackend(flags: GenerateFlags, { env }: CommandContext): Promise<Backend> {
  resolveLoras(flags.loras ?? [], flags, env); // before anything is loaded
  const modelName = flags.model ?? 'demo';
  const modelPath = resolveModel(modelName, env);
  const load = loadOptions(flags, env);
  await styleOf(flags, env);
  const start = await readStartPixels(flags);
  return {
    async start({ signal, progress }) {
      progress.begin(`loading ${modelName}`);
      const host = await createEngineHost({
        model: modelPath,
        load,
        signal,
        onTrying: (title) => progress.begin(title === undefined ? `loading ${modelName}` : `trying ${title} …`),
        onLog: ({ level, message }) => {
          if (level === 'notice') progress.above(`easel: ${message}\n`);
          else if (env.EASEL_DEBUG) progress.above(`${message}\n`);
        },
      });
      const close = () => void host.close();
      signal.addEventListener('abort', close);
      return {
        async make(run, options) {
          const { flags } = options;
          const style = await styleOf(flags, env);
          const { prompt, loras: chosen } = lorasOf(run.prompt, flags);
          const request = {
            ...buildRequest(prompt, flags, run.seeds, start),
            ...styled({ ...run, prompt }, flags, style),
          };
          const loras = resolveLoras(chosen, flags, env);
          const decoder: 'vae' | 'tiny' = flags.taesd === undefined ? 'vae' : 'tiny';
          const result = await generate(host, { ...request, decoder, ...(loras.length > 0 && { loras }) }, options);
          return encodeResult({ flags, run, modelName, info: host.info, result });
        },
        async [Symbol.asyncDispose]() {
          signal.removeEventListener('abort', close);
          await host.close();
        },
      };
    },
  };
}

/** @throws CodedError `usage` for an unknown one */
async function styleOf({ style }: GenerateFlags, env: CommandContext['env']): Promise<Style | undefined> {
  return style === undefined ? undefined : findStyle(style, env);
}

/** Whether it is a file. */
function isNetwork(upscaler: string | undefined): upscaler is string {
  return upscaler !== undefined && upscaler !== 'model';
}

/** The prompts with the style around them; the pictures' files name the style and keep the prompts as they were given. */
function styled({ prompt }: PlannedRun, { negativePrompt }: RequestFlags, style: Style | undefined) {
  return style && applyStyle(style, { prompt, negativePrompt });
}

/**
 * How the model is loaded, by the options and, where they are absent, by variables.
 *
 * @throws CodedError `usage`, EngineError `invalid_request` for a variable that is not valid
 */
export function loadOptions(
  { threads, int8File, taesd, upscaler, arithmetic, memory, textCache, ...flags }: GenerateFlags,
  env: CommandContext['env'],
): NonNullable<HostOptions['load']> {
  const setting = deviceSettings({ ...(flags.device && { device: flags.device }) }, env).device;
  if (flags.profile === 'int8') requireInt8Device(setting, flags.device === undefined ? 'EASEL_DEVICE' : '--device');
  const device = setting === 'auto' && flags.profile === 'int8' ? 'cpu' : flags.device;
  const expectedLoras = resolveLoras(flags.loras ?? [], flags, env).map(({ file }) => file);
  return {
    ...(threads !== undefined && { threads }),
    ...modelFiles(flags, familyNames, {
      part: (part) => resolvePart(part, env),
      family: (unet) => familyOfPulled(unet ?? flags.model ?? 'demo', env),
    }),
    ...(isNetwork(upscaler) && { upscaler }),
    ...(taesd !== undefined && { tinyDecoder: resolvePart(taesd, env, { mayBeFolder: true }) }),
    ...(int8File !== undefined && { int8File }),
    ...(expectedLoras.length > 0 && { expectedLoras }),
    ...(device !== undefined && { device }),
    ...(arithmetic !== undefined && { arithmetic }),
    ...(textCache === 'off' && { textCache: false }),
    memory: memory === undefined ? readMemory('EASEL_MEMORY', env.EASEL_MEMORY) : readMemory('--memory', memory),
  };
}

/** @throws CodedError `usage` before anything is loaded or tried @param source of the device */
function requireInt8Device(device: DeviceSetting, source: string): void {
  if (device === 'auto' || device === 'cpu') return;
  const message = `--profile int8 cannot be used with ${source} ${device}: networks in 8 bits run on the CPU only`;
  throw new CodedError('usage', message, { remedy: 'use --profile exact or fast, or --device cpu' });
}

/** @throws CodedError `usage` @param name of the option or variable */
export function readMemory(name: string, text: string | undefined): MemorySetting {
  if (text === undefined || (text === '' && name !== '--memory')) return 'auto';
  try {
    return parseMemory(text);
  } catch (error) {
    throw new CodedError('usage', messageOf(error).replace(/^memory/, name), { cause: error });
  }
}

async function generate(
  host: EngineHost,
  request: GenerateRequest,
  { signal, progress, previews }: MakeOptions,
): Promise<GenerateResult> {
  try {
    signal.throwIfAborted();
    progress.begin('reading the prompt');
    return await host.generate(request, {
      signal,
      onStep: (step) => {
        progress.step(step);
        if (step.preview !== undefined) previews?.update(step.preview);
      },
      ...(previews !== undefined && { previewEvery: previewInterval(request.steps ?? host.info.defaults.steps) }),
      ...(request.decoder === 'tiny' && { previewBy: request.decoder }),
    });
  } finally {
    await previews?.settled();
  }
}

/** About a dozen previews in a run: enough to watch, too few to slow it down. */
function previewInterval(steps: number): number {
  return Math.max(1, Math.round(steps / 12));
}

interface FinishedRun {
  readonly flags: GenerateFlags;
  readonly run: PlannedRun;
  readonly modelName: string;
  readonly info: ModelInfo;
  readonly result: GenerateResult;
}

/** The result with its files. */
export async function encodeResult(finished: FinishedRun): Promise<MadePictures> {
  const { modelName, info, result } = finished;
  const { path, family, sizes, notices } = info;
  const isDrawn = finished.flags.upscale === undefined || finished.flags.image === undefined;
  const advice = isDrawn ? adviceOnSize(result.used, sizes) : undefined;
  const few = fewStepsText(result.used);
  const files = await encodePictures(finished);
  return {
    pictures: result.images.map((image, index) => ({
      seed: image.seed === null ? null : Number(image.seed),
      width: image.width,
      height: image.height,
      bytes: files[index] ?? new Uint8Array(),
      decode: async () => image,
      more: { timings: image.timings },
    })),
    used: result.used,
    truncated: result.truncated,
    warnings: [...[advice, few].filter((text) => text !== undefined), ...idleWarnings(finished), ...notices],
    timings: { ...result.timings },
    more: { model: { name: modelName, path, family } },
  };
}

/** Of options that have no effect on what was drawn. */
function idleWarnings({ flags, modelName: model, info: { takesNegativePrompt }, result }: FinishedRun): string[] {
  const { negativePrompt, guidanceRescale } = flags;
  const request = { negativePrompt, guidanceRescale, guidanceScale: result.used.guidanceScale };
  return idleFields(request, takesNegativePrompt).map((name) =>
    idleText(name, request, { model, takesNegativePrompt }, (field) => optionName(pictureFields[field])),
  );
}

function encodePictures(finished: FinishedRun): Promise<Uint8Array[]> {
  const { quality, metadata } = finished.flags;
  const version = readVersion();
  return Promise.all(
    finished.result.images.map((image) =>
      encodeImage(image, {
        format: finished.run.output.format,
        ...(quality !== undefined && { quality }),
        ...(metadata && { parameters: pictureParameters(finished, image, version) }),
      }),
    ),
  );
}

/** The settings that are stored in the picture's file: enough to make it again. */
function pictureParameters(
  { flags, run, info, result }: FinishedRun,
  image: GeneratedImage,
  easelVersion: string,
): GenerationParameters {
  const { steps, guidanceScale, scheduler, strength, device, arithmetic, decoder, loras, upscaler } = result.used;
  // As other tools have it: the size before it was enlarged.
  const { width, height } = flags.upscale === undefined ? image : result.used;
  return {
    ...parameterValues({ ...flags, variationSeed: undefined, strength, device, arithmetic, decoder, upscaler }),
    prompt: lorasOf(run.prompt, flags).prompt,
    ...(loras && { loras: loras.map(({ file, weight, hash }) => ({ name: loraName(file), weight, hash })) }),
    negativePrompt: flags.negativePrompt ?? null,
    steps,
    scheduler,
    guidanceScale,
    seed: image.seed,
    ...(image.variationSeed !== undefined && { variationSeed: Number(image.variationSeed) }),
    width,
    height,
    model: parameterName(info.path),
    easelVersion,
  };
}

/** The embedded model by its name, others by that of their folder or file, as is the custom in these texts, or by which they were pulled. */
function parameterName(path: string): string {
  return path === demoModelPath ? 'easel-demo' : nameOfPath(path);
}

/** Builds the engine's request from the options: what is absent stays absent, so that the model's defaults apply. */
export function buildRequest(
  prompt: string,
  flags: RequestFlags,
  seeds: readonly [number, ...number[]],
  start?: StartPixels,
): GenerateRequest {
  const {
    size: { width = start?.size?.width, height = start?.size?.height } = flags,
    upscaler: file,
    variationSeed,
    ...values
  } = flags;
  const isVaried = (flags.variationStrength ?? 0) > 0;
  const upscaler: 'model' | 'network' | undefined = isNetwork(file) ? 'network' : undefined;
  const variation = isVaried && { variationSeed: firstSeed(variationSeed) };
  const given = { ...values, ...variation, prompt, width, height, upscaler };
  return {
    schedulerOverrides: {},
    ...engineFields(given),
    ...(flags.generator === 'shared' ? { generator: 'shared', seed: seeds[0] } : { seeds }),
    ...(start !== undefined && { image: startOf(start, flags) }),
    microConditioning: microConditioning(flags),
  };
}

function startOf(
  { image: picture, mask }: StartPixels,
  { strength, maskPadding, maskBlur }: RequestFlags,
): ImageToImage {
  return {
    picture,
    ...(strength !== undefined && { strength }),
    ...(mask !== undefined && { mask }),
    ...(maskPadding !== undefined && { maskPadding }),
    ...(maskBlur !== undefined && { maskBlur }),
  };
}

function microConditioning(flags: RequestFlags): MicroConditioning {
  const { originalSize, crop, targetSize, negativeOriginalSize, negativeCrop, negativeTargetSize } = flags;
  return {
    ...(originalSize !== undefined && { originalSize: heightFirst(originalSize) }),
    ...(crop !== undefined && { cropTopLeft: topFirst(crop) }),
    ...(targetSize !== undefined && { targetSize: heightFirst(targetSize) }),
    ...(negativeOriginalSize !== undefined && { negativeOriginalSize: heightFirst(negativeOriginalSize) }),
    ...(negativeCrop !== undefined && { negativeCropTopLeft: topFirst(negativeCrop) }),
    ...(negativeTargetSize !== undefined && { negativeTargetSize: heightFirst(negativeTargetSize) }),
  };
}

function heightFirst({ width, height }: PixelSize): SizeHW {
  return [height, width];
}

function topFirst({ x, y }: PixelPoint): readonly [top: number, left: number] {
  return [y, x];
}
